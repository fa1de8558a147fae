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
import { type GeneratedSegments, segmentsOf } from './dma-segments.ts';
import { type DMAWindow, endOfMemory, setUpTransfer, usesCursor } from './dma-setup.ts';
import {
  addressLimitOf,
  type DMASpecification,
  mappingTypeMask,
  misalignment,
  noCacheStore,
  nonCoherent,
} from './dma-specification.ts';
import type { DMAState } from './dma-state.ts';
import type { DMATransfer } from './dma-transfer.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import {
  kIODirectionIn,
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
  memory: IOMemoryDescriptor | null = null;
  /** Calls of `prepare` less calls of `complete`. */
  active = 0;
  preparedOffset = 0;
  preparedLength = 0;
  /** What the first `prepare` set up; null while inactive. */
  transfer: DMATransfer | null = null;
  /** Where this command counts as active; null where it does not. */
  countedOn: DMAState | null = null;
  /** Taken by dexts' calls only. */
  readonly lock: SleepLock;
  private checkAddresses = false;
  private readonly never = new WaitQueue('memory beyond the end of a descriptor');

  /** @param specification null for a command that gets one later */
  constructor(
    private readonly iokit: IOKit,
    public specification: DMASpecification | null,
  ) {
    super(iokit.journal);
    this.lock = new SleepLock(iokit.journal, 'the lock of a DMA command');
    iokit.register(iokit.commands, this as IODMACommand);
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
      this.dropMemory(waiter);
    }
    if (memory === null) return kIOReturnSuccess;
    this.journal.set(this as IODMACommand, 'memory', memory.retain() as IOMemoryDescriptor | null);
    this.lookAtMemory();
    if (!autoPrepare) return kIOReturnSuccess;
    const code = yield* this.prepare(waiter, 0, 0, true, true, room);
    if (code !== kIOReturnSuccess) yield* this.clearMemoryDescriptor(waiter, true, room);
    return code;
  }

  *clearMemoryDescriptor(waiter: Waiter, autoComplete: boolean, room: number): Steps<IOReturn> {
    if (this.active > 0 && !autoComplete) return kIOReturnNotReady;
    yield* this.completeAll(waiter, room);
    if (this.memory !== null) this.dropMemory(waiter);
    return kIOReturnSuccess;
  }

  /** Another specification, from the next `prepare` on; null is one that was rejected. */
  specify(specification: DMASpecification | null): IOReturn {
    if (this.active > 0) return kIOReturnNotPermitted;
    if (specification === null) return kIOReturnBadArgument;
    this.journal.set(this as IODMACommand, 'specification', specification as DMASpecification | null);
    this.count(null);
    if (this.memory !== null) this.lookAtMemory();
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
    if (this.memory !== null) this.dropMemory(actor);
  }

  /** The sources leak the descriptor of a command that still has one, because drivers were found to forget it. */
  protected override dispose(actor: Actor): void {
    this.dropTransfer(actor);
    this.count(null);
    this.iokit.forget(this.iokit.commands, this as IODMACommand);
    if (this.memory === null) return;
    if (this.iokit.semantics === 'documented') this.memory.release(actor);
    else this.iokit.leak(actor, this.memory, `${this.memory.name}, which a command had when it was freed`);
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
    const transfer = setUpTransfer(this.iokit, waiter, specification, window, this.checkAddresses, forceBounce);
    if (typeof transfer === 'number') return transfer;
    let kept = false;
    try {
      if (synchronize && transfer.copies && memory.getDirection() !== kIODirectionIn)
        yield* transfer.copy(waiter, true, room);
      if (flush && (specification.mappingOptions & noCacheStore) === 0)
        this.flush(waiter, transfer, kIOMemoryIncoherentIOStore);
      this.journal.set(this as IODMACommand, 'transfer', transfer as DMATransfer | null);
      if (transfer.mapping !== null && transfer.mapping.map !== null) this.count(memory.dmaActivity);
      kept = true;
      return kIOReturnSuccess;
    } finally {
      if (!kept) transfer.release(waiter);
    }
  }

  private *tearDown(waiter: Waiter, invalidate: boolean, synchronize: boolean, room: number): Steps<IOReturn> {
    const { transfer } = this;
    // A prepare that failed left nothing but the count.
    if (transfer === null) return kIOReturnSuccess;
    try {
      if (invalidate) this.flush(waiter, transfer, kIOMemoryIncoherentIOFlush);
      if (!synchronize || !transfer.copies || transfer.memory.getDirection() === kIODirectionOut)
        return kIOReturnSuccess;
      const copied = yield* transfer.copy(waiter, false, room);
      return copied < transfer.length ? kIOReturnUnderrun : kIOReturnSuccess;
    } finally {
      this.dropTransfer(waiter);
    }
  }

  private *bounceFromNowOn(waiter: Waiter, transfer: DMATransfer, room: number): Steps<IOReturn> {
    if (transfer.bounce !== null) return kIOReturnSuccess;
    const specification = this.specification!;
    const { memory } = transfer;
    if (this.iokit.semantics === 'xnu') {
      // It completes and prepares again, which gives no buffer where one is not needed, nor where somebody else has prepared too.
      const cursor = usesCursor(this.iokit, specification, this.windowOf(memory), this.checkAddresses);
      if (cursor || this.active > 1) return kIOReturnSuccess;
    }
    const count = this.active;
    this.setActive(0);
    let code = yield* this.tearDown(waiter, false, true, room);
    if (code === kIOReturnSuccess) code = yield* this.setUp(waiter, specification, memory, false, true, true, room);
    if (code === kIOReturnSuccess) this.setActive(count);
    return code;
  }

  private *completeAll(waiter: Waiter, room: number): Steps<void> {
    while (this.active > 0) yield* this.complete(waiter, true, true, room);
  }

  /** What the memory means for the specification: whether it may lie too high, and what its mapping must suit. */
  private lookAtMemory(): void {
    const { specification } = this;
    const memory = this.memory!;
    if (specification === null) return;
    const { mapper } = specification;
    const tooHigh = mapper === null && endOfMemory(this.iokit, memory) > addressLimitOf(specification);
    this.journal.set(this as IODMACommand, 'checkAddresses' as never, tooHigh as never);
    // Without a mapper nobody sees when the device is done, so that the memory is in use for as long as the command has it.
    if (mapper === null) this.count(memory.dmaActivity);
    else memory.dma.demand(specification);
  }

  private dropTransfer(actor: Actor): void {
    const { transfer } = this;
    if (transfer === null) return;
    this.journal.set(this as IODMACommand, 'transfer', null as DMATransfer | null);
    if (this.specification!.mapper !== null) this.count(null);
    transfer.release(actor);
  }

  private dropMemory(actor: Actor): void {
    const memory = this.memory!;
    this.count(null);
    this.journal.set(this as IODMACommand, 'memory', null as IOMemoryDescriptor | null);
    memory.release(actor);
  }

  /** Counts this command as active on `state`, and nowhere else. */
  private count(state: DMAState | null): void {
    this.countedOn?.deactivate();
    state?.activate();
    if (this.countedOn !== state) this.journal.set(this as IODMACommand, 'countedOn', state);
  }

  private setActive(active: number): void {
    this.journal.set(this as IODMACommand, 'active', active);
  }

  private windowOf(memory: IOMemoryDescriptor): DMAWindow {
    return { memory, offset: this.preparedOffset, length: this.preparedLength };
  }

  private flush(actor: Actor, transfer: DMATransfer, operation: number): void {
    if ((this.specification!.mappingOptions & mappingTypeMask) !== nonCoherent) return;
    const offset = transfer.bounce === null ? transfer.offset : 0;
    transfer.used.performOperation(actor, operation, offset, transfer.length);
  }
}

const refused = (result: IOReturn, offset: number): GeneratedSegments => ({
  result,
  offset,
  segments: [],
  endless: false,
});
