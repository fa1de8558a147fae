/**
 * A memory object: what owns pages. Address spaces show windows of it, descriptors refer to it, and its pages live as long as
 * anybody does either. This one is anonymous: a page appears, filled with zero, when it is first touched.
 *
 * Copies share pages until somebody stores. An object may *shadow* another one: what it has no page of its own for, it shows
 * from below. And it may have a *copy*: an object that shadows it and must go on seeing what is here now, so that each page is
 * handed to the copy before the first store to it (shadow.ts).
 */

import type { AccessGate } from './access-gate.ts';
import type { AddressSpace } from './address-space.ts';
import { KERN_RESOURCE_SHORTAGE, type KernReturn } from './kern-return.ts';
import { KernelObject } from './kernel-object.ts';
import type { MapEntry } from './map-entry.ts';
import { VM_PURGABLE_DENY } from './purgeable.ts';
import { collapse } from './shadow.ts';
import type { Actor, WaitQueue } from './steps.ts';
import { disconnect } from './translations.ts';
import type { VirtualMemory } from './virtual-memory.ts';

export const noFrame = -1;
/** Their ordinals follow each other, maker by maker. */
const objectsPerMaker = 2 ** 32;

export class MemoryObject extends KernelObject {
  override readonly kind: string = 'MemoryObject';
  /** Which one of its maker's it is: the same whatever others have made before. */
  readonly ordinal: number;
  /** Page index → frame, for the pages that are resident. */
  readonly pages = new Map<number, number>();
  /** Page index → slot of swap space. Of a resident page the slot is good as long as the page is clean. */
  readonly slots = new Map<number, number>();
  /** Pages that are wired and hold nothing yet → who waits for what will be there. */
  readonly absent = new Map<number, WaitQueue>();
  /** Cache mode of every mapping of it, as `kIOMapCacheMask` numbers them; 0 is the default. */
  cacheMode = 0;
  /** The object below, counted as a reference. */
  shadow: MemoryObject | null = null;
  /** Page of `shadow` that is seen at page 0. */
  shadowIndex = 0;
  /** The object above that pages go to before they are stored to; not counted. */
  copy: MemoryObject | null = null;
  /** Others than entries that need a copy hold it and store to it, so that it cannot be copied by shadowing it on both sides. */
  trueShare = false;
  /** Every page is resident, and wired as long as the object lives: memory that is not pageable. */
  wiredForLife = false;
  /** A VM_PURGABLE state; owned by purgeable.ts, as is the next. */
  purgeable = VM_PURGABLE_DENY;
  /** Pages whose contents were dropped under pressure, until somebody puts others in their place. */
  readonly lost = new Map<number, number>();
  /** Place among volatile objects: those with a lower one are emptied first. */
  purgeOrder = 0;
  /** Tasks that map it cannot change its purgeable state; only the kernel can. */
  purgeableByKernel = false;

  // The way back, for translations. What follows from entries and shadows is no state of its own.
  readonly shownBy = new Map<MapEntry, AddressSpace>();
  readonly shadowedBy = new Set<MemoryObject>();
  /** Shut while its content is being exchanged, whoever maps it. */
  gate: AccessGate | null = null;

  /** @param size bytes, a multiple of the page size */
  constructor(
    protected readonly vm: VirtualMemory,
    maker: Actor,
    readonly size: number,
  ) {
    super(vm.journal);
    this.ordinal = maker.pool * objectsPerMaker + vm.objectNumbers.take(maker);
  }

  get pageCount(): number {
    return this.size / this.vm.pageSize;
  }

  /** Whether it has page `index` itself, resident or in swap. */
  has(index: number): boolean {
    return this.pages.has(index) || this.slots.has(index);
  }

  /**
   * The frame of page `index` of this object itself, making the page resident, and taking it from below first; `noFrame` when
   * that cannot be done, for the reason `shortage`.
   *
   * @param write the page is about to be stored to
   */
  page(actor: Actor, index: number, write = false): number {
    const frame = this.pages.get(index);
    if (frame !== undefined && (!write || this.copy === null)) return frame;
    if (write && this.copy !== null && !this.handToCopy(actor, this.copy, index)) return noFrame;
    return this.pages.get(index) ?? this.makeResident(actor, index);
  }

