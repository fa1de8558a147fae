/**
 * The entries of an address space in the order of their addresses. A list of chunks: a lookup is two binary searches, an
 * insertion moves at most one chunk, also with a hundred thousand entries. (Rejected: a balanced tree, which costs an object a
 * node and is slower to walk.)
 *
 * Where chunks are divided is no state: it may differ after a rollback, what is in the list does not.
 */
import type { Journal } from '../hardware/journal.ts';
import type { MapEntry } from './map-entry.ts';

const chunkLimit = 512;

export class EntryList {
  private readonly chunks: MapEntry[][] = [];
  count = 0;

  constructor(private readonly journal: Journal) {}

  /** The first entry that ends after `address`, or null. */
  firstEndingAfter(address: number): MapEntry | null {
    const at = this.chunkOf(address);
    const chunk = this.chunks[at];
    if (chunk === undefined) return null;
    const found = chunk[indexIn(chunk, address)];
    return found ?? this.chunks[at + 1]?.[0] ?? null;
  }

  /** The entry that contains `address`, or null. */
  at(address: number): MapEntry | null {
    const entry = this.firstEndingAfter(address);
    return entry !== null && entry.start <= address ? entry : null;
  }

  /** The entries that have a byte from `start` to before `end`. A copy, so that the list may change while it is used. */
  overlapping(start: number, end: number): MapEntry[] {
    const found: MapEntry[] = [];
    let at = this.chunkOf(start);
    let index = at < this.chunks.length ? indexIn(this.chunks[at]!, start) : 0;
    for (; at < this.chunks.length; at++, index = 0) {
      const chunk = this.chunks[at]!;
      for (; index < chunk.length; index++) {
        const entry = chunk[index]!;
        if (entry.start >= end) return found;
        found.push(entry);
      }
    }
    return found;
  }

  insert(entry: MapEntry): void {
    this.add(entry);
    this.journal.undo(() => this.drop(entry));
  }

  remove(entry: MapEntry): void {
    this.drop(entry);
    this.journal.undo(() => this.add(entry));
  }

  *[Symbol.iterator](): Generator<MapEntry> {
    for (const chunk of this.chunks) yield* chunk;
  }

  private add(entry: MapEntry): void {
    this.count++;
    const at = Math.min(this.chunkOf(entry.start), this.chunks.length - 1);
    const chunk = this.chunks[at];
    if (chunk === undefined) {
      this.chunks.push([entry]);
      return;
    }
    chunk.splice(indexIn(chunk, entry.start), 0, entry);
    if (chunk.length > chunkLimit) this.chunks.splice(at + 1, 0, chunk.splice(chunkLimit / 2));
  }

  private drop(entry: MapEntry): void {
    this.count--;
    const at = this.chunkOf(entry.start);
    const chunk = this.chunks[at]!;
    chunk.splice(indexIn(chunk, entry.start), 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
  }

  /** The first chunk whose last entry ends after `address`; the number of chunks when there is none. */
  private chunkOf(address: number): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.chunks[middle]!;
      if (chunk[chunk.length - 1]!.end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The place in `chunk` of the first entry that ends after `address`. */
function indexIn(chunk: readonly MapEntry[], address: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle]!.end > address) high = middle;
    else low = middle + 1;
  }
  return low;
}
