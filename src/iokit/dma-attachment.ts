/** The memory that a DMA command was given, and the count that keeps it from being completed under the device. */
import type { Actor } from '../vm/steps.ts';
import { activate, deactivate, endOfMemory } from './dma-memory.ts';
import { addressLimitOf, type DMASpecification } from './dma-specification.ts';
import type { DMAState } from './dma-state.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';

const nowhere: readonly DMAState[] = [];

export class DMAAttachment {
  /** Counted as a reference. */
  memory: IOMemoryDescriptor | null = null;
  /** Some of the memory may lie too high for the device. */
  checkAddresses = false;
  /** Where the command counts as active; nowhere while it does not. */
  countedOn: readonly DMAState[] = nowhere;

  constructor(private readonly iokit: IOKit) {}

  attach(memory: IOMemoryDescriptor, specification: DMASpecification | null): void {
    this.iokit.journal.set(this as DMAAttachment, 'memory', memory.retain() as IOMemoryDescriptor | null);
    this.suit(specification);
  }

  /** Lets the memory go; there is some. Returns it when the caller is to keep the reference. */
  detach(): IOMemoryDescriptor {
    const memory = this.memory!;
    this.count(nowhere);
    this.iokit.journal.set(this as DMAAttachment, 'memory', null as IOMemoryDescriptor | null);
    return memory;
  }

  /** What the memory means for a specification: whether it may lie too high, and what its mapping must suit. */
  suit(specification: DMASpecification | null): void {
    const { memory } = this;
    this.count(nowhere);
    if (memory === null || specification === null) return;
    const { mapper } = specification;
    const tooHigh = mapper === null && endOfMemory(this.iokit, memory) > addressLimitOf(specification);
    this.iokit.journal.set(this as DMAAttachment, 'checkAddresses', tooHigh);
    // Without a mapper nobody sees when the device is done, so the memory is in use for as long as the command has it.
    if (mapper === null) this.count(memory.dmaActivity);
    else memory.dma.demand(specification);
  }

  /** Counts the command as active on `states`, and nowhere else. */
  count(states: readonly DMAState[]): void {
    deactivate(this.handOver());
    activate(states);
    if (states.length > 0) this.iokit.journal.set(this as DMAAttachment, 'countedOn', states);
  }

  /** Leaves the counts to the caller, who must `deactivate` them. */
  handOver(): readonly DMAState[] {
    const { countedOn } = this;
    if (countedOn.length > 0) this.iokit.journal.set(this as DMAAttachment, 'countedOn', nowhere);
    return countedOn;
  }

  /** When the command goes. The sources leak the memory, because drivers were found to forget it. */
  end(actor: Actor): void {
    if (this.memory === null) return;
    const memory = this.detach();
    if (this.iokit.semantics === 'documented') memory.release(actor);
    else this.iokit.leak(actor, memory, `${memory.name}, which a command had when it was freed`);
  }
}
