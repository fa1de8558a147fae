/**
 * From a page of a memory object to the translations that show it: directly, through the entries of address spaces that show
 * the object, and through the objects that shadow it. (Rejected: a list of translations for each frame, which every fault would
 * have to keep; what is asked here is asked rarely.)
 */
import { pteFrameShift, pteRights } from '../hardware/page-table.ts';
import type { AddressSpace } from './address-space.ts';
import { type MapEntry, VM_PROT_WRITE } from './map-entry.ts';
import type { MemoryObject } from './memory-object.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Removes every translation of whatever is seen at page `index` of `object`. The next access there faults. */
export function disconnect(vm: VirtualMemory, object: MemoryObject, index: number): void {
  for (const [entry, space] of object.shownBy) {
    const inEntry = index - entry.offset / vm.pageSize;
    if (inEntry >= 0 && inEntry < (entry.end - entry.start) / vm.pageSize)
      drop(vm, space, entry.start / vm.pageSize + inEntry);
  }
  for (const upper of object.shadowedBy) {
    const above = index - upper.shadowIndex;
    if (above >= 0 && above < upper.pageCount && !upper.has(above)) disconnect(vm, upper, above);
  }
}

/** Makes every translation of pages `first` to before `end` of `object` read-only: the next store there faults. */
export function writeProtect(vm: VirtualMemory, object: MemoryObject, first: number, end: number): void {
  const { tables } = vm.hardware;
  vm.client.copied(object, first, end);
  for (const [entry, space] of object.shownBy) {
    if ((entry.protection & VM_PROT_WRITE) === 0) continue;
    const shown = entry.offset / vm.pageSize;
    const shift = entry.start / vm.pageSize - shown;
    const to = Math.min(end, shown + (entry.end - entry.start) / vm.pageSize);
    object.forResident(Math.max(first, shown), to, (index) => {
      const before = tables.entry(space.number, index + shift);
      if ((before & VM_PROT_WRITE) !== 0) tables.set(space.number, index + shift, before & ~VM_PROT_WRITE);
    });
  }
}

/** Removes a translation: whoever has it taken away reaches the page too. */
function drop(vm: VirtualMemory, space: AddressSpace, page: number): void {
  const before = vm.hardware.tables.clear(space.number, page);
  if (before !== 0) vm.client.reclaimed(before >>> pteFrameShift);
}

/** Removes the translations of an entry that goes. */
export function dropTranslations(vm: VirtualMemory, space: AddressSpace, entry: MapEntry): void {
  forShown(vm, entry, (page) => drop(vm, space, page));
}

/** Rights that were added come with the next fault; rights that were taken must go at once. */
export function reduceTranslations(vm: VirtualMemory, space: AddressSpace, entry: MapEntry): void {
  const { tables } = vm.hardware;
  forShown(vm, entry, (page) => {
    const before = tables.entry(space.number, page);
    if (before === 0) return;
    const rights = before & entry.protection & pteRights;
    if (rights === 0) drop(vm, space, page);
    else {
      vm.client.reclaimed(before >>> pteFrameShift);
      tables.set(space.number, page, (before & ~pteRights) | rights);
    }
  });
}

/** Calls `visit` with the virtual page number of each page of `entry` that can have a translation. */
function forShown(vm: VirtualMemory, entry: MapEntry, visit: (page: number) => void): void {
  const { pageSize } = vm;
  const pages = (entry.end - entry.start) / pageSize;
  let first = entry.offset / pageSize;
  let shift = entry.start / pageSize - first;
  for (let object = entry.object; object !== null; object = object.shadow) {
    const by = shift;
    object.forResident(first, first + pages, (index) => visit(index + by));
    first += object.shadowIndex;
    shift -= object.shadowIndex;
  }
}
