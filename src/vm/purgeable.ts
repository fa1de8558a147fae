/**
 * Purgeable memory: an object whose contents its owner can do without. While it is volatile, memory pressure may empty it; the
 * owner finds out when it takes the object back (xnu-reference 3.5).
 */
import type { Journal } from '../hardware/journal.ts';
import { KERN_INVALID_ARGUMENT, KERN_SUCCESS, type KernReturn } from './kern-return.ts';
import { type MemoryObject, noFrame } from './memory-object.ts';
import type { Actor } from './steps.ts';
import { disconnect } from './translations.ts';
import type { VirtualMemory } from './virtual-memory.ts';

export const VM_PURGABLE_NONVOLATILE = 0;
export const VM_PURGABLE_VOLATILE = 1;
export const VM_PURGABLE_EMPTY = 2;
/** The object is not purgeable. */
export const VM_PURGABLE_DENY = 3;

/** How a volatile object is lined up, and what happens to its translations: the bits above the control value. */
const groupShift = 8;
const groupMask = 7;
const behaviorLifo = 0x40;
const orderingObsolete = 0x20;
const faultOnAccess = 0x2000;

/** A change of state; `state` null asks for the present one alone. */
export interface PurgeableRequest {
  readonly state: number | null;
  /** Group, order and FaultOnAccess, as in kIOMemoryPurgeable words. */
  readonly modifiers: number;
}

/** Changes the state of `object` and says what it was, in one step. */
export function controlPurgeable(
  vm: VirtualMemory,
  actor: Actor,
  object: MemoryObject,
  { state, modifiers }: PurgeableRequest,
): { code: KernReturn; old: number } {
  const old = object.purgeable;
  if (old === VM_PURGABLE_DENY) return { code: KERN_INVALID_ARGUMENT, old };
  if (state === VM_PURGABLE_NONVOLATILE) {
    vm.purgeQueue.leave(object);
    vm.journal.set(object, 'purgeable', VM_PURGABLE_NONVOLATILE);
  } else if (state === VM_PURGABLE_VOLATILE && old !== VM_PURGABLE_EMPTY) {
    vm.purgeQueue.enter(object, modifiers);
    vm.journal.set(object, 'purgeable', VM_PURGABLE_VOLATILE);
  } else if (state === VM_PURGABLE_EMPTY && old !== VM_PURGABLE_EMPTY) {
    empty(vm, actor, object);
  }
  if (state !== null && state !== VM_PURGABLE_NONVOLATILE && (modifiers & faultOnAccess) !== 0) hide(vm, object);
  checkQueue(vm, actor, object);
  return { code: KERN_SUCCESS, old };
}

/** Empties the volatile object that is next; false when there is none that could be. */
export function purgeNext(vm: VirtualMemory, actor: Actor): boolean {
  const object = vm.purgeQueue.next(vm);
  if (object === null) return false;
  for (const [index, frame] of object.pages) lose(vm, object, index, frame);
  for (const index of object.slots.keys()) lose(vm, object, index, noFrame);
  empty(vm, actor, object);
  checkQueue(vm, actor, object);
  return true;
}

/** Volatile objects in the order in which they will be emptied. */
export class PurgeQueue {
  objects: readonly MemoryObject[] = [];

  constructor(private readonly journal: Journal) {}

  /** Lines `object` up (again): obsolete ones first, then by group; behind its like, or with LIFO in front of them. */
  enter(object: MemoryObject, modifiers: number): void {
    this.leave(object);
    const obsolete = (modifiers & orderingObsolete) !== 0;
    const order = obsolete ? 0 : 1 + ((modifiers >>> groupShift) & groupMask);
    const lifo = (modifiers & behaviorLifo) !== 0;
    const at = this.objects.findIndex(({ purgeOrder }) => (lifo ? purgeOrder >= order : purgeOrder > order));
    const queue = [...this.objects];
    queue.splice(at < 0 ? queue.length : at, 0, object);
    this.journal.set(object, 'purgeOrder', order);
    this.journal.set(this as PurgeQueue, 'objects', queue);
  }

  leave(object: MemoryObject): void {
    if (!this.objects.includes(object)) return;
    this.journal.set(
      this as PurgeQueue,
      'objects',
      this.objects.filter((other) => other !== object),
    );
  }

  /** The first that has something to give and nothing that must stay: wired pages are not reclaimed until they are unwired. */
  next(vm: VirtualMemory): MemoryObject | null {
    return this.objects.find((object) => hasPages(object) && !isHeld(vm, object)) ?? null;
  }
}

function hasPages(object: MemoryObject): boolean {
  return object.pages.size + object.slots.size > 0;
}

function isHeld(vm: VirtualMemory, object: MemoryObject): boolean {
  for (const frame of object.pages.values()) if (vm.isPinned(frame)) return true;
  return false;
}

/** The owner has not asked for the contents to go, and may not know. */
function lose(vm: VirtualMemory, object: MemoryObject, index: number, frame: number): void {
  if (object.lost.has(index)) return;
  object.lost.set(index, frame);
  vm.journal.undo(() => object.lost.delete(index));
}

/** I13 of the invariants: an object is lined up exactly while it is volatile. */
function checkQueue(vm: VirtualMemory, actor: Actor, object: MemoryObject): void {
  const isQueued = vm.purgeQueue.objects.includes(object);
  if (isQueued !== (object.purgeable === VM_PURGABLE_VOLATILE)) vm.client.misplaced(actor, isQueued);
}

/** Drops every page but wired ones. */
function empty(vm: VirtualMemory, actor: Actor, object: MemoryObject): void {
  vm.purgeQueue.leave(object);
  vm.journal.set(object, 'purgeable', VM_PURGABLE_EMPTY);
  for (const [index, frame] of [...object.pages]) {
    if (vm.isPinned(frame)) continue;
    disconnect(vm, object, index);
    vm.client.displaced(actor, frame);
    vm.client.reclaimed(frame);
    vm.disown(actor, object.remove(index));
  }
  for (const [index, slot] of [...object.slots]) {
    object.setSlot(index, null);
    vm.swap!.free(slot);
  }
}

/** The next access to any page faults. */
function hide(vm: VirtualMemory, object: MemoryObject): void {
  for (const [index, frame] of [...object.pages]) if (!vm.isPinned(frame)) disconnect(vm, object, index);
}
