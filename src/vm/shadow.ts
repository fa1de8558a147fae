/**
 * Copy-on-write. A copy of memory shares its pages with the original until one of them is stored to. How depends on who else
 * stores to the original:
 *
 * - *symmetric*: only entries of address spaces do. Both sides are marked `needsCopy`, and whoever stores first gets an object
 *   of its own that shadows what was shared, which nobody stores to any more.
 * - *delayed*: descriptors or other tasks hold the original and must go on sharing it. The copy is an object that shadows it, and
 *   the original hands each page over before the first store to it.
 * - *slow*: page by page, at once. For memory that is not the VM's own, that may be emptied, or that a device may be storing to.
 */
import type { AddressSpace } from './address-space.ts';
import type { MapEntry } from './map-entry.ts';
import type { MemoryObject } from './memory-object.ts';
import { VM_PURGABLE_DENY } from './purgeable.ts';
import type { Actor } from './steps.ts';
import { writeProtect } from './translations.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** A window of an object that shows a copy. Whoever is given it has a reference to the object. */
export interface Copied {
  readonly object: MemoryObject;
  readonly offset: number;
  /** The object must not be stored to through this window. */
  readonly needsCopy: boolean;
}

/** A copy of what `entry` shows from `start` to before `end`; null when there is not enough memory. */
export function copyEntry(
  vm: VirtualMemory,
  actor: Actor,
  space: AddressSpace,
  entry: MapEntry,
  start: number,
  end: number,
): Copied | null {
  const object = entry.object!;
  const offset = entry.offset + (start - entry.start);
  const first = offset / vm.pageSize;
  const last = first + (end - start) / vm.pageSize;
  if (entry.needsCopy) return { object: object.retain(), offset, needsCopy: true };
  if (object.trueShare || mustCopySlowly(vm, object, first, last)) return copyShared(vm, actor, object, first, last);
  // What is around it is not copied, and need not be copied when it is stored to.
  for (const part of space.clip(start, end)) vm.journal.set(part, 'needsCopy', true);
  writeProtect(vm, object, first, last);
  return { object: object.retain(), offset, needsCopy: true };
}

/** A copy of pages `first` to before `end` of an object that others go on storing to; null when there is not enough memory. */
export function copyShared(
  vm: VirtualMemory,
  actor: Actor,
  object: MemoryObject,
  first: number,
  end: number,
): Copied | null {
  if (mustCopySlowly(vm, object, first, end)) return copySlowly(vm, actor, object, first, end);
  return { object: delayedCopy(vm, actor, object), offset: first * vm.pageSize, needsCopy: true };
}

/** Gives an entry that needs a copy an object of its own. What it shows does not change, and no page is copied yet. */
export function resolveCopy(vm: VirtualMemory, actor: Actor, space: AddressSpace, entry: MapEntry): void {
  const object = entry.object!;
  collapse(vm, actor, object);
  if (object.references > 1) {
    const upper = vm.createObject(actor, entry.end - entry.start);
    setShadow(vm, upper, object.retain(), entry.offset / vm.pageSize);
    vm.journal.set(upper, 'cacheMode', object.cacheMode);
    space.show(entry, upper, 0);
    object.release(actor);
  }
  vm.journal.set(entry, 'needsCopy', false);
}

/** The memory of `entry` as others can share it with the task: an object that is not about to be exchanged for another one. */
export function shareEntry(vm: VirtualMemory, actor: Actor, space: AddressSpace, entry: MapEntry): MemoryObject {
  if (entry.needsCopy) resolveCopy(vm, actor, space, entry);
  const object = entry.object!;
  if (!object.trueShare) vm.journal.set(object, 'trueShare', true);
  return object;
}

/** Sets what `object` shows from below; takes over the reference to `below`. */
export function setShadow(vm: VirtualMemory, object: MemoryObject, below: MemoryObject | null, index: number): void {
  const { journal } = vm;
  journal.set(object, 'shadow', below);
  journal.set(object, 'shadowIndex', below === null ? 0 : index);
  if (below === null) return;
  below.shadowedBy.add(object);
  journal.undo(() => below.shadowedBy.delete(object));
}

/**
 * Shortens the chain below `object`: an object that only this one can reach gives it its pages, and one of which nothing is
 * seen any more is passed over. Without this the chain would grow with every copy.
 */
export function collapse(vm: VirtualMemory, actor: Actor, object: MemoryObject): void {
  for (let below = object.shadow; below !== null; below = object.shadow) {
    if (below.absent.size > 0) return;
    if (below.references === 1) absorb(vm, actor, object, below);
    else if (isHidden(object, below)) passOver(vm, actor, object, below);
    else return;
  }
}

