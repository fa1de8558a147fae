/**
 * Store buffers: what threads have stored and memory does not have yet. Each thread has one and sees through its own; everybody
 * else, devices included, sees memory. After x86-TSO (Owens, Sarkar and Sewell, TPHOLs 2009) and SPARC's partial store order.
 *
 * `tso`: stores reach memory in their order. `pso`: only stores that share a byte do. They lie in shared words; whoever acts for
 * the execution at the moment is the only one who touches them. Threads that run freely have those of the real machine instead.
 */
import type { PhysicalMemory } from './physical-memory.ts';

/** One that waits, or has just reached memory. */
export interface BufferedStore {
  /** Number of the operation within its thread, and its virtual address. */
  operation: number;
  address: number;
  physical: number;
  /** Bytes, 1 to 8. */
  length: number;
  /** The value's lower and upper 32 bits. */
  low: number;
  high: number;
}

/** Where stores go in the end. */
export interface Below {
  readonly memory: PhysicalMemory;
  readonly pageSize: number;
  preserve(physical: number, length: number): void;
}

/** As many as simulated threads there can be. */
const mostThreads = 256;
/** Stores that one thread may have waiting; about what a processor has room for. */
const capacity = 32;
const fields = 6;
const threadWords = capacity * fields;

export class StoreBuffers {
  static readonly bytes = 8 * (mostThreads + mostThreads * threadWords);

  /** Hears of stores that reach memory because their page is taken away. */
  listener: ((thread: number, store: BufferedStore) => void) | null = null;
  private readonly counts: Float64Array;
  private readonly entries: Float64Array;
  private points: Uint8Array | null = null;
  private readonly drained: BufferedStore = { operation: 0, address: 0, physical: 0, length: 0, low: 0, high: 0 };

  constructor(
    buffer: SharedArrayBuffer,
    private readonly below: Below,
    private readonly inOrder: boolean,
  ) {
    this.counts = new Float64Array(buffer, 0, mostThreads);
    this.entries = new Float64Array(buffer, 8 * mostThreads);
  }

  /** From now on a store into a frame where `points` has 0 can be noticed by nobody (see `unnoticed`). Null: every store can be. */
  watch(points: Uint8Array | null): void {
    this.points = points;
  }

  clear(): void {
    this.counts.fill(0);
  }

  count(thread: number): number {
    return this.counts[thread]!;
  }

  isFull(thread: number): boolean {
    return this.counts[thread] === capacity;
  }

  get isEmpty(): boolean {
    for (let thread = 0; thread < mostThreads; thread++) if (this.counts[thread] !== 0) return false;
    return true;
  }

  /** Appends a store. Throws where there is no room: ask `isFull` first. */
  push(thread: number, store: BufferedStore): void {
    const count = this.counts[thread]!;
    if (count === capacity) throw new RangeError(`the store buffer of thread ${thread} is full`);
    const at = thread * threadWords + count * fields;
    const { entries } = this;
    entries[at] = store.operation;
    entries[at + 1] = store.address;
    entries[at + 2] = store.physical;
    entries[at + 3] = store.length;
    entries[at + 4] = store.low;
    entries[at + 5] = store.high;
    this.counts[thread] = count + 1;
  }

  /** How many stores of the thread may reach memory next. */
  ways(thread: number): number {
    const count = this.counts[thread]!;
    if (this.inOrder || count < 2) return Math.min(count, 1);
    let ways = 0;
    for (let index = 0; index < count; index++) if (this.isFirst(thread, index)) ways++;
    return ways;
  }

  /** The way (below `ways`) of a store that nobody can notice and that is free to go, or -1. */
  unnoticed(thread: number): number {
    const { points, below } = this;
    if (points === null) return -1;
    const count = this.inOrder ? Math.min(this.counts[thread]!, 1) : this.counts[thread]!;
    let way = 0;
    for (let index = 0; index < count; index++) {
      if (!this.isFirst(thread, index)) continue;
      const physical = this.entries[thread * threadWords + index * fields + 2]!;
      if (points[Math.floor(physical / below.pageSize)] === 0) return way;
      way++;
    }
    return -1;
  }

  /** Takes a store to memory. What it returns is good until the next call. */
  drain(thread: number, way: number): Readonly<BufferedStore> {
    let index = 0;
    for (let left = way; ; index++) if (this.isFirst(thread, index) && left-- === 0) break;
    const store = this.take(thread, index);
    const { memory } = this.below;
    this.below.preserve(store.physical, store.length);
    for (let i = 0; i < store.length; i++) memory.store8(store.physical + i, byteOf(store.low, store.high, i));
    return store;
  }

  /** The byte at `physical` as the thread sees it; `from` is what memory has there. */
  see(thread: number, physical: number, from: number): number {
    const { entries } = this;
    for (let index = this.counts[thread]! - 1; index >= 0; index--) {
      const at = thread * threadWords + index * fields;
      const offset = physical - entries[at + 2]!;
      if (offset >= 0 && offset < entries[at + 3]!) return byteOf(entries[at + 4]!, entries[at + 5]!, offset);
    }
    return from;
  }

  /**
   * The right to store into `frame` is taken away: whoever has stores to it waiting is interrupted, which empties its buffer. Real
   * systems do so when they shoot the translation down.
   */
  flush(frame: number): void {
    for (let thread = 0; thread < mostThreads; thread++) if (this.reaches(thread, frame)) this.empty(thread);
  }

  flushAll(): void {
    for (let thread = 0; thread < mostThreads; thread++) this.empty(thread);
  }

  private empty(thread: number): void {
    while (this.counts[thread]! > 0) {
      const store = this.drain(thread, 0);
      this.listener?.(thread, store);
    }
  }

  private reaches(thread: number, frame: number): boolean {
    const { pageSize } = this.below;
    for (let index = 0; index < this.counts[thread]!; index++) {
      const at = thread * threadWords + index * fields;
      const first = Math.floor(this.entries[at + 2]! / pageSize);
      const last = Math.floor((this.entries[at + 2]! + this.entries[at + 3]! - 1) / pageSize);
      if (first === frame || last === frame) return true;
    }
    return false;
  }

  /** Whether no earlier store of the thread has to reach memory before this one. */
  private isFirst(thread: number, index: number): boolean {
    if (index === 0) return true;
    if (this.inOrder) return false;
    const { entries } = this;
    const at = thread * threadWords + index * fields;
    for (let other = thread * threadWords; other < at; other += fields)
      if (
        entries[other + 2]! < entries[at + 2]! + entries[at + 3]! &&
        entries[at + 2]! < entries[other + 2]! + entries[other + 3]!
      )
        return false;
    return true;
  }

  private take(thread: number, index: number): BufferedStore {
    const { entries, drained } = this;
    const at = thread * threadWords + index * fields;
    drained.operation = entries[at]!;
    drained.address = entries[at + 1]!;
    drained.physical = entries[at + 2]!;
    drained.length = entries[at + 3]!;
    drained.low = entries[at + 4]!;
    drained.high = entries[at + 5]!;
    const end = thread * threadWords + this.counts[thread]! * fields;
    entries.copyWithin(at, at + fields, end);
    this.counts[thread]!--;
    return drained;
  }
}

const byteOf = (low: number, high: number, i: number): number => ((i < 4 ? low : high) >>> (8 * (i & 3))) & 0xff;