  /** The frame that is seen at page `index`, here or below, for reading only. */
  look(actor: Actor, index: number): number {
    const frame = this.pages.get(index);
    if (frame !== undefined) return frame;
    const found = this.find(index);
    return found === null ? this.page(actor, index) : found.object.page(actor, found.index);
  }

  /** The object, this one or one below, whose page is seen at page `index`; null when none has it, so that it reads as zero. */
  find(index: number): { object: MemoryObject; index: number } | null {
    let at = index;
    for (let object: MemoryObject | null = this; object !== null; object = object.shadow) {
      if (object.has(at)) return { object, index: at };
      at += object.shadowIndex;
    }
    return null;
  }

  /** Whether a store to its resident page `index` would be seen by nobody who must not see it. */
  isPrivate(index: number): boolean {
    if (this.copy === null) return this.shadow === null || this.pages.has(index);
    const above = index - this.copy.shadowIndex;
    return this.pages.has(index) && (above < 0 || above >= this.copy.pageCount || this.copy.has(above));
  }

  /** Changes the cache mode of every mapping of it. Nothing of its pages stays in the cache: what is uncached now must be in memory. */
  setCacheMode(actor: Actor, mode: number): void {
    if (mode === this.cacheMode) return;
    this.journal.set(this as MemoryObject, 'cacheMode', mode);
    if (this.vm.hardware.caches === null) return;
    this.vm.disconnectAll(this);
    for (const frame of this.pages.values()) {
      this.vm.settleCache(actor, frame);
      this.noteMode(frame);
    }
  }

  /** Whether its frames are its own, so that their contents can be put elsewhere. */
  get pageable(): boolean {
    return true;
  }

  /** The gate before page `index`, or null. */
  gateAt(index: number): AccessGate | null {
    return this.gate !== null && index < this.gate.pages ? this.gate : null;
  }

  /** Whether `exchange` may be asked for: only where all that makes the content is its own pages, and nobody has a copy. */
  get exchangeable(): boolean {
    const alone = this.shadow === null && this.copy === null && this.shadowedBy.size === 0;
    return alone && this.absent.size === 0 && !this.wiredForLife && this.purgeable === VM_PURGABLE_DENY;
  }

  /** Exchanges all content with an object of the same size. Nobody may have translations of either. */
  exchange(other: MemoryObject): void {
    const mine = this.giveUp();
    const theirs = other.giveUp();
    // A page goes on being reached as it was.
    const { cacheMode } = this;
    this.journal.set(this as MemoryObject, 'cacheMode', other.cacheMode);
    this.journal.set(other, 'cacheMode', cacheMode);
    this.takeOver(theirs);
    other.takeOver(mine);
  }

  private giveUp(): { pages: [number, number][]; slots: [number, number][] } {
    const content = { pages: [...this.pages], slots: [...this.slots] };
    for (const [index] of content.pages) this.remove(index);
    for (const [index] of content.slots) this.setSlot(index, null);
    return content;
  }

  private takeOver({ pages, slots }: ReturnType<MemoryObject['giveUp']>): void {
    for (const [index, frame] of pages) this.take(index, frame);
    for (const [index, slot] of slots) this.setSlot(index, slot);
  }

  get shortage(): KernReturn {
    return KERN_RESOURCE_SHORTAGE;
  }

  /** Keeps the frame of a page where it is until `unwire`, whatever becomes of the object. */
  wire(frame: number): void {
    this.vm.hardware.frames.wire(frame, 1);
  }

  unwire(actor: Actor, frame: number): void {
    this.vm.unwire(actor, frame);
  }

  /**
   * Calls `visit` for each resident page from `first` to before `end`. Costs the smaller of what is asked for and what is
   * resident, so that a huge empty window is cheap, and so is one page of a huge full object.
   */
  forResident(first: number, end: number, visit: (index: number, frame: number) => void): void {
    if (end - first <= this.pages.size) {
      for (let index = first; index < end; index++) {
        const frame = this.pages.get(index);
        if (frame !== undefined) visit(index, frame);
      }
      return;
    }
    for (const [index, frame] of this.pages) if (index >= first && index < end) visit(index, frame);
  }

