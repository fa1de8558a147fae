/**
 * The data cache: what processors have of memory that memory does not have yet, or has no longer. It exists where devices are not
 * coherent (`coherentDma: false`): they reach memory alone.
 *
 * There is one for all processors. Real ones have several and snoop each other, so that a line is the same for every task, whichever
 * core it runs on; one cache that all of them use cannot be told from that. (Rejected: a cache a task, each blind to the others. No
 * machine is like that, every shared word would be a finding, and atomics would have no meaning.)
 *
 * A line has 64 bytes, lies at its physical address, and is there until somebody drops it. The cache has no bound and evicts nothing
 * by itself: in a controlled execution that is a step of the schedule, which may take any line that *differs* from memory. A line
 * that equals memory can be dropped later as well as now, nobody could tell.
 */
import { policyOf, uncached, writeBack, writeThrough } from './cache-policy.ts';
import { DifferingLines } from './differing-lines.ts';
import type { Journal } from './journal.ts';
import { LineLocks } from './line-locks.ts';
import { PhysicalMemory } from './physical-memory.ts';
import { ThroughMemory } from './through-memory.ts';

export const cacheLine = 64;

/** What maintenance does with lines: these bits, or both of them. */
export const Maintain = { WriteBack: 1, Drop: 2 } as const;

/** What has to cross to another thread for it to see the same cache. */
export interface CacheBuffers {
  /** The bytes of lines, at their physical addresses. */
  readonly lines: SharedArrayBuffer;
  /** A word a line. */
  readonly states: SharedArrayBuffer;
  /** Everything else. */
  readonly registers: SharedArrayBuffer;
}

// A line's word; 0: it is not there.
const present = 1;
const dirty = 2;
/** Memory was written past the line. */
const stale = 4;
const differs = dirty | stale;

const wordsOfLine = cacheLine / 4;
/** The one word that is no table's: above every line that was ever filled. */
const frontierWords = 1;

export class DataCache {
  /** The bytes as the cache has them. */
  private readonly lines: PhysicalMemory;
  private readonly through: PhysicalMemory;
  private readonly states: Int32Array;
  private readonly frontier: Int32Array;
  /** Frame → cache mode of the memory object whose it is: how the kernel's own window reaches it. */
  private readonly modes: Int32Array;
  private readonly differing: DifferingLines;
  private readonly locks: LineLocks;

  static buffers(physicalMemory: number, pageSize: number): CacheBuffers {
    const lines = physicalMemory / cacheLine;
    const registers = frontierWords + LineLocks.words + physicalMemory / pageSize + DifferingLines.words(lines);
    return {
      lines: new SharedArrayBuffer(physicalMemory),
      states: new SharedArrayBuffer(4 * lines),
      registers: new SharedArrayBuffer(4 * registers),
    };
  }

  constructor(
    buffers: CacheBuffers,
    private readonly memory: PhysicalMemory,
    private readonly pageSize: number,
    private readonly journal: Journal,
  ) {
    this.lines = new PhysicalMemory(buffers.lines);
    this.through = new ThroughMemory(buffers.lines, memory);
    this.states = new Int32Array(buffers.states);
    let at = 0;
    const next = (words: number): Int32Array => {
      at += words;
      return new Int32Array(buffers.registers, 4 * (at - words), words);
    };
    const lines = this.states.length;
    this.frontier = next(frontierWords);
    this.locks = new LineLocks(next(LineLocks.words));
    this.modes = next(memory.size / pageSize);
    // What is in lines needs no undoing where executions begin without any.
    journal.onBase(() => this.empty());
    this.differing = new DifferingLines(next(DifferingLines.words(lines)), lines, pageSize / cacheLine, journal);
  }

  /** What is in it and how frames are reached, in words: for hashing. */
  get state(): readonly Int32Array[] {
    const found: number[] = [];
    for (let line = 0; line < this.frontier[0]!; line++) {
      if (this.states[line] === 0) continue;
      found.push(line, this.states[line]!);
      for (let i = 0; i < wordsOfLine; i++) found.push(this.lines.words[line * wordsOfLine + i]!);
    }
    return [Int32Array.from(found), this.modes];
  }

  /**
   * From now on lines that differ from memory are listed, for whoever evicts them: where `points` has a 1 for their frame, or (null)
   * everywhere. Undefined: none, where threads run freely and nobody evicts. Only while the cache is empty.
   */
  watch(points: Uint8Array | null | undefined): void {
    this.differing.watch(points);
  }

  /** How many lines may be evicted now. */
  get evictable(): number {
    return this.differing.eligible;
  }

  /** Lines that are there, and those of them that have something memory has not. */
  count(): { lines: number; dirty: number } {
    let lines = 0;
    let unwritten = 0;
    for (let line = 0; line < this.frontier[0]!; line++) {
      if (this.states[line] === 0) continue;
      lines++;
      if ((this.states[line]! & dirty) !== 0) unwritten++;
    }
    return { lines, dirty: unwritten };
  }

  /**
   * Readies `length` bytes for one access and returns where they are: in memory, or in lines that are there now. For whoever is
   * alone; `read`, `write` and `alone` are for threads that run at the same time.
   */
  open(physical: number, length: number, policy: number, write: boolean): PhysicalMemory {
    const last = Math.floor((physical + length - 1) / cacheLine);
    for (let line = Math.floor(physical / cacheLine); line <= last; line++) {
      const state = this.states[line]!;
      if (policy === uncached) {
        if (write && (state & (present | stale)) === present) this.change(line, state | stale);
      } else if (state === 0) this.fill(line, write && policy === writeBack);
      else if (write && policy === writeBack && (state & dirty) === 0) this.change(line, state | dirty);
    }
    if (policy === uncached) return this.memory;
    return write && policy === writeThrough ? this.through : this.lines;
  }

