/**
 * The maps of a descriptor, in the order of where in it they begin: finding one to share, among a hundred thousand of other
 * parts, reads the chunks that may hold one and no others. Who is asked first of several is who came first.
 *
 * Where chunks are divided is no state: it may differ after a rollback, what is in the set does not.
 */
import type { Journal } from '../hardware/journal.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import { MaxTree } from './max-tree.ts';

const chunkLimit = 64;

export class MapSet {
  private readonly chunks: IOMemoryMap[][] = [];
  /** Chunk → where the map ends that reaches furthest. */
  private readonly ends = new MaxTree();
  size = 0;

  constructor(private readonly journal: Journal) {}

  insert(map: IOMemoryMap): void {
    this.add(map);
    this.journal.undo(() => this.drop(map));
  }

  remove(map: IOMemoryMap): void {
    this.drop(map);
    this.journal.undo(() => this.add(map));
  }

  has(map: IOMemoryMap): boolean {
    const chunk = this.chunks[this.chunkOf(map)];
    return chunk !== undefined && chunk[indexIn(chunk, map)] === map;
  }

  /** The one that came first of those that show bytes `offset` to before `end` of the descriptor and suit. */
  first(offset: number, end: number, suits: (map: IOMemoryMap) => boolean): IOMemoryMap | null {
    let found: IOMemoryMap | null = null;
    for (let at = this.ends.next(0, end); at >= 0; at = this.ends.next(at + 1, end)) {
      const chunk = this.chunks[at]!;
      if (chunk[0]!.offset > offset) break;
      for (const map of chunk) {
        if (map.offset > offset) break;
        if (endOf(map) >= end && (found === null || map.order < found.order) && suits(map)) found = map;
      }
    }
    return found;
  }

  /** In the order in which they came. A copy, so that the set may change while it is used. */
  [Symbol.iterator](): ArrayIterator<IOMemoryMap> {
    return this.chunks
      .flat()
      .sort((a, b) => a.order - b.order)
      [Symbol.iterator]();
  }

  private add(map: IOMemoryMap): void {
    this.size++;
    const at = Math.max(0, Math.min(this.chunkOf(map), this.chunks.length - 1));
    const chunk = this.chunks[at];
    if (chunk === undefined) {
      this.chunks.push([map]);
      this.ends.insert(0, endOf(map));
      return;
    }
    chunk.splice(indexIn(chunk, map), 0, map);
    if (chunk.length > chunkLimit) {
      const upper = chunk.splice(chunkLimit / 2);
      this.chunks.splice(at + 1, 0, upper);
      this.ends.insert(at + 1, furthest(upper));
    }
    this.ends.set(at, furthest(chunk));
  }

  private drop(map: IOMemoryMap): void {
    this.size--;
    const at = this.chunkOf(map);
    const chunk = this.chunks[at]!;
    chunk.splice(indexIn(chunk, map), 1);
    if (chunk.length === 0) {
      this.chunks.splice(at, 1);
      this.ends.remove(at);
    } else this.ends.set(at, furthest(chunk));
  }

  /** The first chunk whose last map does not come before `map`; the number of chunks when there is none. */
  private chunkOf(map: IOMemoryMap): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.chunks[middle]!;
      if (isBefore(chunk[chunk.length - 1]!, map)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const endOf = (map: IOMemoryMap): number => map.offset + map.length;

const isBefore = (one: IOMemoryMap, other: IOMemoryMap): boolean =>
  one.offset < other.offset || (one.offset === other.offset && one.order < other.order);

/** The place of `map` in a chunk, or where it belongs. */
function indexIn(maps: readonly IOMemoryMap[], map: IOMemoryMap): number {
  let low = 0;
  let high = maps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(maps[middle]!, map)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function furthest(maps: readonly IOMemoryMap[]): number {
  let end = 0;
  for (const map of maps) end = Math.max(end, endOf(map));
  return end;
}
