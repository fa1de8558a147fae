/** What there is to wire when a descriptor still follows its task: each range by itself, through the map as it is now. */
import type { AccessGate } from '../vm/access-gate.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { KERN_PROTECTION_FAILURE } from '../vm/kern-return.ts';
import { VM_PROT_WRITE } from '../vm/map-entry.ts';
import { resolveCopy } from '../vm/shadow.ts';
import type { Actor } from '../vm/steps.ts';
import type { UniversalPageList } from '../vm/universal-page-list.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';
import { divide, type MemoryReference } from './memory-reference.ts';
import type { PagePlace, Stretch } from './page-list.ts';
import type { AddressRange } from './ranges.ts';
import { type IOReturn, kIOReturnCannotWire } from './return-codes.ts';
import type { Source } from './source.ts';

/** @param found hears of each page that is about to be wired, by its address */
export function stretchesOf(
  vm: VirtualMemory,
  space: AddressSpace,
  ranges: readonly AddressRange[],
  found: (actor: Actor, address: number) => void,
): Stretch[] {
  const { pageSize } = vm;
  const stretches: Stretch[] = [];
  let offset = 0;
  for (const { address, length } of ranges) {
    const start = offset;
    divide(address % pageSize, length, (inside, pageOffset, size) => {
      const firstPage = address + inside - pageOffset;
      stretches.push({
        offset: start + inside,
        length: size,
        pageOffset,
        locate(page, write, actor) {
          const address = firstPage + page * pageSize;
          found(actor, address);
          return pageOf(vm, actor, space, address, write);
        },
      });
    });
    offset += length;
  }
  return stretches;
}

/** The pages of a list: held already, so that wiring them only counts. */
export function stretchesOfList(upl: UniversalPageList, range: AddressRange, pageSize: number): Stretch[] {
  const stretches: Stretch[] = [];
  divide(range.address % pageSize, range.length, (inside, pageOffset, length) => {
    const first = upl.first + Math.floor((range.address + inside) / pageSize);
    stretches.push({
      offset: inside,
      length,
      pageOffset,
      locate: (page) => ({ object: upl.object, index: first + page }),
    });
  });
  return stretches;
}

/** The physical memory of a list's pages, page by page. */
export function rangesOf(upl: UniversalPageList, { address, length }: AddressRange, pageSize: number): AddressRange[] {
  const ranges: AddressRange[] = [];
  for (let at = address; at < address + length; ) {
    const inPage = at % pageSize;
    const part = Math.min(pageSize - inPage, address + length - at);
    ranges.push({ address: upl.frames[Math.floor(at / pageSize)]! * pageSize + inPage, length: part });
    at += part;
  }
  return ranges;
}

/** A gate before what is to be wired, or null. */
export function gateBefore(
  vm: VirtualMemory,
  { ranges, space }: Source,
  reference: MemoryReference | null,
): AccessGate | null {
  if (vm.shutGates === 0) return null;
  if (reference !== null) return reference.entries.find(({ object }) => object.gate !== null)?.object.gate ?? null;
  for (const { address, length } of ranges) {
    const gate = space?.gates.firstIn(address, address + length) ?? null;
    if (gate !== null) return gate;
  }
  return null;
}

/**
 * Permission to read is not asked for: the sources never do when they wire through a map. Whoever is about to get a page of his
 * own gets it now, also where it is only read: a device must go on seeing what the task stores.
 */
function pageOf(
  vm: VirtualMemory,
  actor: Actor,
  space: AddressSpace,
  address: number,
  write: boolean,
): PagePlace | IOReturn {
  const entry = space.lookup(address);
  if (entry === null || entry.object === null) return kIOReturnCannotWire;
  if (write && (entry.protection & VM_PROT_WRITE) === 0) return KERN_PROTECTION_FAILURE;
  if (entry.needsCopy) resolveCopy(vm, actor, space, entry);
  return { object: entry.object, index: (address - entry.start + entry.offset) / vm.pageSize };
}
