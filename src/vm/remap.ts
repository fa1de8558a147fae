/** Mach's `vm_remap`: shows memory of one task in another one, the same memory or a copy of it. */
import { type AddressSpace, nowhere } from './address-space.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_NO_SPACE,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  type KernReturn,
} from './kern-return.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from './map-entry.ts';
import type { MemoryObject } from './memory-object.ts';
import { type Copied, copyEntry, setShadow, shareEntry } from './shadow.ts';
import type { Actor, Steps, WaitQueue } from './steps.ts';
import type { VirtualMemory } from './virtual-memory.ts';

const readWrite = VM_PROT_READ | VM_PROT_WRITE;

/** One piece of a range, as it is to be entered elsewhere. */
export interface Piece extends Copied {
  readonly size: number;
  readonly protection: number;
  readonly maxProtection: number;
}

export interface RemapTarget {
  readonly space: AddressSpace;
  /** A multiple of the page size; null: anywhere. */
  readonly address: number | null;
  readonly overwrite: boolean;
}

/**
 * Shows the whole pages of a range of `source` in another address space, or elsewhere in the same one. Returns the address, or
 * minus a Mach code and nothing is changed.
 */
export function remap(
  vm: VirtualMemory,
  actor: Actor,
  source: AddressSpace,
  address: number,
  size: number,
  copy: boolean,
  target: RemapTarget,
): number {
  const start = vm.truncatePage(address);
  const end = vm.roundPage(address + size);
  const code = checkRange(source, start, end, copy ? VM_PROT_READ : 0);
  if (code !== KERN_SUCCESS) return -code;
  const { space, overwrite } = target;
  const at = target.address ?? space.place(actor, end - start);
  if (at === nowhere || space.terminated) return -KERN_NO_SPACE;
  if (!overwrite && !space.isFree(at, at + end - start)) return -KERN_NO_SPACE;
  if (at < vm.pageSize || !space.reaches(at + end - start)) return -KERN_INVALID_ADDRESS;
  const pieces = copy ? copyRange(vm, actor, source, start, end) : shareRange(vm, actor, source, start, end);
  if (pieces === null) return -KERN_RESOURCE_SHORTAGE;
  if (overwrite) space.remove(actor, at, at + end - start);
  let to = at;
  for (const { object, offset, size: bytes, protection, maxProtection, needsCopy } of pieces) {
    space.enter(actor, to, bytes, object, offset, protection, maxProtection, false, needsCopy);
    object.release(actor);
    to += bytes;
  }
  return at;
}

/** A new object that holds a copy of a range of whole pages, with a reference for the caller; or a Mach code. */
export function copyToObject(
  vm: VirtualMemory,
  actor: Actor,
  source: AddressSpace,
  start: number,
  end: number,
): MemoryObject | KernReturn {
  const code = checkRange(source, start, end, VM_PROT_READ);
  if (code !== KERN_SUCCESS) return code;
  const pieces = copyRange(vm, actor, source, start, end);
  if (pieces === null) return KERN_RESOURCE_SHORTAGE;
  const object = vm.createObject(actor, end - start);
  if (pieces.length === 1) {
    setShadow(vm, object, pieces[0]!.object, pieces[0]!.offset / vm.pageSize);
    return object;
  }
  // An object has one shadow; what lies in several places is put together page by page.
  let complete = true;
  let first = 0;
  for (const piece of pieces) {
    complete = complete && fill(vm, actor, object, first, piece);
    piece.object.release(actor);
    first += piece.size / vm.pageSize;
  }
  if (complete) return object;
  object.release(actor);
  return KERN_RESOURCE_SHORTAGE;
}

/** A copy of each entry of a range that `checkRange` has found good; null when there is not enough memory. */
export function copyRange(
  vm: VirtualMemory,
  actor: Actor,
  source: AddressSpace,
  start: number,
  end: number,
): Piece[] | null {
  const pieces: Piece[] = [];
  for (const entry of source.entries.overlapping(start, end)) {
    const from = Math.max(start, entry.start);
    const to = Math.min(end, entry.end);
    const copied = copyEntry(vm, actor, source, entry, from, to);
    if (copied === null) {
      for (const piece of pieces) piece.object.release(actor);
      return null;
    }
    pieces.push({ ...copied, size: to - from, protection: entry.protection, maxProtection: readWrite });
  }
  // A running thread may still store through a translation that allowed it.
  vm.hardware.frames.quarantine?.settle();
  return pieces;
}

/** Whether a range is mapped throughout, with at least `access`, and has no guards in it. */
export function checkRange(source: AddressSpace, start: number, end: number, access: number): KernReturn {
  let expected = start;
  for (const entry of source.entries.overlapping(start, end)) {
    if (entry.start > expected) return KERN_INVALID_ADDRESS;
    if (entry.object === null || (access & ~entry.protection) !== 0) return KERN_PROTECTION_FAILURE;
    expected = entry.end;
  }
  return expected < end ? KERN_INVALID_ADDRESS : KERN_SUCCESS;
}

/** Waits until every page of a range holds something: what a device is still to fill cannot be copied. */
export function* settled(vm: VirtualMemory, source: AddressSpace, start: number, end: number): Steps<void> {
  for (let queue = pending(vm, source, start, end); queue !== null; queue = pending(vm, source, start, end))
    yield queue;
}

function pending(vm: VirtualMemory, source: AddressSpace, start: number, end: number): WaitQueue | null {
  for (const { object, offset, start: at, end: until } of source.entries.overlapping(start, end)) {
    for (const [index, queue] of object?.absent ?? []) {
      const address = at + index * vm.pageSize - offset;
      if (address >= Math.max(at, start) && address < Math.min(until, end)) return queue;
    }
  }
  return null;
}

function shareRange(vm: VirtualMemory, actor: Actor, source: AddressSpace, start: number, end: number): Piece[] {
  return source.entries.overlapping(start, end).map((entry) => {
    const from = Math.max(start, entry.start);
    return {
      object: shareEntry(vm, actor, source, entry).retain(),
      offset: entry.offset + (from - entry.start),
      size: Math.min(end, entry.end) - from,
      needsCopy: false,
      protection: entry.protection,
      maxProtection: entry.maxProtection,
    };
  });
}

function fill(vm: VirtualMemory, actor: Actor, object: MemoryObject, first: number, piece: Piece): boolean {
  const from = piece.offset / vm.pageSize;
  for (let page = 0; page < piece.size / vm.pageSize; page++) {
    if (piece.object.find(from + page) === null) continue;
    const frame = vm.copyOf(actor, piece.object, from + page);
    if (frame < 0) return false;
    object.insert(first + page, frame);
  }
  return true;
}
