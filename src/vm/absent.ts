/**
 * Absent pages: allocated and wired, but with nothing in them that anybody may see until a device has filled them. Whoever
 * touches one sleeps until then (xnu-reference 3.1-9 to 3.1-11).
 */
import type { MemoryObject } from './memory-object.ts';
import { type Actor, WaitQueue } from './steps.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Makes page `index`, of which nothing is known so far, an absent one over `frame`. */
export function expectPage(vm: VirtualMemory, object: MemoryObject, index: number, frame: number): void {
  object.insert(index, frame);
  object.absent.set(index, new WaitQueue(`page ${index} of an object, which a device is filling`));
  vm.journal.undo(() => object.absent.delete(index));
}

/** The page holds what it was expected to. */
export function pageArrived(vm: VirtualMemory, actor: Actor, object: MemoryObject, index: number): void {
  const frame = object.pages.get(index);
  if (!settle(vm, actor, object, index) || frame === undefined) return;
  if (!vm.hardware.frames.isDirty(frame)) vm.hardware.frames.setDirty(frame, 1);
}

/** Nothing came: the page is as if it had never been touched. Its frame is unwired already. */
export function pageFailed(vm: VirtualMemory, actor: Actor, object: MemoryObject, index: number): void {
  // An object that is gone has given its frames back.
  if (settle(vm, actor, object, index) && object.references > 0) vm.disown(actor, object.remove(index));
}

/** Ends the wait for a page; false when it had ended before. */
function settle(vm: VirtualMemory, actor: Actor, object: MemoryObject, index: number): boolean {
  const queue = object.absent.get(index);
  if (queue === undefined) return false;
  object.absent.delete(index);
  vm.journal.undo(() => object.absent.set(index, queue));
  vm.client.wakeAll(actor, queue);
  return true;
}
