/**
 * How many bytes of a device's address space a mapping of a descriptor takes: each piece by itself, in whole pages. It follows
 * from where the pieces lie, not from their frames, so nothing has to be prepared.
 */
import type { DMAMapLength } from './memory-descriptor.ts';
import type { ReferenceEntry } from './memory-reference.ts';
import type { Run } from './ranges.ts';

export function dmaMapLength(
  pieces: readonly (ReferenceEntry | Run)[],
  from: number,
  length: number,
  pageSize: number,
): DMAMapLength {
  let bytes = 0;
  let offset = -1;
  for (const piece of pieces) {
    const start = Math.max(from, piece.offset);
    const end = Math.min(from + length, piece.offset + piece.length);
    if (start >= end) continue;
    const pageOffset = 'pageOffset' in piece ? piece.pageOffset : piece.address;
    const within = (pageOffset + (start - piece.offset)) % pageSize;
    if (offset < 0) offset = within;
    bytes += Math.ceil((within + (end - start)) / pageSize) * pageSize;
  }
  return offset < 0 ? { length, offset: 0 } : { length: bytes, offset };
}