  /** How the kernel's own window on physical memory reaches an address. */
  kernelPolicy(physical: number): number {
    return policyOf(this.modes[Math.floor(physical / this.pageSize)]!);
  }

  /** The word at `physical` as an access would find it, which leaves the cache as it is. */
  look32(physical: number, policy: number): number {
    const isThere = policy !== uncached && this.states[Math.floor(physical / cacheLine)] !== 0;
    return (isThere ? this.lines : this.memory).load32(physical);
  }

  /** Copies out of memory as an access of `policy` does; null: as the kernel does. */
  read(physical: number, target: Uint8Array, at: number, length: number, policy: number | null): void {
    this.inLines(physical, length, (from, part, done) => {
      this.open(from, part, policy ?? this.kernelPolicy(from), false).read(from, target, at + done, part);
    });
  }

  write(physical: number, source: Uint8Array, at: number, length: number, policy: number | null): void {
    this.inLines(physical, length, (from, part, done) => {
      this.open(from, part, policy ?? this.kernelPolicy(from), true).write(from, source, at + done, part);
    });
  }

  /** Does `access` to bytes of one line while no other thread does anything to it. */
  alone<R>(physical: number, length: number, policy: number, write: boolean, access: (memory: PhysicalMemory) => R): R {
    const line = Math.floor(physical / cacheLine);
    this.locks.acquire(line);
    try {
      return access(this.open(physical, length, policy, write));
    } finally {
      this.locks.release(line);
    }
  }

  /** Writes back, drops, or both, every line that has one of the bytes: also what else lies in the first and the last. */
  maintain(physical: number, length: number, operation: number): void {
    if (length === 0) return;
    // A physical descriptor may name memory that is not there.
    const end = Math.min(Math.ceil((physical + length) / cacheLine), this.states.length);
    for (let line = Math.floor(physical / cacheLine); line < end; line++) {
      if (this.states[line] === 0) continue;
      this.locks.acquire(line);
      this.treat(line, operation);
      this.locks.release(line);
    }
  }

  /** Leaves nothing in it, and in memory all that there was. */
  empty(): void {
    this.maintain(0, this.frontier[0]! * cacheLine, Maintain.WriteBack | Maintain.Drop);
  }

  /**
   * Writes a line back, if it is dirty, and drops it. There must be one that may be evicted.
   *
   * @param choose picks one of so many
   * @returns its physical address, its place among all that differ from memory, and whether it was dirty
   */
  evict(choose: (n: number) => number): { physical: number; place: number; wasDirty: boolean } {
    const { line, place } = this.differing.pick(choose);
    const wasDirty = (this.states[line]! & dirty) !== 0;
    this.treat(line, Maintain.WriteBack | Maintain.Drop);
    return { physical: line * cacheLine, place, wasDirty };
  }

  /** Frames of an object of that cache mode are reached so by the kernel. */
  setMode(frame: number, mode: number): void {
    if (this.modes[frame] !== mode) this.journal.word(this.modes, frame, mode);
  }

  /** Forgets the lines of a frame, whatever is in them: for restoring memory. `restored` comes when that was done for all. */
  forget(frame: number): void {
    const count = this.pageSize / cacheLine;
    this.states.fill(0, frame * count, (frame + 1) * count);
    this.differing.forget(frame * count, (frame + 1) * count);
  }

  restored(): void {
    this.differing.reset();
    this.locks.reset();
  }

  private fill(line: number, write: boolean): void {
    const from = this.memory.words;
    const to = this.lines.words;
    const start = line * wordsOfLine;
    for (let at = start; at < start + wordsOfLine; at++) to[at] = from[at]!;
    this.raiseFrontier(line + 1);
    this.change(line, write ? present | dirty : present);
  }

  private raiseFrontier(above: number): void {
    for (let seen = this.frontier[0]!; seen < above; ) {
      const found = Atomics.compareExchange(this.frontier, 0, seen, above);
      if (found === seen) return;
      seen = found;
    }
  }

  private treat(line: number, operation: number): void {
    let state = this.states[line]!;
    if ((operation & Maintain.WriteBack) !== 0 && (state & dirty) !== 0) {
      const from = this.lines.words;
      const to = this.memory.words;
      const start = line * wordsOfLine;
      for (let at = start; at < start + wordsOfLine; at++)
        if (to[at] !== from[at]) this.journal.word(to, at, from[at]!);
      // What a device had written is gone: the two are equal again.
      state &= ~differs;
    }
    this.change(line, (operation & Maintain.Drop) !== 0 ? 0 : state);
  }

  private change(line: number, state: number): void {
    this.differing.note(line, (state & differs) !== 0);
    this.journal.word(this.states, line, state);
  }

  private inLines(physical: number, length: number, step: (from: number, part: number, done: number) => void): void {
    for (let done = 0; done < length; ) {
      const from = physical + done;
      const part = Math.min(length - done, cacheLine - (from % cacheLine));
      const line = Math.floor(from / cacheLine);
      this.locks.acquire(line);
      try {
        step(from, part, done);
      } finally {
        this.locks.release(line);
      }
      done += part;
    }
  }
}
