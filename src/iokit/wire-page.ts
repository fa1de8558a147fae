/** One page of a wiring: getting its frame as `prepare` asked for it, and letting it go as `complete` did. */
import { pageArrived, pageFailed } from '../vm/absent.ts';
import { KERN_MEMORY_ERROR, KERN_RESOURCE_SHORTAGE } from '../vm/kern-return.ts';
import { type MemoryObject, noFrame } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import {
  kIODirectionIn,
  kIODirectionOutIn,
  kIODirectionPrepareNoFault,
  kIODirectionPrepareNoZeroFill,
  kIODirectionPrepareToPhys32,
} from './options.ts';
import type { PageList, PagePlace } from './page-list.ts';
import { type IOReturn, kIOReturnCannotWire, kIOReturnNoMemory, kIOReturnNoResources } from './return-codes.ts';

/** The two codes of the VM that `prepare` translates (xnu-reference 2.11), as far as a page fault can answer them. */
const shortage: Record<number, IOReturn> = {
  [KERN_RESOURCE_SHORTAGE]: kIOReturnNoMemory,
  [KERN_MEMORY_ERROR]: kIOReturnNoResources,
};

const lowMemory = 2 ** 32;

/** The frame of a page that is about to be wired; minus a code where there is none. */
export function frameFor(
  vm: VirtualMemory,
  actor: Actor,
  { object, index }: PagePlace,
  write: boolean,
  direction: number,
): number {
  if ((direction & kIODirectionPrepareNoFault) !== 0) {
    const found = object.find(index);
    if (found?.object.pages.has(found.index) !== true) return -kIOReturnNoResources;
  }
  const absent = (direction & kIODirectionPrepareNoZeroFill) !== 0 && mayBeAbsent(object, index);
  // A device that only fills the memory does not look at what was in it.
  const lost = (direction & kIODirectionOutIn) === kIODirectionIn ? undefined : object.lost.get(index);
  const frame = absent ? vm.expect(actor, object, index) : object.page(actor, index, write);
  if (frame === noFrame) return -(shortage[object.shortage] ?? object.shortage);
  if (lost !== undefined) vm.client.lost(actor, lost === noFrame ? frame : lost, 0);
  if ((direction & kIODirectionPrepareToPhys32) === 0 || frame * vm.pageSize < lowMemory) return frame;
  // Memory that is not the VM's own, or that somebody relies on where it is, cannot be moved.
  if (!object.pageable || vm.isPinned(frame)) return -kIOReturnCannotWire;
  const moved = vm.move(actor, object, index, lowMemory / vm.pageSize);
  return moved === noFrame ? -kIOReturnNoMemory : moved;
}

/** Whether nothing is known of a page, and no copy has to be told that it was zero. */
function mayBeAbsent(object: MemoryObject, index: number): boolean {
  return object.pageable && object.copy === null && object.find(index) === null;
}

/** Undoes the wiring of one page. With `failed`, what a device was to fill goes. */
export function releasePage(vm: VirtualMemory, list: PageList, page: number, actor: Actor, failed: boolean): void {
  const object = list.objects[page]!;
  const index = list.absent.get(page);
  if (index !== undefined && !failed) pageArrived(vm, actor, object, index);
  object.unwire(actor, list.frames[page]!);
  if (index !== undefined && failed) pageFailed(vm, actor, object, index);
}

export function releaseList(vm: VirtualMemory, list: PageList, actor: Actor, failed: boolean, from = 0): void {
  for (let page = from; page < list.frames.length; page++) releasePage(vm, list, page, actor, failed);
}
