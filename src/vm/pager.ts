/**
 * The pager: moves pages that nobody needs right now to swap space, and back when they are touched. Which page goes is decided
 * by second chance: the hand passes over the frames in their order, takes the reference mark off those that have one, and stops
 * at the first without.
 *
 * Before a page is copied out its translations are gone and (where threads run freely) nobody can be storing through an old
 * one; were it the other way round, a store in between would be lost.
 */
import type { MemoryObject } from './memory-object.ts';
import { noFrame } from './memory-object.ts';
import type { Residents } from './residents.ts';
import type { Actor } from './steps.ts';
import { noSlot, type SwapSpace } from './swap-space.ts';
import type { SwapStore } from './swap-store.ts';
import { disconnect } from './translations.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Pages that go in one go where each go has to wait for running threads. */
const batch = 32;

export class Pager {
  /** The frame at which the hand stands. */
  hand = 0;
  private readonly scratch: Uint8Array;

  constructor(
    private readonly vm: VirtualMemory,
    private readonly residents: Residents,
    private readonly swap: SwapSpace,
    private readonly store: SwapStore,
  ) {
    this.scratch = new Uint8Array(vm.pageSize);
  }

  /** Whether there is a page that could go. */
  get hasWork(): boolean {
    return this.residents.some((object, index, frame) => this.mayGo(object, index, frame));
  }

  /** Makes a frame free, or a few. False when no page can go, or there is nowhere for one to go to. */
  evict(actor: Actor): boolean {
    const { quarantine } = this.vm.hardware.frames;
    const going: number[] = [];
    for (let left = quarantine === null ? 1 : batch; left > 0; left--) {
      const frame = this.choose(going);
      if (frame === noFrame) break;
      disconnect(this.vm, this.residents.objectOf(frame)!, this.residents.indexOf(frame));
      going.push(frame);
    }
    // Whoever stores to one of them from here on has it faulted in again, and must wait for us to do that.
    if (going.length === 0 || quarantine?.settle() === false) return false;
    let evicted = false;
    for (const frame of going) if (this.copyOut(actor, frame)) evicted = true;
    return evicted;
  }

  /** A frame with one owner that holds what lies in swap as page `index` of `object`; `noFrame` when there is none. */
  bringBack(actor: Actor, object: MemoryObject, index: number): number {
    const slot = object.slots.get(index)!;
    const state = object.purgeable;
    const frame = this.vm.takeFrame(actor);
    if (object.purgeable !== state) return this.emptied(frame);
    if (frame === noFrame) return this.swap.isFull ? this.exchange(actor, object, index, slot) : noFrame;
    this.store.read(slot, this.scratch);
    this.fill(actor, frame, this.swap.keys[slot]!, this.scratch);
    return frame;
  }

  /** Brings a page back where swap is as full as memory is: into the frame of one that goes to where it lay. */
  private exchange(actor: Actor, object: MemoryObject, index: number, slot: number): number {
    const page = new Uint8Array(this.vm.pageSize);
    const key = this.swap.keys[slot]!;
    this.store.read(slot, page);
    this.swap.free(slot);
    object.setSlot(index, null);
    const frame = this.vm.takeFrame(actor);
    if (frame !== noFrame) {
      this.fill(actor, frame, key, page);
      return frame;
    }
    const again = this.swap.allocate();
    this.vm.journal.set(this.swap.keys, again, key);
    this.store.write(again, page);
    object.setSlot(index, again);
    return noFrame;
  }

  /** The object was volatile, and was emptied to make room for its own page. */
  private emptied(frame: number): number {
    if (frame !== noFrame) this.vm.hardware.zeroFrame(frame);
    return frame;
  }

  private fill(actor: Actor, frame: number, key: number, page: Uint8Array): void {
    const { hardware, pageSize } = this.vm;
    hardware.preserve(frame * pageSize, pageSize);
    hardware.memory.write(frame * pageSize, page, 0, pageSize);
    this.vm.client.pagedIn(actor, frame, key);
  }

  private mayGo(object: MemoryObject, index: number, frame: number): boolean {
    if (this.vm.isPinned(frame)) return false;
    return !this.swap.isFull || object.slots.has(index);
  }

  private choose(going: readonly number[]): number {
    const { frames, tables } = this.vm.hardware;
    const { journal } = this.vm;
    let at = this.hand;
    let chosen = noFrame;
    let unmarked = false;
    for (let looked = 0; looked < 2 * frames.frames && chosen === noFrame; looked++) {
      at = at + 1 === frames.frames ? 0 : at + 1;
      const object = this.residents.objectOf(at);
      if (object === null || going.includes(at) || !this.mayGo(object, this.residents.indexOf(at), at)) continue;
      if (frames.referenced[at] !== 0) {
        frames.setReferenced(at, 0);
        unmarked = true;
      } else chosen = at;
    }
    journal.set(this as Pager, 'hand', at);
    // Caches that hold such a page would not mark it again.
    if (unmarked) tables.invalidate();
    return chosen;
  }

  /** A page that is clean and has a slot already is not written again. */
  private copyOut(actor: Actor, frame: number): boolean {
    const object = this.residents.objectOf(frame)!;
    const index = this.residents.indexOf(frame);
    const old = object.slots.get(index);
    if (old === undefined || this.vm.hardware.frames.isDirty(frame)) {
      if (old !== undefined) this.swap.free(old);
      const slot = this.swap.allocate();
      if (slot === noSlot) return false;
      this.vm.settleCache(actor, frame);
      this.vm.hardware.memory.read(frame * this.vm.pageSize, this.scratch, 0, this.vm.pageSize);
      this.store.write(slot, this.scratch);
      object.setSlot(index, slot);
    } else if (this.vm.doubtsMarks && !this.isIn(old, frame)) this.vm.client.lostWrite(actor, frame);
    this.vm.journal.set(this.swap.keys, object.slots.get(index)!, this.vm.client.pagedOut(actor, frame));
    this.vm.client.displaced(actor, frame);
    this.vm.client.reclaimed(frame);
    this.vm.disown(actor, object.remove(index));
    return true;
  }

  /** Whether a slot holds what a frame does. */
  private isIn(slot: number, frame: number): boolean {
    const { memory } = this.vm.hardware;
    this.store.read(slot, this.scratch);
    return this.scratch.every((byte, i) => memory.load8(frame * this.vm.pageSize + i) === byte);
  }
}
