/**
 * The address space of a task: which ranges show which memory, with which rights. The page table below it is only a cache of
 * what the entries say: translations come with faults and go when an entry goes or loses rights.
 *
 * Its lock is waited for by the kernel calls that map, unmap, protect, allocate, deallocate and fault (execution.md, rule 4);
 * the methods here do their work in one step.
 */
import { PageFate } from '../hardware/page-fate.ts';
import { addressLimit, pteCacheShift, pteFrameShift, pteRights } from '../hardware/page-table.ts';
import { EntryList } from './entry-list.ts';
import {
  KERN_ABORTED,
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  type KernReturn,
} from './kern-return.ts';
import { SleepLock } from './lock.ts';
import { MapEntry, VM_PROT_WRITE } from './map-entry.ts';
import { type MemoryObject, noFrame } from './memory-object.ts';
import { resolveCopy } from './shadow.ts';
import { SpaceGates } from './space-gates.ts';
import type { Actor } from './steps.ts';
import { dropTranslations, reduceTranslations } from './translations.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import { windowEnd, windowStart } from './windows.ts';

/** What `place` answers when nothing fits: page 0 is never mapped. */
export const nowhere = 0;

/** Makes the object that is to be allocated. */
export type MakeObject = (vm: VirtualMemory, actor: Actor, size: number) => MemoryObject | null;

const pageableObject: MakeObject = (vm, actor, size) => vm.createObject(actor, size);

export class AddressSpace {
  readonly entries: EntryList;
  readonly lock: SleepLock;
  readonly gates: SpaceGates;
  terminated = false;
  /** Moves with every change of the entries: who let go of the lock sees whether somebody made one. */
  version = 0;
  /** Actor's pool → where its next range goes. */
  private readonly next = new Map<number, number>();

  /** @param number of its page table; 0 is the kernel's */
  constructor(
    private readonly vm: VirtualMemory,
    readonly number: number,
    readonly name: string,
  ) {
    this.entries = new EntryList(vm.journal);
    this.lock = new SleepLock(vm.journal, `the map lock of ${name}`);
    this.gates = new SpaceGates(vm, this);
  }

  /**
   * Allocates zero-filled memory at `address`, or anywhere when that is null. Returns the address, or minus a Mach code.
   *
   * @param make the object; null when memory is short
   */
  allocate(
    actor: Actor,
    size: number,
    address: number | null,
    protection: number,
    maxProtection: number,
    make: MakeObject = pageableObject,
  ): number {
    const bytes = this.vm.roundPage(size);
    const vacant = address === null ? KERN_SUCCESS : this.vacancy(address, bytes);
    if (vacant !== KERN_SUCCESS) return address === nowhere ? -KERN_NO_SPACE : -vacant;
    const object = make(this.vm, actor, bytes);
    if (object === null) return -KERN_RESOURCE_SHORTAGE;
    const start = address ?? this.place(actor, bytes);
    const code = this.enter(actor, start, bytes, object, 0, protection, maxProtection, false);
    object.release(actor);
    if (start === nowhere) return -KERN_NO_SPACE;
    return code === KERN_SUCCESS ? start : -code;
  }

  /**
   * Reserves an address for `size` bytes that may go anywhere; `nowhere` when the actor's window is full. Addresses are not
   * used again until the window is exhausted, so that a stale pointer faults for as long as possible.
   */
  place(actor: Actor, size: number): number {
    if (this.terminated || !(size > 0)) return nowhere;
    const start = windowStart(this.number, actor.pool);
    const end = windowEnd(this.number, actor.pool);
    const before = this.next.get(actor.pool);
    let found = this.gap(before ?? start, end, size);
    if (found === nowhere) found = this.gap(start, end, size);
    if (found === nowhere) return nowhere;
    this.next.set(actor.pool, found + size);
    this.vm.journal.undo(() =>
      before === undefined ? this.next.delete(actor.pool) : this.next.set(actor.pool, before),
    );
    return found;
  }

