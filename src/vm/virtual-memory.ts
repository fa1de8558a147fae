/**
 * The VM of one machine: makes address spaces and memory objects, and is the one place where frames are taken, filled with
 * zero and given back.
 */
import type { Hardware } from '../hardware/hardware.ts';
import type { Journal } from '../hardware/journal.ts';
import { AddressSpace } from './address-space.ts';
import { MemoryObject, noFrame } from './memory-object.ts';
import type { Actor, Waiter } from './steps.ts';

export class VirtualMemory {
  readonly journal: Journal;
  readonly pageSize: number;
  readonly spaces: AddressSpace[] = [];
  /** Told when a frame that had another use before is given out. */
  onRecycle: (actor: Actor, frame: number) => void = () => {};
  /** Whether anybody may have written to frames that were never handed out, through their physical addresses. */
  framesExposed = false;

  constructor(readonly hardware: Hardware) {
    this.journal = hardware.journal;
    this.pageSize = hardware.pageSize;
  }

  /** @param number of the task; its page table has the same one */
  createSpace(number: number, name: string): AddressSpace {
    const space = new AddressSpace(this, number, name);
    this.spaces.push(space);
    this.journal.undo(() => this.spaces.pop());
    return space;
  }

  /** An anonymous object of `size` bytes, rounded up to pages, with one reference. */
  createObject(size: number): MemoryObject {
    return new MemoryObject(this, this.roundPage(size));
  }

  truncatePage(address: number): number {
    return address - (address % this.pageSize);
  }

  roundPage(address: number): number {
    return Math.ceil(address / this.pageSize) * this.pageSize;
  }

  /** A frame with one owner and nothing but zero in it; `noFrame` when memory is used up. */
  zeroFrame(actor: Actor): number {
    const { frames, memory } = this.hardware;
    const fresh = frames.isFresh(actor.pool) && !this.framesExposed;
    const frame = frames.allocate(actor.pool);
    if (frame === noFrame || fresh) return frame;
    this.onRecycle(actor, frame);
    const words = memory.words;
    const start = (frame * this.pageSize) / 4;
    for (let at = start; at < start + this.pageSize / 4; at++) {
      if (words[at] !== 0) this.journal.word(words, at, 0);
    }
    return frame;
  }

  /**
   * `count` frames that follow one another, each with one owner and filled with zero; the first, or `noFrame`.
   *
   * @param mask bits that the first one's physical address may have; see `FrameTable.allocateRun`
   */
  zeroRun(actor: Actor, count: number, mask: number): number {
    const { frames, memory } = this.hardware;
    const first = frames.allocateRun(actor.pool, count, mask, this.pageSize);
    if (first === noFrame) return noFrame;
    const { words } = memory;
    for (let frame = first; frame < first + count; frame++) this.onRecycle(actor, frame);
    for (let at = (first * this.pageSize) / 4; at < ((first + count) * this.pageSize) / 4; at++) {
      if (words[at] !== 0) this.journal.word(words, at, 0);
    }
    return first;
  }

  /** From now on frames are reachable by physical address, so that none can be trusted to be zero. */
  exposeFrames(): void {
    if (!this.framesExposed) this.journal.set(this as VirtualMemory, 'framesExposed', true);
  }

  /** An owner lets go of a frame. Wired frames stay until the last `unwire`. */
  disown(actor: Actor, frame: number): void {
    const { frames } = this.hardware;
    if (frames.own(frame, -1) === 0 && frames.wires(frame) === 0) frames.free(frame, actor.pool);
  }

  /** Undoes one wiring of a frame. */
  unwire(actor: Actor, frame: number): void {
    const { frames } = this.hardware;
    if (frames.wire(frame, -1) === 0 && frames.owners(frame) === 0) frames.free(frame, actor.pool);
  }

  /** Takes every map lock that a dead thread held away from it. */
  releaseLocks(waiter: Waiter): void {
    for (const space of this.spaces) space.lock.release(waiter);
  }
}
