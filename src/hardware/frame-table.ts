/**
 * The frame table: for every page frame who owns it, how often it is wired, and where free frames come from. Its words lie in
 * shared memory; only the kernel changes them, except the dirty mark, which a store sets like a processor would.
 *
 * Frames are taken from *pools*. Pool 0 is the machine's; a controlled run gives each simulated thread a pool of its own, so
 * that the frames a thread gets do not depend on what others allocate (execution.md, rule 5). A pool hands out returned
 * frames first, then fresh ones in ascending order, which keeps what is allocated together physically adjacent.
 */
import type { Journal } from './journal.ts';
import { PageFate, type PageListener } from './page-fate.ts';

const wordsPerFrame = 3;
const owners = 0;
const wires = 1;
const next = 2;

const wordsPerPool = 4;
const head = 0;
const fresh = 1;
const limit = 2;
const available = 3;

export const maximumPools = 1024;

/** Keeps freed frames back while another thread may still reach them. */
export interface FrameQuarantine {
  hold(frame: number, pool: number): void;
  /** Lets frames out that nobody can reach any more; waits a little for one. False when there is none. */
  reclaim(): boolean;
  /** Waits until nobody can write through a translation that is gone. False when somebody may still, after a long wait. */
  settle(): boolean;
}

export class FrameTable {
  /** Set where threads run freely; elsewhere a frame can be used again at once. */
  quarantine: FrameQuarantine | null = null;
  /** Hears what happens to frames; null when nobody does. */
  listener: PageListener | null = null;
  private readonly words: Int32Array;
  private readonly pools: Int32Array;
  /** One word a frame, 1 once stored to. Written by every thread. */
  readonly dirty: Int32Array;
  /** One word a frame, 1 once it was reached since the pager last looked. Written by every thread, where `marksReferences`. */
  readonly referenced: Int32Array;
  /** Set where there is swap: only the pager cares. */
  marksReferences = false;
  private marksChanged = false;

  static bytes(frames: number): number {
    return 4 * (frames * wordsPerFrame + maximumPools * wordsPerPool + 2 * frames);
  }

  /** Frame 0 is never handed out: a physical address of 0 means "none" everywhere in I/O Kit. */
  constructor(
    buffer: SharedArrayBuffer,
    offset: number,
    readonly frames: number,
    private readonly journal: Journal,
  ) {
    this.words = new Int32Array(buffer, offset, frames * wordsPerFrame);
    this.pools = new Int32Array(buffer, offset + 4 * frames * wordsPerFrame, maximumPools * wordsPerPool);
    const marks = offset + 4 * (frames * wordsPerFrame + maximumPools * wordsPerPool);
    this.dirty = new Int32Array(buffer, marks, frames);
    this.referenced = new Int32Array(buffer, marks + 4 * frames, frames);
  }

  /** All of its words: for hashing. */
  get state(): readonly Int32Array[] {
    return [this.words, this.pools, this.dirty, this.referenced];
  }

  /** Gives all frames to pool 0. Called once, by whoever builds the machine. */
  initialise(): void {
    this.fillPool(0, 1, this.frames);
  }

  /** Divides what is fresh in pool 0 evenly among pools 0 to `count`. Called once, after `setup`. */
  partition(count: number): void {
    const start = this.pools[fresh]!;
    const share = Math.floor((this.pools[limit]! - start) / (count + 1));
    const returned = this.pools[available]! - (this.pools[limit]! - start);
    for (let pool = 1; pool <= count; pool++) this.fillPool(pool, start + (pool - 1) * share, start + pool * share);
    this.journal.word(this.pools, fresh, start + count * share);
    this.journal.word(this.pools, available, returned + this.pools[limit]! - this.pools[fresh]!);
  }

  /** A frame with one owner, or -1 when memory is used up. An empty pool borrows from pool 0: a declared conflict. */
  allocate(pool: number): number {
    let base = pool * wordsPerPool;
    if (this.pools[base + available] === 0) base = 0;
    if (this.pools[base + available] === 0) return this.borrow(pool);
    return this.take(base);
  }

