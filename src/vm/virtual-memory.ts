/**
 * The VM of one machine: makes address spaces and memory objects, and is the one place where frames are taken, filled and
 * given back. When none is free, volatile objects are emptied, then pages go to swap.
 */
import { Maintain } from '../hardware/data-cache.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { Journal } from '../hardware/journal.ts';
import { expectPage } from './absent.ts';
import type { AccessGate } from './access-gate.ts';
import { AddressSpace } from './address-space.ts';
import { MemoryObject, noFrame } from './memory-object.ts';
import { Pager } from './pager.ts';
import { PurgeQueue, purgeNext, VM_PURGABLE_NONVOLATILE } from './purgeable.ts';
import { Residents } from './residents.ts';
import { Serials } from './serials.ts';
import type { Actor, Waiter } from './steps.ts';
import { SwapSpace } from './swap-space.ts';
import { MemorySwapStore, type SwapStore } from './swap-store.ts';
import { disconnect, dropTranslations } from './translations.ts';
import { noClient, type VMClient } from './vm-client.ts';

export class VirtualMemory {
  readonly journal: Journal;
  readonly pageSize: number;
  readonly spaces: AddressSpace[] = [];
  /** Set by whoever it works for, before anything is done. */
  client: VMClient = noClient;
  /** Hears which entries come and go, with a PageFate; null when nobody does. */
  entryListener: ((fate: number, space: number, start: number, end: number) => void) | null = null;
  /** Whether anybody may have written to frames that were never handed out, through their physical addresses. */
  framesExposed = false;
  /** Whether a page may count as clean that is not: privileged code has stored past the marks, or taken one away. */
  doubtsMarks = false;
  readonly purgeQueue: PurgeQueue;
  /** These three exist on machines with swap. */
  readonly residents: Residents | null = null;
  readonly swap: SwapSpace | null = null;
  readonly pager: Pager | null = null;
  /** Of memory objects, by who makes them. */
  readonly objectNumbers: Serials;
  /** Gates that are shut now, anywhere: where there is none, nobody looks for one. */
  shutGates = 0;

  /** @param store where pages go that are paged out; in memory unless given */
  constructor(
    readonly hardware: Hardware,
    store: SwapStore | null = null,
  ) {
    this.journal = hardware.journal;
    this.pageSize = hardware.pageSize;
    this.purgeQueue = new PurgeQueue(this.journal);
    this.objectNumbers = new Serials(this.journal);
    const { swap } = hardware.configuration;
    if (swap === 0) return;
    this.residents = new Residents(hardware.frames.frames);
    this.swap = new SwapSpace(this.journal, swap / this.pageSize);
    this.pager = new Pager(this, this.residents, this.swap, store ?? new MemorySwapStore());
  }

  /** @param number of the task; its page table has the same one */
  createSpace(number: number, name: string): AddressSpace {
    const space = new AddressSpace(this, number, name);
    this.journal.append(this.spaces, space);
    return space;
  }

  /** An anonymous object of `size` bytes, rounded up to pages, with one reference. */
  createObject(actor: Actor, size: number): MemoryObject {
    return new MemoryObject(this, actor, this.roundPage(size));
  }

  /** An object of memory that is not pageable: all of it resident and wired; null when memory is short. */
  createWiredObject(actor: Actor, size: number): MemoryObject | null {
    const object = this.createObject(actor, size);
    object.wiredForLife = true;
    // What could never succeed must not have others paged out first.
    let complete = object.pageCount < this.hardware.frames.frames;
    for (let index = 0; complete && index < object.pageCount; index++) {
      const frame = object.page(actor, index);
      if (frame === noFrame) complete = false;
      else object.wire(frame);
    }
    if (complete) return object;
    object.release(actor);
    return null;
  }

  /** An object whose contents may be given up once somebody says so. */
  createPurgeableObject(actor: Actor, size: number): MemoryObject {
    const object = this.createObject(actor, size);
    object.purgeable = VM_PURGABLE_NONVOLATILE;
    return object;
  }

  truncatePage(address: number): number {
    return address - (address % this.pageSize);
  }

  roundPage(address: number): number {
    return Math.ceil(address / this.pageSize) * this.pageSize;
  }

  /** A frame with one owner and nothing but zero in it; `noFrame` when memory is used up. */
  zeroFrame(actor: Actor): number {
    return this.obtain(actor, true);
  }

  /** A frame with one owner, to be filled by whoever asks; `noFrame` when memory is used up. */
  takeFrame(actor: Actor): number {
    return this.obtain(actor, false);
  }

  /** A frame with one owner that holds a copy of what is seen at page `index` of `object`; `noFrame` when there is none. */
  copyOf(actor: Actor, object: MemoryObject, index: number): number {
    // First of all, since making room for it may page out what is to be copied.
    const target = this.obtain(actor, false);
    if (target === noFrame) return noFrame;
    const source = object.look(actor, index);
    if (source === noFrame) {
      this.disown(actor, target);
      return noFrame;
    }
    this.settleCache(actor, source);
    this.hardware.copyFrame(source, target);
    this.client.moved(actor, source, target);
    return target;
  }

