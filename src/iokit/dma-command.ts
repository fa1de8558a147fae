/**
 * IODMACommand: prepares a window of a descriptor's memory for a device and describes it in segments that the device can take
 * (xnu-reference 1.10, 3.13). One command is for one transfer at a time and for one thread at a time.
 *
 * It never wires: the descriptor must be prepared by whoever uses the command. Where data are copied to and from memory that
 * stands in, they go through a buffer of the caller, so that each page is a step of the schedule like any other copy.
 */
import { KernelObject } from '../vm/kernel-object.ts';
import { SleepLock } from '../vm/lock.ts';
import { type Actor, type Steps, type Waiter, WaitQueue } from '../vm/steps.ts';
import { DMAAttachment } from './dma-attachment.ts';
import { DMAPreparation } from './dma-preparation.ts';
import { type GeneratedSegments, segmentsOf } from './dma-segments.ts';
import type { DMASpecification } from './dma-specification.ts';
import type { DMATransfer } from './dma-transfer.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIODirectionOut, kIODirectionOutIn } from './options.ts';
import {
  type IOReturn,
  kIOReturnBadArgument,
  kIOReturnBusy,
  kIOReturnNoSpace,
  kIOReturnNotPermitted,
  kIOReturnNotReady,
  kIOReturnOverrun,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from './return-codes.ts';

/** Option of `synchronize`. */
export const forceDoubleBuffer = 0x01000000;

export class IODMACommand extends KernelObject {
  override readonly kind = 'IODMACommand';
  readonly attachment: DMAAttachment;
  readonly preparation: DMAPreparation;
  /** Taken by dexts' calls only. */
  readonly dextLock: SleepLock;
  private readonly lock: SleepLock | null;
  private readonly never = new WaitQueue('memory beyond the end of a descriptor');

  /** @param specification null for a command that gets one later */
  constructor(
    private readonly iokit: IOKit,
    public specification: DMASpecification | null,
  ) {
    super(iokit.journal);
    this.attachment = new DMAAttachment(iokit);
    this.preparation = new DMAPreparation(iokit, this.attachment);
    this.dextLock = new SleepLock(iokit.journal, "the lock of a dext's DMA command");
    this.lock = iokit.semantics === 'documented' ? new SleepLock(iokit.journal, 'a DMA command in use') : null;
    iokit.commands.add(this as IODMACommand);
  }

  /** Calls of `prepare` less calls of `complete`. */
  get active(): number {
    return this.preparation.active;
  }

  /** What the first `prepare` set up; null while inactive. */
  get transfer(): DMATransfer | null {
    return this.preparation.transfer;
  }

  /** The client's memory; null when it has none. */
  get memory(): IOMemoryDescriptor | null {
    return this.attachment.memory;
  }

  /**
   * Runs a call on this command, after those that other threads are in. The sources leave that to the callers, who had better do
   * it; here it keeps what a command holds in one piece whatever they do.
   */
  *exclusively<R>(waiter: Waiter, steps: Steps<R>): Steps<R> {
    if (this.lock === null) return yield* steps;
    yield* this.lock.take(waiter);
    try {
      return yield* steps;
    } finally {
      this.lock.release(waiter);
    }
  }

  /** The memory that the device uses: the client's, or what stands in for it. */
  get used(): IOMemoryDescriptor | null {
    return this.transfer?.used ?? this.memory;
  }

  *setMemoryDescriptor(
    waiter: Waiter,
    memory: IOMemoryDescriptor | null,
    autoPrepare: boolean,
    room: number,
  ): Steps<IOReturn> {
    if (memory === this.memory) {
      if (!autoPrepare) yield* this.completeAll(waiter, room);
      return kIOReturnSuccess;
    }
    if (this.memory !== null) {
      if (this.active > 0) return kIOReturnBusy;
      this.attachment.detach().release(waiter);
    }
    if (memory === null) return kIOReturnSuccess;
    this.attachment.attach(memory, this.specification);
    if (!autoPrepare) return kIOReturnSuccess;
    const code = yield* this.prepare(waiter, 0, 0, true, true, room);
    if (code !== kIOReturnSuccess) yield* this.clearMemoryDescriptor(waiter, true, room);
    return code;
  }

  *clearMemoryDescriptor(waiter: Waiter, autoComplete: boolean, room: number): Steps<IOReturn> {
    if (this.active > 0 && !autoComplete) return kIOReturnNotReady;
    yield* this.completeAll(waiter, room);
    if (this.memory !== null) this.attachment.detach().release(waiter);
    return kIOReturnSuccess;
  }

  /** Another specification, from the next `prepare` on; null is one that was rejected. */
  specify(specification: DMASpecification | null): IOReturn {
    if (this.active > 0) return kIOReturnNotPermitted;
    if (specification === null) return kIOReturnBadArgument;
    this.journal.set(this as IODMACommand, 'specification', specification as DMASpecification | null);
    this.attachment.suit(specification);
    return kIOReturnSuccess;
  }

  /** @param length 0 for as much as the descriptor has in all, whatever the offset: the sources do not subtract it */
  *prepare(
    waiter: Waiter,
    offset: number,
    length: number,
    flush: boolean,
    synchronize: boolean,
    room: number,
  ): Steps<IOReturn> {
    const { specification, memory } = this;
    if (specification === null || memory === null) return kIOReturnNotReady;
    const documented = this.iokit.semantics === 'documented';
    const wanted = length === 0 ? memory.getLength() : length;
    if (wanted > specification.maxTransferSize) return kIOReturnNoSpace;
    const { preparation } = this;
    if (this.active > 0) {
      const same = offset === preparation.offset && wanted === preparation.length;
      // The sources count a call that they refuse, and one complete more is needed.
      if (same || !documented) preparation.setActive(this.active + 1);
      return same ? kIOReturnSuccess : kIOReturnNotReady;
    }
    if (documented && offset + wanted > memory.getLength()) return kIOReturnBadArgument;
    const { offset: formerOffset, length: formerLength } = preparation;
    preparation.choose(offset, wanted, 1);
    let prepared = false;
    try {
      const code = yield* preparation.setUp(waiter, specification, memory, flush, synchronize, false, room);
      prepared = code === kIOReturnSuccess;
      return code;
    } finally {
      if (!prepared && documented) preparation.choose(formerOffset, formerLength, 0);
    }
  }

  *complete(waiter: Waiter, invalidate: boolean, synchronize: boolean, room: number): Steps<IOReturn> {
    if (this.active === 0) return kIOReturnNotReady;
    this.preparation.setActive(this.active - 1);
    return this.active > 0 ? kIOReturnSuccess : yield* this.preparation.tearDown(waiter, invalidate, synchronize, room);
  }

  /** Copies now what `prepare` and `complete` would copy. `options` is a direction, or asks for a bounce buffer. */
  *synchronize(waiter: Waiter, options: number, room: number): Steps<IOReturn> {
    if ((options & kIODirectionOutIn) === kIODirectionOutIn) return kIOReturnBadArgument;
    const { transfer } = this;
    if (this.active === 0 || transfer === null) return kIOReturnNotReady;
    if ((options & forceDoubleBuffer) !== 0)
      return yield* this.preparation.bounceFromNowOn(waiter, this.specification!, transfer, room);
    if (!transfer.copies || (options & kIODirectionOutIn) === 0) return kIOReturnSuccess;
    const copied = yield* transfer.copy(waiter, (options & kIODirectionOut) !== 0, room);
    return copied < transfer.length ? kIOReturnUnderrun : kIOReturnSuccess;
  }

  /** At most `most` segments from byte `offset` of the prepared window on. */
  *genIOVMSegments(waiter: Waiter, offset: number, most: number): Steps<GeneratedSegments> {
    const { specification, transfer } = this;
    if (this.active === 0 || specification === null || transfer === null) return refused(kIOReturnNotReady, offset);
    if (most === 0) return refused(kIOReturnBadArgument, offset);
    if (offset >= transfer.length) return refused(kIOReturnOverrun, offset);
    const generated = segmentsOf(transfer, specification, waiter, offset, most);
    if (generated.endless) {
      this.iokit.violation(
        waiter,
        'livelock',
        `segments of ${transfer.memory.name} beyond its end, looked for in vain`,
      );
      for (;;) yield this.never;
    }
    return generated.result === kIOReturnSuccess ? generated : refused(generated.result, offset);
  }

  /** What the processor reads where the device reads; returns how many bytes. */
  *copyBytes(waiter: Waiter, offset: number, length: number, intoMemory: boolean): Steps<number> {
    const { transfer } = this;
    if (transfer === null || offset >= transfer.length) return 0;
    return yield* transfer.access(waiter, offset, Math.min(length, transfer.length - offset), intoMemory);
  }

  /** Ends whatever is under way without copying anything, and lets the memory go. */
  abandon(actor: Actor): void {
    if (this.active > 0) this.preparation.setActive(0);
    this.preparation.drop(actor);
    if (this.memory !== null) this.attachment.detach().release(actor);
  }

  protected override dispose(actor: Actor): void {
    this.preparation.drop(actor);
    this.iokit.commands.delete(this as IODMACommand);
    this.attachment.end(actor);
  }

  private *completeAll(waiter: Waiter, room: number): Steps<void> {
    while (this.active > 0) yield* this.complete(waiter, true, true, room);
  }
}

const refused = (result: IOReturn, offset: number): GeneratedSegments => ({
  result,
  offset,
  segments: [],
  endless: false,
});