  /** Takes in a frame, which has one owner, as page `index`, which it has not. */
  insert(index: number, frame: number): void {
    // Whoever saw through to a page below must look again.
    if (this.shadow !== null) disconnect(this.vm, this, index);
    this.take(index, frame);
  }

  /** As `insert`, of the very page that was seen here so far. */
  take(index: number, frame: number): void {
    this.pages.set(index, frame);
    this.noteMode(frame);
    this.vm.residents?.add(this, index, frame);
    if (this.pageable) this.vm.client.resident(this, index, frame);
    this.journal.undo(() => {
      this.pages.delete(index);
      this.vm.residents?.remove(this, frame);
    });
  }

  /** Gives up a resident page, to which no translation leads any more. The frame is the caller's. */
  remove(index: number): number {
    const frame = this.pages.get(index)!;
    this.pages.delete(index);
    this.vm.residents?.remove(this, frame);
    this.journal.undo(() => {
      this.pages.set(index, frame);
      this.vm.residents?.add(this, index, frame);
    });
    return frame;
  }

  /** Notes in which slot page `index` lies now; null: in none. The slot itself is the caller's. */
  setSlot(index: number, slot: number | null): void {
    const before = this.slots.get(index);
    if (slot === null) this.slots.delete(index);
    else this.slots.set(index, slot);
    this.journal.undo(() => (before === undefined ? this.slots.delete(index) : this.slots.set(index, before)));
  }

  override release(actor: Actor): void {
    super.release(actor);
    // Nobody but the one above can reach what is here: it may as well be there.
    if (this.references === 1 && this.shadowedBy.size === 1)
      for (const upper of this.shadowedBy) collapse(this.vm, actor, upper);
  }

  /** The kernel itself reaches a page of its own as mappings do. */
  protected noteMode(frame: number): void {
    this.vm.hardware.caches?.setMode(frame, this.cacheMode);
  }

  /** What a page is made from that nothing is known about yet. */
  protected supply(actor: Actor, _index: number): number {
    return this.vm.zeroFrame(actor);
  }

  protected dispose(actor: Actor): void {
    this.vm.purgeQueue.leave(this);
    for (const queue of this.absent.values()) this.vm.client.wakeAll(actor, queue);
    for (const frame of this.pages.values()) {
      this.vm.residents?.remove(this, frame);
      if (this.wiredForLife) this.vm.unwire(actor, frame);
      this.vm.disown(actor, frame);
    }
    const { pages } = this;
    this.journal.undo(() => {
      for (const [index, frame] of pages) this.vm.residents?.add(this, index, frame);
    });
    for (const slot of this.slots.values()) this.vm.swap!.free(slot);
    if (this.shadow !== null) this.leaveShadow(actor, this.shadow);
  }

  private leaveShadow(actor: Actor, below: MemoryObject): void {
    below.shadowedBy.delete(this);
    this.journal.undo(() => below.shadowedBy.add(this));
    if (below.copy === this) this.journal.set(below, 'copy', null);
    below.release(actor);
  }

  private makeResident(actor: Actor, index: number): number {
    const frame = this.slots.has(index) ? this.vm.pager!.bringBack(actor, this, index) : this.make(actor, index);
    if (frame !== noFrame) this.insert(index, frame);
    if (frame !== noFrame && this.lost.size > 0) this.forgetLost(index);
    return frame;
  }

  private forgetLost(index: number): void {
    const frame = this.lost.get(index);
    if (this.lost.delete(index)) this.journal.undo(() => this.lost.set(index, frame!));
  }

  private make(actor: Actor, index: number): number {
    return this.shadow === null || this.find(index) === null
      ? this.supply(actor, index)
      : this.vm.copyOf(actor, this, index);
  }

  /** Gives the copy what is seen here at page `index`, unless it has that page already. False when there is no frame for it. */
  private handToCopy(actor: Actor, copy: MemoryObject, index: number): boolean {
    const above = index - copy.shadowIndex;
    return above < 0 || above >= copy.pageCount || copy.has(above) || copy.page(actor, above) !== noFrame;
  }
}