  /**
   * Shows `size` bytes of `object` from `offset` at `address`, all of them whole pages; object null reserves the range as a
   * guard. The range must be free unless `overwrite`. Takes a reference of its own. With `needsCopy` others see the object as
   * well, and stores here stay here.
   */
  enter(
    actor: Actor,
    address: number,
    size: number,
    object: MemoryObject | null,
    offset: number,
    protection: number,
    maxProtection: number,
    overwrite: boolean,
    needsCopy = false,
  ): KernReturn {
    const end = address + size;
    if (!this.isPage(offset) || (object !== null && offset + size > object.size)) return KERN_INVALID_ARGUMENT;
    const vacant = this.vacancy(address, size);
    if (vacant !== KERN_SUCCESS && !(overwrite && vacant === KERN_NO_SPACE)) return vacant;
    if (overwrite) this.remove(actor, address, end);
    object?.retain();
    this.add(new MapEntry(address, end, object, offset, protection & maxProtection, maxProtection, needsCopy));
    this.vm.entryListener?.(PageFate.Entered, this.number, address, end);
    this.changed();
    return KERN_SUCCESS;
  }

  /** Why `size` bytes, whole pages, cannot be entered at `address`: KERN_NO_SPACE where something is mapped already. */
  private vacancy(address: number, size: number): KernReturn {
    if (this.terminated || !(size > 0) || !this.isPage(address) || !this.isPage(size)) return KERN_INVALID_ARGUMENT;
    if (address < this.vm.pageSize || !this.reaches(address + size)) return KERN_INVALID_ADDRESS;
    return this.isFree(address, address + size) ? KERN_SUCCESS : KERN_NO_SPACE;
  }

  /** Unmaps every page that has a byte from `start` to before `end`. Holes are no error. */
  remove(actor: Actor, start: number, end: number): void {
    for (const entry of this.clip(this.vm.truncatePage(start), this.vm.roundPage(end))) {
      dropTranslations(this.vm, this, entry);
      this.vm.entryListener?.(PageFate.Removed, this.number, entry.start, entry.end);
      this.drop(actor, entry);
      this.changed();
    }
  }

  /** Changes the rights of every page from `start` to before `end`, or of none. */
  protect(start: number, end: number, protection: number): KernReturn {
    const from = this.vm.truncatePage(start);
    const to = this.vm.roundPage(end);
    // Beyond 2^53 a sum may be what one of its terms is.
    if (!this.reaches(to)) return KERN_INVALID_ADDRESS;
    let expected = from;
    for (const entry of this.entries.overlapping(from, to)) {
      if (entry.start > expected) return KERN_INVALID_ADDRESS;
      if ((protection & ~entry.maxProtection) !== 0) return KERN_PROTECTION_FAILURE;
      expected = entry.end;
    }
    if (expected < to) return KERN_INVALID_ADDRESS;
    for (const entry of this.clip(from, to)) {
      this.vm.journal.set(entry, 'protection', protection);
      reduceTranslations(this.vm, this, entry);
      this.changed();
    }
    return KERN_SUCCESS;
  }

  /** Whether there are addresses up to before `end`. */
  reaches(end: number): boolean {
    return end <= addressLimit;
  }

  lookup(address: number): MapEntry | null {
    return this.entries.at(address);
  }

  isFree(start: number, end: number): boolean {
    const entry = this.entries.firstEndingAfter(start);
    return entry === null || entry.start >= end;
  }

  /** The first gap of `size` bytes between `start` and `end`, or `nowhere`. */
  gap(start: number, end: number, size: number): number {
    let from = start;
    while (from + size <= end) {
      const entry = this.entries.firstEndingAfter(from);
      if (entry === null || entry.start >= from + size) return from;
      from = entry.end;
    }
    return nowhere;
  }

  /** Makes `address` accessible for `access` (VM_PROT bits) by entering its translation. */
  fault(actor: Actor, address: number, access: number): KernReturn {
    const entry = this.entries.at(address);
    if (entry === null) return KERN_INVALID_ADDRESS;
    if ((access & ~entry.protection) !== 0 || entry.object === null) return KERN_PROTECTION_FAILURE;
    if (this.gates.of(entry, address) !== null) return KERN_ABORTED;
    const write = (access & VM_PROT_WRITE) !== 0;
    if (write && entry.needsCopy) resolveCopy(this.vm, actor, this, entry);
    const { object } = entry;
    const page = Math.floor(address / this.vm.pageSize);
    const index = page - (entry.start - entry.offset) / this.vm.pageSize;
    const lost = write || object.lost.size === 0 ? undefined : object.lost.get(index);
    const frame = write ? object.page(actor, index, true) : object.look(actor, index);
    if (frame === noFrame) return object.shortage;
    if (lost !== undefined) this.vm.client.lost(actor, lost === noFrame ? frame : lost, address);
    const rights = !entry.needsCopy && object.isPrivate(index) ? entry.protection : entry.protection & ~VM_PROT_WRITE;
    const translation = (frame << pteFrameShift) | (object.cacheMode << pteCacheShift) | (rights & pteRights);
    return this.vm.hardware.tables.set(this.number, page, translation) ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
  }

