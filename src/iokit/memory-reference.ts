/**
 * A memory reference: the memory objects behind a descriptor, taken when it is first mapped. From then on the descriptor is
 * tied to them and no longer follows its task's address space (xnu-reference 3.3).
 */
import type { Journal } from '../hardware/journal.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { DevicePager } from '../vm/device-pager.ts';
import { KERN_INVALID_RIGHT } from '../vm/kern-return.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import { copyShared, shareEntry } from '../vm/shadow.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import { type PagePlace, pageListLimit, type Stretch } from './page-list.ts';
import { type AddressRange, pagesOf, type Run } from './ranges.ts';
import type { IOReturn } from './return-codes.ts';

export class ReferenceEntry {
  /**
   * @param objectOffset byte of the object where the first page of the stretch begins
   * @param pageOffset where in that page the stretch begins
   * @param offset where in the descriptor the stretch begins
   */
  constructor(
    readonly object: MemoryObject,
    readonly objectOffset: number,
    readonly pageOffset: number,
    readonly offset: number,
    readonly length: number,
  ) {}
}

export class MemoryReference {
  private constructor(
    private readonly journal: Journal,
    readonly entries: readonly ReferenceEntry[],
    /** VM_PROT bits that maps and wirings may have. */
    public access: number,
    /** What the source granted at the time: how far `access` can be widened. */
    private readonly granted: number,
  ) {}

  /** Over virtual memory. Null where nothing is mapped, or where the task itself may not do what `access` asks for. */
  static ofRuns(
    vm: VirtualMemory,
    actor: Actor,
    space: AddressSpace,
    runs: readonly Run[],
    access: number,
  ): MemoryReference | null {
    const granted = grantedBy(space, runs);
    if (granted === null || (access & ~granted) !== 0) return null;
    const entries: ReferenceEntry[] = [];
    for (const run of runs) {
      const end = run.address + run.length;
      for (let at = run.address; at < end; ) {
        const entry = space.lookup(at)!;
        const object = shareEntry(vm, actor, space, entry);
        const length = Math.min(entry.end, end) - at;
        append(
          entries,
          vm.pageSize,
          object,
          entry.offset + (at - entry.start),
          run.offset + (at - run.address),
          length,
        );
        at += length;
      }
    }
    for (const entry of entries) entry.object.retain();
    return new MemoryReference(vm.journal, entries, access, granted);
  }

  /** Over the first `length` bytes of an object that no task need have mapped. */
  static ofObject(vm: VirtualMemory, object: MemoryObject, length: number, access: number): MemoryReference {
    const entries = [new ReferenceEntry(object.retain(), 0, 0, 0, length)];
    return new MemoryReference(vm.journal, entries, access, VM_PROT_READ | VM_PROT_WRITE);
  }

  /** Over physical memory: one device pager for all of it. */
  static ofPhysical(vm: VirtualMemory, actor: Actor, ranges: readonly AddressRange[], access: number): MemoryReference {
    const { pageSize } = vm;
    const runs = ranges.map(({ address, length }) => ({
      frame: Math.floor(address / pageSize),
      count: pagesOf(address, length, pageSize),
    }));
    const pager = new DevicePager(vm, actor, runs);
    const entries: ReferenceEntry[] = [];
    let offset = 0;
    let objectOffset = 0;
    ranges.forEach(({ address, length }, i) => {
      if (length > 0)
        entries.push(new ReferenceEntry(pager.retain(), objectOffset, address % pageSize, offset, length));
      offset += length;
      objectOffset += runs[i]!.count * pageSize;
    });
    pager.release(actor);
    vm.exposeFrames();
    return new MemoryReference(vm.journal, entries, access, VM_PROT_READ | VM_PROT_WRITE);
  }