  /** As `allocate`, a frame whose number is below `below`: for devices that reach no further. */
  allocateBelow(pool: number, below: number): number {
    for (let i = -1; i < maximumPools; i++) {
      const candidate = i < 0 ? pool : i;
      const base = candidate * wordsPerPool;
      if (this.pools[base + available] === 0) continue;
      const frame = this.takeBelow(base, below);
      if (frame >= 0) return frame;
    }
    return -1;
  }

  /**
   * `count` frames that follow one another, each with one owner; the first of them, or -1. Its number is a multiple of `step`, and
   * all of them lie below `limit`. A run lies in one pool: the caller's if it can be, otherwise another one's, a declared conflict.
   */
  allocateRun(pool: number, count: number, step: number, limit: number): number {
    const end = Math.min(this.frames, limit);
    for (let other = -1; other < maximumPools; other++) {
      if (other === pool) continue;
      const base = (other < 0 ? pool : other) * wordsPerPool;
      if (this.pools[base + available]! < count) continue;
      const first = this.runOfFresh(base, count, end, step) ?? this.runOfReturned(base, count, end, step);
      if (first !== undefined) return first;
    }
    return this.quarantine?.reclaim() ? this.allocateRun(pool, count, step, limit) : -1;
  }

  /** Whether a frame was never handed out since the machine was built, and so still holds zeroes. */
  isFresh(pool: number): boolean {
    const base = this.pools[pool * wordsPerPool + available] === 0 ? 0 : pool * wordsPerPool;
    return this.pools[base + available] !== 0 && this.pools[base + head] === 0;
  }

  /** Whether `pool` has a frame of its own left. */
  hasFree(pool: number): boolean {
    return this.pools[pool * wordsPerPool + available] !== 0;
  }

  /** The frames of `pool` that were handed out after `since`, a value that this returned earlier. */
  frontier(pool: number): number {
    return this.pools[pool * wordsPerPool + fresh]!;
  }

  /** Frees a frame without owners and wires. */
  free(frame: number, pool: number): void {
    this.listener?.(PageFate.Freed, frame, 0, 0, 0);
    if (this.quarantine === null) this.putBack(frame, pool);
    else this.quarantine.hold(frame, pool);
  }

  /** Makes a freed frame available. */
  putBack(frame: number, pool: number): void {
    const base = pool * wordsPerPool;
    this.journal.word(this.words, frame * wordsPerFrame + next, this.pools[base + head]!);
    this.journal.word(this.pools, base + head, frame);
    this.journal.word(this.pools, base + available, this.pools[base + available]! + 1);
    if (this.dirty[frame] !== 0) this.setDirty(frame, 0);
    if (this.referenced[frame] !== 0) this.setReferenced(frame, 0);
  }

  get freeFrames(): number {
    let count = 0;
    for (let pool = 0; pool < maximumPools; pool++) count += this.pools[pool * wordsPerPool + available]!;
    return count;
  }

  owners(frame: number): number {
    return this.words[frame * wordsPerFrame + owners]!;
  }

  wires(frame: number): number {
    return this.words[frame * wordsPerFrame + wires]!;
  }

  /** Adds `change` owners and returns how many there are. */
  own(frame: number, change: number): number {
    const count = this.owners(frame) + change;
    this.journal.word(this.words, frame * wordsPerFrame + owners, count);
    return count;
  }

  /** Adds `change` wirings and returns how many there are. */
  wire(frame: number, change: number): number {
    const count = this.wires(frame) + change;
    this.journal.word(this.words, frame * wordsPerFrame + wires, count);
    this.listener?.(change > 0 ? PageFate.Wired : PageFate.Unwired, frame, 0, 0, count);
    return count;
  }

  isDirty(frame: number): boolean {
    return this.dirty[frame] !== 0;
  }

  /** Whoever clears the mark must move the translation epoch, or later stores would not set it again. */
  setDirty(frame: number, value: 0 | 1): void {
    this.journal.word(this.dirty, frame, value);
    this.marksChanged = true;
  }

  /** Whoever clears the mark must move the translation epoch, or later accesses would not set it again. */
  setReferenced(frame: number, value: 0 | 1): void {
    this.journal.word(this.referenced, frame, value);
    this.marksChanged = true;
  }

  /** Whether a mark changed since this was last asked. */
  takeMarksChanged(): boolean {
    const changed = this.marksChanged;
    this.marksChanged = false;
    return changed;
  }

