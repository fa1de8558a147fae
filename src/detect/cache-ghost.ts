/**
 * What is known about cache lines while an execution is read: which store each byte has in memory, which in the cache, and which is
 * the newest there is. Stores are numbered in the order of the trace, from 1; 0 is what was there before the threads began.
 *
 * A line that nobody has used is not in the cache, and holds what memory does: executions begin with an empty cache.
 */
import { cacheLine } from '../hardware/data-cache.ts';
import { PlaceTable } from './place-table.ts';

export class CacheGhost {
  /** By byte (line × 64 + its place there): the newest store to it, the one that memory has, and the one that the cache has. */
  newest = new Int32Array(16 * cacheLine);
  memory = new Int32Array(16 * cacheLine);
  cached = new Int32Array(16 * cacheLine);
  /** By line: where it lies in memory, in lines. */
  numbers = new Int32Array(16);
  /** Whether it is in the cache. */
  present = new Uint8Array(16);
  /** The store that made it dirty; 0: it is clean. */
  dirtiedBy = new Int32Array(16);
  /** 1 + the place in the trace where it was dropped while it was dirty; 0: it never was. */
  droppedAt = new Int32Array(16);

  // By store, from 1.
  /** Place in the trace. */
  places = new Int32Array(64);
  actors = new Int32Array(64);
  /** Epoch of its actor. */
  epochs = new Int32Array(64);
  /** It went past the cache. */
  past = new Uint8Array(64);
  private stores = 0;
  private readonly lines = new PlaceTable();

  begin(): void {
    this.lines.clear();
    this.stores = 0;
  }

  /** Notes a store; returns its number. */
  store(place: number, actor: number, epoch: number, past: boolean): number {
    const store = ++this.stores;
    if (store === this.places.length) {
      this.places = doubled(this.places);
      this.actors = doubled(this.actors);
      this.epochs = doubled(this.epochs);
      this.past = doubled(this.past);
    }
    this.places[store] = place;
    this.actors[store] = actor;
    this.epochs[store] = epoch;
    this.past[store] = past ? 1 : 0;
    return store;
  }

  /** The number of line `line` of memory. */
  line(line: number): number {
    const word = this.lines.enter(line);
    const { words, count } = this.lines;
    if (words[word] === 0) {
      words[word] = count;
      if (count > this.present.length) this.grow();
      this.numbers[count - 1] = line;
      this.clear(count - 1);
    }
    return words[word]! - 1;
  }

  /** The same where it was met before, otherwise -1. */
  known(line: number): number {
    const word = this.lines.find(line);
    return word < 0 ? -1 : this.lines.words[word]! - 1;
  }

  /** The line comes into the cache, unless it is there. */
  fill(line: number): void {
    if (this.present[line] === 1) return;
    this.present[line] = 1;
    this.cached.set(this.memory.subarray(line * cacheLine, (line + 1) * cacheLine), line * cacheLine);
  }

  /** The line has become other memory. */
  clear(line: number): void {
    for (const bytes of [this.newest, this.memory, this.cached])
      bytes.fill(0, line * cacheLine, (line + 1) * cacheLine);
    this.present[line] = 0;
    this.dirtiedBy[line] = 0;
    this.droppedAt[line] = 0;
  }

  private grow(): void {
    this.newest = doubled(this.newest);
    this.memory = doubled(this.memory);
    this.cached = doubled(this.cached);
    this.numbers = doubled(this.numbers);
    this.present = doubled(this.present);
    this.dirtiedBy = doubled(this.dirtiedBy);
    this.droppedAt = doubled(this.droppedAt);
  }
}

function doubled<A extends Int32Array | Uint8Array>(array: A): A {
  const larger = new (array.constructor as new (length: number) => A)(array.length * 2);
  larger.set(array);
  return larger;
}
