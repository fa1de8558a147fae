/** What there is to wire when a descriptor still follows its task: each range by itself, through the map as it is now. */
import type { AddressSpace } from '../vm/address-space.ts';
import { KERN_PROTECTION_FAILURE } from '../vm/kern-return.ts';
import { VM_PROT_WRITE } from '../vm/map-entry.ts';
import { divide } from './memory-reference.ts';
import type { PagePlace, Stretch } from './page-list.ts';
import type { AddressRange } from './ranges.ts';
import { type IOReturn, kIOReturnCannotWire } from './return-codes.ts';

export function stretchesOf(space: AddressSpace, ranges: readonly AddressRange[], pageSize: number): Stretch[] {
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
        locate: (page, write) => pageOf(space, firstPage + page * pageSize, write, pageSize),
      });
    });
    offset += length;
  }
  return stretches;
}

/** Permission to read is not asked for: the sources never do when they wire through a map. */
function pageOf(space: AddressSpace, address: number, write: boolean, pageSize: number): PagePlace | IOReturn {
  const entry = space.lookup(address);
  if (entry === null || entry.object === null) return kIOReturnCannotWire;
  if (write && (entry.protection & VM_PROT_WRITE) === 0) return KERN_PROTECTION_FAILURE;
  return { object: entry.object, index: (address - entry.start + entry.offset) / pageSize };
}