  private fillPool(pool: number, from: number, to: number): void {
    const base = pool * wordsPerPool;
    this.journal.word(this.pools, base + head, 0);
    this.journal.word(this.pools, base + fresh, from);
    this.journal.word(this.pools, base + limit, to);
    this.journal.word(this.pools, base + available, to - from);
  }

  private take(base: number): number {
    const frame = this.pools[base + head]!;
    if (frame === 0) return this.takeFresh(base);
    this.journal.word(this.pools, base + head, this.words[frame * wordsPerFrame + next]!);
    return this.claim(base, frame);
  }

  /** A frame below `below` of one pool, or -1. */
  private takeBelow(base: number, below: number): number {
    let before = -1;
    for (let frame = this.pools[base + head]!; frame !== 0; frame = this.words[frame * wordsPerFrame + next]!) {
      if (frame < below) {
        const after = this.words[frame * wordsPerFrame + next]!;
        if (before < 0) this.journal.word(this.pools, base + head, after);
        else this.journal.word(this.words, before * wordsPerFrame + next, after);
        return this.claim(base, frame);
      }
      before = frame;
    }
    return this.pools[base + fresh]! < Math.min(below, this.pools[base + limit]!) ? this.takeFresh(base) : -1;
  }

  private takeFresh(base: number): number {
    const frame = this.pools[base + fresh]!;
    this.journal.word(this.pools, base + fresh, frame + 1);
    return this.claim(base, frame);
  }

  private claim(base: number, frame: number): number {
    this.journal.word(this.pools, base + available, this.pools[base + available]! - 1);
    this.journal.word(this.words, frame * wordsPerFrame + owners, 1);
    this.listener?.(PageFate.Allocated, frame, 0, 0, 0);
    return frame;
  }

  /** A run from where `base`'s pool has fresh frames; those that alignment skips go to the returned ones. */
  private runOfFresh(base: number, count: number, end: number, step: number): number | undefined {
    const start = this.pools[base + fresh]!;
    const first = Math.ceil(start / step) * step;
    if (first + count > Math.min(end, this.pools[base + limit]!)) return undefined;
    for (let frame = start; frame < first; frame++) {
      this.journal.word(this.words, frame * wordsPerFrame + next, this.pools[base + head]!);
      this.journal.word(this.pools, base + head, frame);
    }
    this.journal.word(this.pools, base + fresh, first + count);
    this.takeRun(base, first, count);
    return first;
  }

  /** A run of frames that were returned to the pool, the lowest that will do. */
  private runOfReturned(base: number, count: number, end: number, step: number): number | undefined {
    const returned: number[] = [];
    for (let frame = this.pools[base + head]!; frame !== 0; frame = this.words[frame * wordsPerFrame + next]!) {
      if (frame < end) returned.push(frame);
    }
    returned.sort((a, b) => a - b);
    const at = returned.findIndex((frame, i) => frame % step === 0 && returned[i + count - 1] === frame + count - 1);
    if (at < 0) return undefined;
    const first = returned[at]!;
    this.unlink(base, first, first + count);
    this.takeRun(base, first, count);
    return first;
  }

  /** Takes the frames from `from` to before `to` out of the returned ones. */
  private unlink(base: number, from: number, to: number): void {
    let before = -1;
    for (let frame = this.pools[base + head]!; frame !== 0; ) {
      const after = this.words[frame * wordsPerFrame + next]!;
      if (frame < from || frame >= to) before = frame;
      else if (before < 0) this.journal.word(this.pools, base + head, after);
      else this.journal.word(this.words, before * wordsPerFrame + next, after);
      frame = after;
    }
  }

  private takeRun(base: number, first: number, count: number): void {
    this.journal.word(this.pools, base + available, this.pools[base + available]! - count);
    for (let frame = first; frame < first + count; frame++) {
      this.journal.word(this.words, frame * wordsPerFrame + owners, 1);
      this.listener?.(PageFate.Allocated, frame, 0, 0, 0);
    }
  }

  private borrow(borrower: number): number {
    for (let pool = 1; pool < maximumPools; pool++) {
      if (this.pools[pool * wordsPerPool + available] !== 0) return this.take(pool * wordsPerPool);
    }
    return this.quarantine?.reclaim() ? this.allocate(borrower) : -1;
  }
}
