/**
 * What a DMA command has prepared: how often, which window of its memory, and what was set up for the device. Where callers are
 * not excluded from each other it stays in one piece all the same: whoever comes second finds nothing, or is refused.
 */
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { DMAAttachment } from './dma-attachment.ts';
import { deactivate } from './dma-memory.ts';
import { type DMAWindow, setUpTransfer, usesCursor } from './dma-setup.ts';
import { type DMASpecification, misalignment, noCacheStore } from './dma-specification.ts';
import type { DMAState } from './dma-state.ts';
import type { DMATransfer } from './dma-transfer.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIOMemoryIncoherentIOFlush, kIOMemoryIncoherentIOStore } from './options.ts';
import {
  type IOReturn,
  kIOReturnNotAligned,
  kIOReturnNotReady,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from './return-codes.ts';

export class DMAPreparation {
  /** Calls of `prepare` less calls of `complete`. */
  active = 0;
  /** The window, in bytes of the memory. */
  offset = 0;
  length = 0;
  /** What the first `prepare` set up; null while inactive. */
  transfer: DMATransfer | null = null;

  constructor(
    private readonly iokit: IOKit,
    private readonly attachment: DMAAttachment,
  ) {}

  /** Another window, prepared so many times. */
  choose(offset: number, length: number, active: number): void {
    this.setActive(active);
    this.iokit.journal.set(this as DMAPreparation, 'offset', offset);
    this.iokit.journal.set(this as DMAPreparation, 'length', length);
  }

  *setUp(
    waiter: Waiter,
    specification: DMASpecification,
    memory: IOMemoryDescriptor,
    flush: boolean,
    synchronize: boolean,
    forceBounce: boolean,
    room: number,
  ): Steps<IOReturn> {
    if (misalignment(this.length, specification.alignmentLength) !== 0) return kIOReturnNotAligned;
    const window = this.windowOf(memory);
    const transfer = setUpTransfer(
      this.iokit,
      waiter,
      specification,
      window,
      this.attachment.checkAddresses,
      forceBounce,
    );
    if (typeof transfer === 'number') return transfer;
    memory.retain();
    let kept = false;
    try {
      if (synchronize) yield* transfer.copyOut(waiter, room);
      if (flush && (specification.mappingOptions & noCacheStore) === 0)
        transfer.maintainCaches(waiter, kIOMemoryIncoherentIOStore);
      // Only where nobody excludes the others: one of them has completed it already, or has prepared something else.
      if (this.active === 0 || this.transfer !== null || this.attachment.memory !== memory) return kIOReturnNotReady;
      this.iokit.journal.set(this as DMAPreparation, 'transfer', transfer as DMATransfer | null);
      if (transfer.mapping !== null && transfer.mapping.map !== null) this.attachment.count(memory.dmaActivity);
      kept = true;
      return kIOReturnSuccess;
    } finally {
      if (!kept) transfer.release(waiter);
      memory.release(waiter);
    }
  }

  *tearDown(waiter: Waiter, invalidate: boolean, synchronize: boolean, room: number): Steps<IOReturn> {
    const { transfer } = this;
    // A prepare that failed left nothing but the count.
    if (transfer === null) return kIOReturnSuccess;
    transfer.memory.retain();
    const counted = this.detachTransfer(transfer);
    try {
      if (invalidate) transfer.maintainCaches(waiter, kIOMemoryIncoherentIOFlush);
      const copied = synchronize ? yield* transfer.copyIn(waiter, room) : transfer.length;
      return copied < transfer.length ? kIOReturnUnderrun : kIOReturnSuccess;
    } finally {
      deactivate(counted);
      transfer.release(waiter);
      transfer.memory.release(waiter);
    }
  }

  *bounceFromNowOn(
    waiter: Waiter,
    specification: DMASpecification,
    transfer: DMATransfer,
    room: number,
  ): Steps<IOReturn> {
    if (transfer.bounce !== null) return kIOReturnSuccess;
    const { memory } = transfer;
    if (this.iokit.semantics === 'xnu') {
      // It completes and prepares again, which gives no buffer where one is not needed, nor where somebody else has prepared too.
      const cursor = usesCursor(this.iokit, specification, this.windowOf(memory), this.attachment.checkAddresses);
      if (cursor || this.active > 1) return kIOReturnSuccess;
    }
    let code = yield* this.tearDown(waiter, false, true, room);
    if (code === kIOReturnSuccess) code = yield* this.setUp(waiter, specification, memory, false, true, true, room);
    if (code !== kIOReturnSuccess) this.setActive(0);
    return code;
  }

  /** Whatever comes next finds no transfer. Returns the counts that go with it, for the caller to end. */
  private detachTransfer(transfer: DMATransfer): readonly DMAState[] {
    this.iokit.journal.set(this as DMAPreparation, 'transfer', null as DMATransfer | null);
    // Without a mapper the command counts for as long as it has memory.
    return transfer.mapping === null ? [] : this.attachment.handOver();
  }

  drop(actor: Actor): void {
    const { transfer } = this;
    if (transfer === null) return;
    deactivate(this.detachTransfer(transfer));
    transfer.release(actor);
  }

  setActive(active: number): void {
    this.iokit.journal.set(this as DMAPreparation, 'active', active);
  }

  private windowOf(memory: IOMemoryDescriptor): DMAWindow {
    return { memory, offset: this.offset, length: this.length };
  }
}
