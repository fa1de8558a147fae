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
import { deactivate } from './dma-memory.ts';
import { type GeneratedSegments, segmentsOf } from './dma-segments.ts';
import { type DMAWindow, setUpTransfer, usesCursor } from './dma-setup.ts';
import { type DMASpecification, misalignment, noCacheStore } from './dma-specification.ts';
import type { DMAState } from './dma-state.ts';
import type { DMATransfer } from './dma-transfer.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
} from './options.ts';
import {
  type IOReturn,
  kIOReturnBadArgument,
  kIOReturnBusy,
  kIOReturnNoSpace,
  kIOReturnNotAligned,
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
  /** Calls of `prepare` less calls of `complete`. */
  active = 0;
  preparedOffset = 0;
  preparedLength = 0;
  /** What the first `prepare` set up; null while inactive. */
  transfer: DMATransfer | null = null;
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
    this.dextLock = new SleepLock(iokit.journal, "the lock of a dext's DMA command");
    this.lock = iokit.semantics === 'documented' ? new SleepLock(iokit.journal, 'a DMA command in use') : null;
    iokit.register(iokit.commands, this as IODMACommand);
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
    if (this.active > 0) {
      const same = offset === this.preparedOffset && wanted === this.preparedLength;
      // The sources count a call that they refuse, and one complete more is needed.
      if (same || !documented) this.setActive(this.active + 1);
      return same ? kIOReturnSuccess : kIOReturnNotReady;
    }
    if (documented && offset + wanted > memory.getLength()) return kIOReturnBadArgument;
    this.setActive(1);
    this.journal.set(this as IODMACommand, 'preparedOffset', offset);
    this.journal.set(this as IODMACommand, 'preparedLength', wanted);
    let prepared = false;
    try {
      const code = yield* this.setUp(waiter, specification, memory, flush, synchronize, false, room);
      prepared = code === kIOReturnSuccess;
      return code;
    } finally {
      if (!prepared && documented) this.setActive(0);
    }
  }

  *complete(waiter: Waiter, invalidate: boolean, synchronize: boolean, room: number): Steps<IOReturn> {
    if (this.active === 0) return kIOReturnNotReady;
    this.setActive(this.active - 1);
    return this.active > 0 ? kIOReturnSuccess : yield* this.tearDown(waiter, invalidate, synchronize, room);
  }

  /** Copies now what `prepare` and `complete` would copy. `options` is a direction, or asks for a bounce buffer. */
  *synchronize(waiter: Waiter, options: number, room: number): Steps<IOReturn> {
    if ((options & kIODirectionOutIn) === kIODirectionOutIn) return kIOReturnBadArgument;
    const { transfer } = this;
    if (this.active === 0 || transfer === null) return kIOReturnNotReady;
    if ((options & forceDoubleBuffer) !== 0) return yield* this.bounceFromNowOn(waiter, transfer, room);
    if (!transfer.copies || (options & kIODirectionOutIn) === 0) return kIOReturnSuccess;
    const copied = yield* transfer.copy(waiter, (options & kIODirectionOut) !== 0, room);
    return copied < transfer.length ? kIOReturnUnderrun : kIOReturnSuccess;
  }

  /** At most `most` segments from byte `offset` of the prepared window on. */
  *genIOVMSegments(waiter: Waiter, offset: number, most: number): Steps<GeneratedSegments> {
    const { specification, transfer } = this;
    if (this.active === 0 || specification === null || transfer === null) return refused(kIOReturnNotReady, offset);
    if (most === 0) return refused(kIOReturnBadArgument, offset);
    if (offset >= this.preparedLength) return refused(kIOReturnOverrun, offset);
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
    if (this.active > 0) this.setActive(0);
    this.dropTransfer(actor);
    if (this.memory !== null) this.attachment.detach().release(actor);
  }

  protected override dispose(actor: Actor): void {
    this.dropTransfer(actor);
    this.iokit.forget(this.iokit.commands, this as IODMACommand);
    this.attachment.end(actor);
  }

  private *setUp(
    waiter: Waiter,
    specification: DMASpecification,
    memory: IOMemoryDescriptor,
    flush: boolean,
    synchronize: boolean,
    forceBounce: boolean,
    room: number,
  ): Steps<IOReturn> {
    if (misalignment(this.preparedLength, specification.alignmentLength) !== 0) return kIOReturnNotAligned;
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
      if (this.active === 0 || this.transfer !== null || this.memory !== memory) return kIOReturnNotReady;
      this.journal.set(this as IODMACommand, 'transfer', transfer as DMATransfer | null);
      if (transfer.mapping !== null && transfer.mapping.map !== null) this.attachment.count(memory.dmaActivity);
      kept = true;
      return kIOReturnSuccess;
    } finally {
      if (!kept) transfer.release(waiter);
      memory.release(waiter);
    }
  }

  private *tearDown(waiter: Waiter, invalidate: boolean, synchronize: boolean, room: number): Steps<IOReturn> {
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

  private *bounceFromNowOn(waiter: Waiter, transfer: DMATransfer, room: number): Steps<IOReturn> {
    if (transfer.bounce !== null) return kIOReturnSuccess;
    const specification = this.specification!;
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

  private *completeAll(waiter: Waiter, room: number): Steps<void> {
    while (this.active > 0) yield* this.complete(waiter, true, true, room);
  }

  /** Whatever comes next finds no transfer. Returns the counts that go with it, for the caller to end. */
  private detachTransfer(transfer: DMATransfer): readonly DMAState[] {
    this.journal.set(this as IODMACommand, 'transfer', null as DMATransfer | null);
    // Without a mapper the command counts for as long as it has memory.
    return transfer.mapping === null ? [] : this.attachment.handOver();
  }

  private dropTransfer(actor: Actor): void {
    const { transfer } = this;
    if (transfer === null) return;
    deactivate(this.detachTransfer(transfer));
    transfer.release(actor);
  }

  private setActive(active: number): void {
    this.journal.set(this as IODMACommand, 'active', active);
  }

  private windowOf(memory: IOMemoryDescriptor): DMAWindow {
    return { memory, offset: this.preparedOffset, length: this.preparedLength };
  }
}

const refused = (result: IOReturn, offset: number): GeneratedSegments => ({
  result,
  offset,
  segments: [],
  endless: false,
});
