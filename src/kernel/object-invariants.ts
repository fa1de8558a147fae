/**
 * What must hold of memory objects among themselves: chains of shadows and copies are as both ends say, a page is in one place,
 * a slot of swap space is one page's, and what is volatile is lined up.
 */
import type { MemoryObject } from '../vm/memory-object.ts';
import { VM_PURGABLE_VOLATILE } from '../vm/purgeable.ts';
import type { Kernel } from './kernel.ts';

/** Every one that does not hold, in words. `objects` are all there are. */
export function checkObjects(kernel: Kernel, objects: ReadonlySet<MemoryObject>): string[] {
  const found: string[] = [];
  const shown = new Map<MemoryObject, number>();
  for (const { entries } of kernel.vm.spaces)
    for (const entry of entries) {
      if (entry.object === null) continue;
      shown.set(entry.object, (shown.get(entry.object) ?? 0) + 1);
      if (!entry.object.shownBy.has(entry)) found.push('an object does not know an entry that shows it');
    }
  for (const object of objects) {
    if (object.shownBy.size !== (shown.get(object) ?? 0)) found.push('an object knows entries that do not show it');
    checkChain(kernel, object, objects, found);
    checkPages(kernel, object, found);
  }
  checkSlots(kernel, objects, found);
  const volatile = [...objects].filter(({ purgeable }) => purgeable === VM_PURGABLE_VOLATILE);
  const { purgeQueue } = kernel.vm;
  if (volatile.length !== purgeQueue.objects.length || !volatile.every((object) => purgeQueue.objects.includes(object)))
    found.push(`${volatile.length} objects are volatile, but ${purgeQueue.objects.length} are lined up`);
  return found;
}

function checkChain(kernel: Kernel, object: MemoryObject, objects: ReadonlySet<MemoryObject>, found: string[]): void {
  const { byHand, vm } = kernel;
  const { shadow, copy } = object;
  if (shadow !== null && !shadow.shadowedBy.has(object)) found.push('an object does not know what shadows it');
  for (const upper of object.shadowedBy) {
    if (upper.shadow !== object) found.push('an object is shadowed by one that shadows another');
    if (!objects.has(upper)) found.push('an object is shadowed by one that is gone');
  }
  if (copy !== null && copy.shadow !== object) found.push('the copy of an object does not shadow it');
  for (const upper of object.shadowedBy)
    if (upper !== copy && !byHand.isShadow(upper) && isStoredBelow(vm.pageSize, object, upper))
      found.push('an object is stored to where another one sees through to it');
  const seen = new Set<MemoryObject>();
  for (let below: MemoryObject | null = object; below !== null; below = below.shadow) {
    if (seen.has(below)) {
      found.push('a chain of shadows is a circle');
      break;
    }
    seen.add(below);
  }
}

/** Whether an entry that may store shows a page of `object` that `upper` lies over. */
function isStoredBelow(pageSize: number, object: MemoryObject, upper: MemoryObject): boolean {
  const first = upper.shadowIndex * pageSize;
  for (const entry of object.shownBy.keys()) {
    if (entry.needsCopy || entry.offset >= first + upper.size) continue;
    if (entry.offset + (entry.end - entry.start) > first) return true;
  }
  return false;
}

function checkPages(kernel: Kernel, object: MemoryObject, found: string[]): void {
  const { residents } = kernel.vm;
  const last = object.pageCount;
  for (const [index, frame] of object.pages) {
    if (!(index >= 0 && index < last)) found.push(`an object of ${last} pages has page ${index}`);
    if (
      object.pageable &&
      residents !== null &&
      (residents.objectOf(frame) !== object || residents.indexOf(frame) !== index)
    )
      found.push(`frame ${frame} is not known to be page ${index} of its object`);
  }
  for (const index of object.slots.keys())
    if (!(index >= 0 && index < last)) found.push(`an object of ${last} pages has page ${index} in swap`);
  for (const index of object.absent.keys())
    if (!object.pages.has(index)) found.push(`page ${index} is awaited, but has no frame`);
}

function checkSlots(kernel: Kernel, objects: ReadonlySet<MemoryObject>, found: string[]): void {
  const { swap } = kernel.vm;
  const taken = new Set<number>();
  for (const object of objects)
    for (const slot of object.slots.values()) {
      if (taken.has(slot)) found.push(`slot ${slot} holds two pages`);
      if (swap?.isTaken(slot) !== true) found.push(`slot ${slot} holds a page, but is free`);
      taken.add(slot);
    }
  if (swap !== null && swap.used !== taken.size)
    found.push(`${taken.size} slots hold pages, but ${swap.used} are in use`);
}