  /** A frame for page `index` of `object`, of which nothing is known, that others will wait for until something has come. */
  expect(actor: Actor, object: MemoryObject, index: number): number {
    const frame = this.obtain(actor, false);
    if (frame !== noFrame) expectPage(this, object, index, frame);
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
    const first = this.zeroRun(actor, pages, Math.max(1, alignment / this.pageSize), limit / this.pageSize);
    if (first === noFrame) return null;
    const object = new MemoryObject(this, actor, bytes);
    for (let index = 0; index < pages; index++) object.insert(index, first + index);
    return object;
  }

  /** An object whose pages are all resident and lie below the physical address `limit`; null when memory is short. */
  createLowObject(actor: Actor, size: number, limit: number): MemoryObject | null {
    const object = this.createObject(actor, size);
    for (let index = 0; index < object.size / this.pageSize; index++) {
      const frame = this.zeroRun(actor, 1, 1, limit / this.pageSize);
      if (frame === noFrame) {
        object.release(actor);
        return null;
      }
      object.insert(index, frame);
    }
    return object;
  }

  /**
   * `count` frames that follow one another, each with one owner and filled with zero; the first, or `noFrame`. Its number is a
   * multiple of `step`, and all lie below frame `limit`.
   */
  zeroRun(actor: Actor, count: number, step: number, limit: number): number {
    const first = this.hardware.frames.allocateRun(actor.pool, count, step, limit);
    if (first === noFrame) return noFrame;
    for (let frame = first; frame < first + count; frame++) {
      this.recycle(actor, frame);
      this.hardware.zeroFrame(frame);
    }
    return first;
  }

  /** Moves a resident page that is not pinned to a frame below `limit`; `noFrame` when there is none. */
  move(actor: Actor, object: MemoryObject, index: number, limit: number): number {
    const { frames } = this.hardware;
    const target = frames.allocateBelow(actor.pool, limit);
    if (target === noFrame) return noFrame;
    this.recycle(actor, target);
    disconnect(this, object, index);
    frames.quarantine?.settle();
    const source = object.remove(index);
    this.client.displaced(actor, source);
    this.settleCache(actor, source);
    this.hardware.copyFrame(source, target);
    this.client.moved(actor, source, target);
    if (frames.isDirty(source)) frames.setDirty(target, 1);
    this.disown(actor, source);
    object.insert(index, target);
    return target;
  }

  /** Whether a frame must stay where it is: it is wired, or a thread waits on it. */
  isPinned(frame: number): boolean {
    return this.hardware.frames.wires(frame) > 0 || this.client.isWaitedOn(frame);
  }

  /** From now on frames are reachable by physical address, so that none can be trusted to be zero. */
  exposeFrames(): void {
    if (!this.framesExposed) this.journal.set(this as VirtualMemory, 'framesExposed', true);
  }

  /** Makes accesses to an object's first pages wait, through whatever map, until `openObject`. */
  shutObject(object: MemoryObject, gate: AccessGate): void {
    this.journal.set(object, 'gate', gate as AccessGate | null);
    this.countGates(1);
    this.disconnectAll(object);
  }

  /** Removes every translation that leads to `object` through an entry that shows it. */
  disconnectAll(object: MemoryObject): void {
    for (const [entry, space] of object.shownBy) dropTranslations(this, space, entry);
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
    if (frames.own(frame, -1) === 0 && frames.wires(frame) === 0) this.free(actor, frame);
  }

  /** Undoes one wiring of a frame. */
  unwire(actor: Actor, frame: number): void {
    const { frames } = this.hardware;
    if (frames.wire(frame, -1) === 0 && frames.owners(frame) === 0) this.free(actor, frame);
  }

  private free(actor: Actor, frame: number): void {
    this.client.freed(actor, frame);
    this.hardware.frames.free(frame, actor.pool);
  }

  /** Writes back, drops, or both (bits of Maintain), the lines of the data cache that have one of `length` bytes. */
  maintain(actor: Actor, physical: number, length: number, operation: number): void {
    const { caches } = this.hardware;
    if (caches === null) return;
    caches.maintain(physical, length, operation);
    this.client.maintained(actor, physical, length, operation);
  }

  /** What the kernel does to whole pages it does to memory: before, memory must have all that there is of them. */
  settleCache(actor: Actor, frame: number): void {
    this.maintain(actor, frame * this.pageSize, this.pageSize, Maintain.WriteBack | Maintain.Drop);
  }

  /** A frame that had another use before: what caches have of that must not come back later. */
  private recycle(actor: Actor, frame: number): void {
    const { caches } = this.hardware;
    this.client.recycled(actor, frame);
    if (caches === null) return;
    caches.maintain(frame * this.pageSize, this.pageSize, Maintain.WriteBack | Maintain.Drop);
    caches.setMode(frame, 0);
  }

  private obtain(actor: Actor, zero: boolean): number {
    const { frames } = this.hardware;
    do {
      const fresh = frames.isFresh(actor.pool) && !this.framesExposed;
      const frame = frames.allocate(actor.pool);
      if (frame === noFrame) continue;
      if (fresh) return frame;
      this.recycle(actor, frame);
      if (zero) this.hardware.zeroFrame(frame);
      return frame;
    } while (purgeNext(this, actor) || this.pager?.evict(actor) === true);
    return noFrame;
  }

  /** Takes every map lock that a thread held to its end away from it. False when there is none. */
  releaseLocks(waiter: Waiter): boolean {
    const held = this.spaces.filter(({ lock }) => lock.owner === waiter);
    for (const { lock } of held) lock.release(waiter);
    return held.length > 0;
  }
}
