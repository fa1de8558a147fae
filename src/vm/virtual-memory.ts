/**
 * The VM of one machine: makes address spaces and memory objects, and is the one place where frames are taken, filled with
 * zero and given back.
 */
import type { Hardware } from '../hardware/hardware.ts';
import type { Journal } from '../hardware/journal.ts';
import type { AccessGate } from './access-gate.ts';
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
  /** Gates that are shut now, anywhere: where there is none, nobody looks for one. */
  shutGates = 0;

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
    const { frames } = this.hardware;
    const fresh = frames.isFresh(actor.pool) && !this.framesExposed;
    const frame = frames.allocate(actor.pool);
    if (frame === noFrame || fresh) return frame;
    this.zero(actor, frame);
    return frame;
  }

  /**
   * An object whose pages follow one another in physical memory, all of them resident; null when there is no such stretch.
   *
   * @param size bytes
   * @param alignment bytes, a power of two, of its physical address
   * @param limit all of it lies below this physical address
   */
  createContiguousObject(actor: Actor, size: number, alignment: number, limit: number): MemoryObject | null {
    const bytes = this.roundPage(size);
    const pages = bytes / this.pageSize;
    const frameStep = Math.max(1, alignment / this.pageSize);
    const first = this.hardware.frames.allocateContiguous(actor.pool, pages, frameStep, limit / this.pageSize);
    if (first === noFrame) return null;
    const object = new MemoryObject(this, bytes);
    for (let index = 0; index < pages; index++) {
      this.zero(actor, first + index);
      object.adopt(index, first + index);
    }
    return object;
  }

  /** An object whose pages are all resident and lie below the physical address `limit`; null when memory is short. */
  createLowObject(actor: Actor, size: number, limit: number): MemoryObject | null {
    const object = this.createObject(size);
    for (let index = 0; index < object.size / this.pageSize; index++) {
      const frame = this.hardware.frames.allocateContiguous(actor.pool, 1, 1, limit / this.pageSize);
      if (frame === noFrame) {
        object.release(actor);
        return null;
      }
      this.zero(actor, frame);
      object.adopt(index, frame);
    }
    return object;
  }

  private zero(actor: Actor, frame: number): void {
    this.onRecycle(actor, frame);
    const { words } = this.hardware.memory;
    const start = (frame * this.pageSize) / 4;
    for (let at = start; at < start + this.pageSize / 4; at++) {
      if (words[at] !== 0) this.journal.word(words, at, 0);
    }
  }

  /** From now on frames are reachable by physical address, so that none can be trusted to be zero. */
  exposeFrames(): void {
    if (!this.framesExposed) this.journal.set(this as VirtualMemory, 'framesExposed', true);
  }

  /** Makes accesses to an object's first pages wait, through whatever map, until `openObject`. */
  shutObject(object: MemoryObject, gate: AccessGate): void {
    this.journal.set(object, 'gate', gate as AccessGate | null);
    this.countGates(1);
    for (const space of this.spaces) space.forgetObject(object);
  }

  openObject(object: MemoryObject): void {
    const { gate } = object;
    if (gate === null) return;
    this.journal.set(object, 'gate', null);
    this.countGates(-1);
    gate.wake();
  }

  countGates(change: number): void {
    this.journal.set(this as VirtualMemory, 'shutGates', this.shutGates + change);
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
