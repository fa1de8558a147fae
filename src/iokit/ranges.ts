/** The ranges that a descriptor names: whether they are acceptable, and what they come to (xnu-reference 3.7). */
import { addressLimit } from '../hardware/page-table.ts';

export interface AddressRange {
  readonly address: number;
  readonly length: number;
}

/** Ranges that follow one another without a gap, as one. */
export interface Run extends AddressRange {
  /** Where in the descriptor it begins. */
  readonly offset: number;
}

const endOfAddresses = 2 ** 64;
const physicalPages = 2 ** 32;

/** Whether every virtual range lies in an address space, and all together touch no more pages than memory has. */
export function areVirtualRanges(ranges: readonly AddressRange[], pageSize: number, memoryPages: number): boolean {
  let pages = 0;
  for (const { address, length } of ranges) {
    if (address + length > addressLimit) return false;
    pages += pagesOf(address, length, pageSize);
  }
  return pages <= memoryPages;
}

/** Whether every physical range can be expressed: no wrap, and page numbers of 32 bits, unless it is another machine's. */
export function arePhysicalRanges(ranges: readonly AddressRange[], pageSize: number, remote: boolean): boolean {
  let pages = 0;
  for (const { address, length } of ranges) {
    const end = address + length + pageSize - 1;
    if (end >= endOfAddresses || (!remote && Math.floor(end / pageSize) > physicalPages)) return false;
    pages += pagesOf(address, length, pageSize);
  }
  return pages < physicalPages;
}

/** A sum as the sources compute it where they do not check: in 64 bits. Beyond 2^53 to the nearest double, as all sizes are. */
export function wrap64(sum: number): number {
  return sum >= endOfAddresses ? sum - endOfAddresses : sum;
}

export function totalLength(ranges: readonly AddressRange[]): number {
  return ranges.reduce((sum, range) => sum + range.length, 0);
}

/** The ranges with their offsets, those that are adjacent merged and empty ones left out. */
export function mergeAdjacent(ranges: readonly AddressRange[]): Run[] {
  const runs: Run[] = [];
  let offset = 0;
  for (const { address, length } of ranges) {
    if (length === 0) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined && last.address + last.length === address) {
      runs[runs.length - 1] = { ...last, length: last.length + length };
    } else {
      runs.push({ address, length, offset });
    }
    offset += length;
  }
  return runs;
}

/** The run that holds byte `offset` of the descriptor, or null. */
export function runAt(runs: readonly Run[], offset: number): Run | null {
  return runs.find((run) => offset >= run.offset && offset < run.offset + run.length) ?? null;
}

export function pagesOf(address: number, length: number, pageSize: number): number {
  return length === 0 ? 0 : Math.ceil((address + length) / pageSize) - Math.floor(address / pageSize);
}
