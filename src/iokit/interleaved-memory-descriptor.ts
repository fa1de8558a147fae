/** Parts of other descriptors that are added one by one, and prepared together (xnu-reference 1.6). It cannot be mapped. */
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import { CompositeMemoryDescriptor } from './composite-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor, PageCounts } from './memory-descriptor.ts';
import { kIODirectionOutIn, kIOMemoryRedirected, kIOPreparationIDUnsupported } from './options.ts';
import type { PurgeableResult } from './purgeable-memory.ts';
import { wrap64 } from './ranges.ts';
import { type IOReturn, kIOReturnNotReady, kIOReturnSuccess } from './return-codes.ts';

export class IOInterleavedMemoryDescriptor extends CompositeMemoryDescriptor {
  override readonly kind = 'IOInterleavedMemoryDescriptor';
  /** From a `prepare` that succeeded to the next `complete`. */
  prepared = false;

  constructor(
    iokit: IOKit,
    /** How many parts there may be. */
    private readonly capacity: number,
    private readonly direction: number,
  ) {
    super(iokit);
  }

  override get name(): string {
    return `an interleaved descriptor of ${this.parts.length} parts`;
  }

  override getFlags(): number {
    return (this.direction & kIODirectionOutIn) | (this.redirected ? kIOMemoryRedirected : 0);
  }

  /** Adds a part at the end. False when it is prepared or full, when the part reaches beyond `descriptor`, or is part of itself. */
  setMemoryDescriptor(descriptor: IOMemoryDescriptor, offset: number, length: number): boolean {
    const end = this.iokit.semantics === 'xnu' ? wrap64(offset + length) : offset + length;
    if (this.prepared || this.parts.length === this.capacity || end > descriptor.getLength()) return false;
    if (descriptor.consistsOf(this)) return false;
    this.append(descriptor, offset, length);
    return true;
  }

  /** Completes every part, when prepared, and lets it go. It still counts as prepared then, until `complete`; so do the sources. */
  *clearMemoryDescriptors(waiter: Waiter, direction: number): Steps<void> {
    const wanted = this.directionFor(direction);
    for (const { descriptor } of this.prepared ? this.parts : []) yield* descriptor.complete(waiter, wanted);
    this.drop(waiter);
  }

  override *prepare(waiter: Waiter, direction: number): Steps<IOReturn> {
    const result = yield* super.prepare(waiter, direction);
    if (result === kIOReturnSuccess) this.journal.set(this as IOInterleavedMemoryDescriptor, 'prepared', true);
    return result;
  }

  override *complete(waiter: Waiter, direction: number): Steps<IOReturn> {
    const result = yield* super.complete(waiter, direction);
    this.journal.set(this as IOInterleavedMemoryDescriptor, 'prepared', false);
    return result;
  }

  // What the sources do not override answers as the base class does.

  override getPreparationID(_actor: Actor): number {
    return kIOPreparationIDUnsupported;
  }

  override getPageCounts(): PageCounts {
    return { result: kIOReturnNotReady, residentPageCount: 0, dirtyPageCount: 0 };
  }

  override setPurgeable(_actor: Actor, _newState: number): PurgeableResult {
    return { result: kIOReturnNotReady, oldState: 0 };
  }

  override view(): null {
    return null;
  }

  /** The sources complete the part that failed, as often as there are parts before it (hazard H13). */
  protected override *rollBack(waiter: Waiter, direction: number, failed: number): Steps<void> {
    if (this.iokit.semantics === 'documented') return yield* super.rollBack(waiter, direction, failed);
    for (let at = 0; at < failed; at++) yield* this.parts[failed]!.descriptor.complete(waiter, direction);
  }
}