  /**
   * What is here now, to be kept whatever becomes of it: for maps of kIOMemoryMapCopyOnWrite (3.3.5). Every map of it gets pages
   * of its own when it stores. Null when there is not enough memory for what cannot be copied later.
   */
  snapshot(vm: VirtualMemory, actor: Actor): MemoryReference | null {
    const entries: ReferenceEntry[] = [];
    for (const { object, objectOffset, pageOffset, offset, length } of this.entries) {
      const first = objectOffset / vm.pageSize;
      const copied = copyShared(vm, actor, object, first, first + Math.ceil((pageOffset + length) / vm.pageSize));
      if (copied === null) {
        for (const entry of entries) entry.object.release(actor);
        return null;
      }
      entries.push(new ReferenceEntry(copied.object, copied.offset, pageOffset, offset, length));
    }
    // A running thread may still store through a translation that allowed it.
    vm.hardware.frames.quarantine?.settle();
    return new MemoryReference(vm.journal, entries, this.access, this.granted);
  }

  /** Whether `access` is allowed; asks the source's permission again when it was not needed so far. */
  widen(access: number): boolean {
    if ((access & ~this.access) === 0) return true;
    if ((access & ~this.granted) !== 0) return false;
    this.journal.set(this as MemoryReference, 'access', this.access | access);
    return true;
  }

  /** What wiring through this reference has to wire. */
  stretches(pageSize: number): Stretch[] {
    const stretches: Stretch[] = [];
    for (const entry of this.entries) {
      divide(entry.pageOffset, entry.length, (inside, pageOffset, length) => {
        const first = Math.floor((entry.objectOffset + entry.pageOffset + inside) / pageSize);
        stretches.push({
          offset: entry.offset + inside,
          length,
          pageOffset,
          locate: (page, write): PagePlace | IOReturn =>
            write && (this.access & VM_PROT_WRITE) === 0
              ? KERN_INVALID_RIGHT
              : { object: entry.object, index: first + page },
        });
      });
    }
    return stretches;
  }

  /** The pages that are in memory, and those of them that were stored to; whole pages, also where the memory begins or ends in one. */
  countPages({ pageSize, hardware }: VirtualMemory): { residentPageCount: number; dirtyPageCount: number } {
    let residentPageCount = 0;
    let dirtyPageCount = 0;
    for (const { object, objectOffset, pageOffset, length } of this.entries) {
      const first = objectOffset / pageSize;
      object.forResident(first, first + Math.ceil((pageOffset + length) / pageSize), (index, frame) => {
        if (object.absent.has(index)) return;
        residentPageCount++;
        if (hardware.frames.isDirty(frame)) dirtyPageCount++;
      });
    }
    return { residentPageCount, dirtyPageCount };
  }

  /** Lets the objects go. */
  release(actor: Actor): void {
    for (const entry of this.entries) entry.object.release(actor);
  }
}

/** What the task may do with all of these ranges, VM_PROT bits; null where nothing is mapped. */
function grantedBy(space: AddressSpace, runs: readonly Run[]): number | null {
  let granted = VM_PROT_READ | VM_PROT_WRITE;
  for (const run of runs) {
    const end = run.address + run.length;
    for (let at = run.address; at < end; ) {
      const entry = space.lookup(at);
      if (entry === null || entry.object === null) return null;
      granted &= entry.protection;
      at = entry.end;
    }
  }
  return granted;
}

/** Adds a stretch, to the entry before it when it goes on in the same object. */
function append(
  entries: ReferenceEntry[],
  pageSize: number,
  object: MemoryObject,
  byte: number,
  offset: number,
  length: number,
): void {
  const last = entries[entries.length - 1];
  if (
    last !== undefined &&
    last.object === object &&
    last.offset + last.length === offset &&
    last.objectOffset + last.pageOffset + last.length === byte &&
    byte % pageSize === 0
  ) {
    entries[entries.length - 1] = new ReferenceEntry(
      object,
      last.objectOffset,
      last.pageOffset,
      last.offset,
      last.length + length,
    );
  } else {
    const pageOffset = byte % pageSize;
    entries.push(new ReferenceEntry(object, byte - pageOffset, pageOffset, offset, length));
  }
}

/** Divides a stretch that starts `pageOffset` bytes into its first page into parts that fit one page list each. */
export function divide(
  pageOffset: number,
  length: number,
  part: (inside: number, pageOffset: number, length: number) => void,
): void {
  for (let inside = 0, within = pageOffset; inside < length; within = 0) {
    const size = Math.min(length - inside, pageListLimit - within);
    part(inside, within, size);
    inside += size;
  }
}