  /** Notes whose the entries from `start` to before `end` are. They were entered in this step, so that the journal drops them. */
  mark(start: number, end: number, owner: object): void {
    for (const entry of this.entries.overlapping(start, end)) entry.owner = owner;
  }

  /** The first address from `start` to before `end` at which there is something that is not `owner`'s; null: there is no such. */
  firstOther(start: number, end: number, owner: object): number | null {
    const other = this.entries.overlapping(start, end).find((entry) => entry.owner !== owner);
    return other === undefined ? null : Math.max(start, other.start);
  }

  /** Unmaps what there is of `owner`'s from `start` to before `end`. */
  removeOwn(actor: Actor, start: number, end: number, owner: object): void {
    for (const entry of this.entries.overlapping(start, end))
      if (entry.owner === owner) this.remove(actor, entry.start, entry.end);
  }

  /** Lets `entry` show another object, to which the caller has a reference; the one to the former is the caller's again. */
  show(entry: MapEntry, object: MemoryObject, offset: number): void {
    const before = entry.object!;
    this.unlink(entry, before);
    this.vm.journal.set(entry, 'object', object as MemoryObject | null);
    this.vm.journal.set(entry, 'offset', offset);
    this.link(entry, object);
  }

  /** The entries from `start` to before `end`, divided where they reach beyond. */
  clip(start: number, end: number): MapEntry[] {
    this.divide(start);
    this.divide(end);
    return this.entries.overlapping(start, end);
  }

  /** Removes the translations of whole pages; the next access to each faults. */
  forgetTranslations(start: number, end: number): void {
    for (const entry of this.clip(start, end)) dropTranslations(this.vm, this, entry);
  }

  /** The task is dead: nothing is mapped here any more, nor ever again. */
  terminate(actor: Actor): void {
    if (this.terminated) return;
    this.vm.journal.set(this as AddressSpace, 'terminated', true);
    this.vm.hardware.tables.destroy(this.number);
    for (const entry of [...this.entries]) this.drop(actor, entry);
  }

  private changed(): void {
    this.vm.journal.set(this as AddressSpace, 'version', this.version + 1);
  }

  private isPage(value: number): boolean {
    return value % this.vm.pageSize === 0;
  }

  private divide(address: number): void {
    const entry = this.entries.at(address);
    if (entry === null || entry.start === address) return;
    const { object, offset, protection, maxProtection, needsCopy } = entry;
    object?.retain();
    const from = offset + (address - entry.start);
    const upper = new MapEntry(address, entry.end, object, from, protection, maxProtection, needsCopy);
    upper.gate = entry.gate;
    upper.owner = entry.owner;
    upper.origin = entry.origin;
    this.vm.journal.set(entry, 'end', address);
    this.add(upper);
  }

  private add(entry: MapEntry): void {
    this.entries.insert(entry);
    if (entry.object !== null) this.link(entry, entry.object);
  }

  private drop(actor: Actor, entry: MapEntry): void {
    this.entries.remove(entry);
    (entry.gate ?? entry.object?.gate)?.wake();
    if (entry.object === null) return;
    this.unlink(entry, entry.object);
    entry.object.release(actor);
  }

  private link(entry: MapEntry, object: MemoryObject): void {
    object.shownBy.set(entry, this);
    this.vm.journal.undo(() => object.shownBy.delete(entry));
  }

  private unlink(entry: MapEntry, object: MemoryObject): void {
    object.shownBy.delete(entry);
    this.vm.journal.undo(() => object.shownBy.set(entry, this));
  }
}