function mustCopySlowly(vm: VirtualMemory, object: MemoryObject, first: number, end: number): boolean {
  if (!object.pageable || object.purgeable !== VM_PURGABLE_DENY) return true;
  let pinned = false;
  object.forResident(first, end, (_index, frame) => {
    if (vm.isPinned(frame)) pinned = true;
  });
  return pinned;
}

function copySlowly(vm: VirtualMemory, actor: Actor, object: MemoryObject, first: number, end: number): Copied | null {
  const copied = vm.createObject(actor, (end - first) * vm.pageSize);
  for (let index = first; index < end; index++) {
    // A page that is still to come holds nothing.
    if ((object.pageable && object.find(index) === null) || object.absent.has(index)) continue;
    const frame = vm.copyOf(actor, object, index);
    if (frame < 0) {
      copied.release(actor);
      return null;
    }
    copied.insert(index - first, frame);
  }
  return { object: copied, offset: 0, needsCopy: false };
}

/** An object that goes on seeing what `object` holds now, with a reference for the caller. */
function delayedCopy(vm: VirtualMemory, actor: Actor, object: MemoryObject): MemoryObject {
  const older = object.copy;
  // Nothing was handed over since: what it sees is still what there is.
  if (older !== null && older.size === object.size && older.pages.size + older.slots.size === 0 && isSettled(older))
    return older.retain();
  const { journal } = vm;
  const copy = vm.createObject(actor, object.size);
  journal.set(copy, 'cacheMode', object.cacheMode);
  setShadow(vm, copy, object.retain(), 0);
  if (older !== null) {
    // The older one sees pages through the newer one, so each page is handed over once.
    const index = older.shadowIndex;
    unsetShadow(vm, older, object);
    setShadow(vm, older, copy.retain(), index);
    object.release(actor);
  }
  journal.set(object, 'copy', copy);
  writeProtect(vm, object, 0, object.pageCount);
  return copy;
}

/** Whether nobody stores to a copy: one that was merged with what shadowed it may belong to somebody who does. */
function isSettled(copy: MemoryObject): boolean {
  for (const entry of copy.shownBy.keys()) if (!entry.needsCopy) return false;
  return !copy.trueShare;
}

/** `below` has no other holder: its pages become those of `object`, and it goes. */
function absorb(vm: VirtualMemory, actor: Actor, object: MemoryObject, below: MemoryObject): void {
  const { journal } = vm;
  for (const index of [...below.pages.keys()]) {
    const above = index - object.shadowIndex;
    const seen = above >= 0 && above < object.pageCount && !object.has(above);
    const slot = below.slots.get(index);
    const frame = below.remove(index);
    if (slot !== undefined) below.setSlot(index, null);
    if (seen) {
      object.take(above, frame);
      if (slot !== undefined) object.setSlot(above, slot);
    } else {
      vm.disown(actor, frame);
      if (slot !== undefined) vm.swap!.free(slot);
    }
  }
  for (const [index, slot] of [...below.slots]) {
    const above = index - object.shadowIndex;
    below.setSlot(index, null);
    if (above >= 0 && above < object.pageCount && !object.has(above)) object.setSlot(above, slot);
    else vm.swap!.free(slot);
  }
  const { shadow } = below;
  const index = object.shadowIndex + below.shadowIndex;
  const wasCopy = shadow !== null && shadow.copy === below;
  if (shadow !== null) unsetShadow(vm, below, shadow);
  unsetShadow(vm, object, below);
  setShadow(vm, object, shadow, index);
  if (wasCopy) journal.set(shadow, 'copy', object);
  below.release(actor);
}

/** Whether nothing of `below` can be seen through `object`. */
function isHidden(object: MemoryObject, below: MemoryObject): boolean {
  // What lies further down may be stored to, and then only `below` is asked to keep what was there.
  if (below.copy !== null || (below.shadow !== null && below.shadow.copy !== null)) return false;
  for (const pages of [below.pages, below.slots]) {
    for (const index of pages.keys()) {
      const above = index - object.shadowIndex;
      if (above >= 0 && above < object.pageCount && !object.has(above)) return false;
    }
  }
  return true;
}

function passOver(vm: VirtualMemory, actor: Actor, object: MemoryObject, below: MemoryObject): void {
  const { shadow } = below;
  const index = object.shadowIndex + below.shadowIndex;
  unsetShadow(vm, object, below);
  setShadow(vm, object, shadow?.retain() ?? null, index);
  below.release(actor);
}

/** Takes `object` off `below`; the reference is the caller's. */
function unsetShadow(vm: VirtualMemory, object: MemoryObject, below: MemoryObject): void {
  below.shadowedBy.delete(object);
  vm.journal.undo(() => below.shadowedBy.add(object));
  vm.journal.set(object, 'shadow', null);
  if (below.copy === object) vm.journal.set(below, 'copy', null);
}
