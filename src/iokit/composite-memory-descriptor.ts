/**
 * A descriptor made of parts of others: it has a length of its own, and all that it answers is put together from what its parts
 * answer. Which parts, and when they may change, its subclasses say.
 */
import type { SleepLock } from '../vm/lock.ts';
import type { Actor, Steps, Waiter } from '../vm/steps.ts';
import type { DMAState } from './dma-state.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import { type DMAMapLength, IOMemoryDescriptor, type PageCounts } from './memory-descriptor.ts';
import { kIODirectionNone } from './options.ts';
import { noSegment, type Segment } from './page-list.ts';
import { type PurgeableResult, setAllPurgeable } from './purgeable-memory.ts';
import { wrap64 } from './ranges.ts';
import { type IOReturn, kIOReturnInternalError, kIOReturnSuccess } from './return-codes.ts';
import { joinViews, type View, type ViewRequest } from './view.ts';

/** `length` bytes from `start` of a descriptor, which is kept alive; `offset` is where they are in the composite one. */
export interface Part {
  readonly descriptor: IOMemoryDescriptor;
  readonly offset: number;
  readonly start: number;
  readonly length: number;
}

export abstract class CompositeMemoryDescriptor extends IOMemoryDescriptor {
  parts: readonly Part[] = [];

  override getLength(): number {
    const last = this.parts.at(-1);
    return last === undefined ? 0 : last.offset + last.length;
  }

  override get wired(): readonly IOGeneralMemoryDescriptor[] {
    return this.parts.flatMap(({ descriptor }) => [...descriptor.wired]);
  }

  /** One part after the other; a failure undoes those before it and is the answer. */
  override *prepare(waiter: Waiter, direction: number): Steps<IOReturn> {
    const wanted = this.directionFor(direction);
    let result = kIOReturnInternalError;
    for (let at = 0; at < this.parts.length; at++) {
      result = yield* this.parts[at]!.descriptor.prepare(waiter, wanted);
      if (result === kIOReturnSuccess) continue;
      yield* this.rollBack(waiter, wanted, at);
      break;
    }
    return result;
  }

  /** Completes every part; the last failure is the answer. */
  override *complete(waiter: Waiter, direction: number): Steps<IOReturn> {
    const wanted = this.directionFor(direction);
    let result = kIOReturnSuccess;
    for (const { descriptor } of this.parts) {
      const code = yield* descriptor.complete(waiter, wanted);
      if (code !== kIOReturnSuccess) result = code;
    }
    return result;
  }

  override getPhysicalSegment(actor: Actor, offset: number): Segment {
    return this.inPart(offset, (descriptor, at) => descriptor.getPhysicalSegment(actor, at));
  }

  override getDeviceSegment(actor: Actor, offset: number): Segment {
    return this.inPart(offset, (descriptor, at) => descriptor.segmentFor(actor, at, 0));
  }

  override getFragment(actor: Actor, offset: number): Segment {
    return this.inPart(offset, (descriptor, at) => descriptor.getFragment(actor, at));
  }

  override getDMAMapLength(from = 0, length = this.getLength()): DMAMapLength {
    let bytes = 0;
    let offset = -1;
    for (const { descriptor, start, length: part } of this.partsIn(from, length)) {
      const piece = descriptor.getDMAMapLength(start, part);
      if (offset < 0) offset = piece.offset;
      bytes += piece.length;
    }
    return offset < 0 ? { length, offset: 0 } : { length: bytes, offset };
  }

  /** Of the whole of each descriptor that it has a part of; the first failure is the answer. */
  override getPageCounts(): PageCounts {
    let residentPageCount = 0;
    let dirtyPageCount = 0;
    for (const { descriptor } of this.parts) {
      const counts = descriptor.getPageCounts();
      if (counts.result !== kIOReturnSuccess) return counts;
      residentPageCount += counts.residentPageCount;
      dirtyPageCount += counts.dirtyPageCount;
    }
    return { result: kIOReturnSuccess, residentPageCount, dirtyPageCount };
  }

  override setPurgeable(actor: Actor, newState: number): PurgeableResult {
    return setAllPurgeable(
      this.parts.map(
        ({ descriptor }) =>
          () =>
            descriptor.setPurgeable(actor, newState),
      ),
    );
  }

  override mayCopy(actor: Actor, intoMemory: boolean): boolean {
    return this.parts.every(({ descriptor }) => descriptor.mayCopy(actor, intoMemory));
  }

  override get dmaActivity(): readonly DMAState[] {
    return this.parts.flatMap(({ descriptor }) => [...descriptor.dmaActivity]);
  }

  override get mapLocks(): readonly SleepLock[] {
    return this.parts.flatMap(({ descriptor }) => [...descriptor.mapLocks]);
  }

  /** The views of its parts, which must meet at page boundaries. */
  override view(actor: Actor, { offset, length, readOnly, cacheMode }: ViewRequest): View | null {
    const views: { view: View; length: number }[] = [];
    for (const part of this.partsIn(offset, length)) {
      const request = { offset: part.start, length: part.length, readOnly, cacheMode };
      const view = part.descriptor.view(actor, request);
      if (view === null) return null;
      views.push({ view, length: part.length });
    }
    return joinViews(views, this.iokit.vm.pageSize, this.iokit.semantics === 'xnu');
  }

  override consistsOf(other: IOMemoryDescriptor): boolean {
    return this === other || this.parts.some(({ descriptor }) => descriptor.consistsOf(other));
  }

  /** Adds `length` bytes from `start` of `descriptor` at the end. */
  protected append(descriptor: IOMemoryDescriptor, start: number, length: number): void {
    const part = { descriptor: descriptor.retain(), offset: this.getLength(), start, length };
    this.journal.set(this as CompositeMemoryDescriptor, 'parts', [...this.parts, part]);
  }

  protected drop(actor: Actor): void {
    const { parts } = this;
    this.journal.set(this as CompositeMemoryDescriptor, 'parts', []);
    for (const { descriptor } of parts) descriptor.release(actor);
  }

  /** What parts are prepared with where the caller leaves the direction to the descriptor: to this one, not to theirs. */
  protected directionFor(direction: number): number {
    return direction === kIODirectionNone ? this.getDirection() : direction;
  }

  /** Part `failed` could not be prepared; those before it were. */
  protected *rollBack(waiter: Waiter, direction: number, failed: number): Steps<void> {
    for (const { descriptor } of this.parts.slice(0, failed)) yield* descriptor.complete(waiter, direction);
  }

  protected override dispose(actor: Actor): void {
    this.drop(actor);
    super.dispose(actor);
  }

  /** The parts of the parts that hold the bytes from `from`. */
  private partsIn(from: number, length: number): Part[] {
    const found: Part[] = [];
    for (const part of this.parts) {
      const begin = Math.max(from, part.offset);
      const end = Math.min(from + length, part.offset + part.length);
      if (begin < end)
        found.push({ ...part, offset: begin, start: part.start + (begin - part.offset), length: end - begin });
    }
    return found;
  }

  /** The segment at `offset`, no further than the part goes. */
  private inPart(offset: number, segment: (descriptor: IOMemoryDescriptor, at: number) => Segment): Segment {
    const part = this.parts.find((one) => offset >= one.offset && offset < one.offset + one.length);
    if (part === undefined) return noSegment;
    const inside = offset - part.offset;
    const { address, length } = segment(part.descriptor, wrap64(part.start + inside));
    return { address, length: Math.min(length, part.length - inside) };
  }
}
