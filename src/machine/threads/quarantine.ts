/**
 * Frames that were freed while workers run, and that a worker may still be writing to: it looked its translation up before that
 * was taken away. Each is kept back until every such worker has been seen at a later epoch, sits in a kernel call, or is idle.
 */
import type { FrameTable } from '../../hardware/frame-table.ts';
import type { PageTables } from '../../hardware/page-table.ts';
import { type Control, Own, Phase, Slot, SlotState } from './layout.ts';

/** How long an allocation waits for frames to come out of quarantine, in milliseconds, before memory counts as used up. */
const longestWait = 100;
/** How long paging a page out waits for a thread that may still store to it, in milliseconds. */
const longestSettling = 1000;

interface Held {
  readonly frame: number;
  readonly pool: number;
  /** Threads that have not been seen since. */
  readonly waiting: Set<number>;
  readonly epoch: number;
}

export class Quarantine {
  private held: Held[] = [];
  private readonly pause = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    private readonly control: Control,
    private readonly tables: PageTables,
    private readonly frames: FrameTable,
  ) {}

  get size(): number {
    return this.held.length;
  }

  /** Takes in a frame that would have been free. The translations of its owner were removed before, which moved the epoch. */
  hold(frame: number, pool: number): void {
    const waiting = new Set<number>();
    for (let thread = 0; thread < this.control.threads; thread++)
      if (this.control.phase(thread) === Phase.Running) waiting.add(thread);
    this.held.push({ frame, pool, waiting, epoch: this.tables.epochs[0]! });
    this.sweep();
  }

  /** Frees what nobody can be writing to any more. */
  sweep(): void {
    if (this.held.length === 0) return;
    this.held = this.held.filter((held) => {
      for (const thread of held.waiting) if (this.isSafe(thread, held.epoch)) held.waiting.delete(thread);
      if (held.waiting.size > 0) return true;
      this.frames.putBack(held.frame, held.pool);
      return false;
    });
  }

  /** Waits, not for long, until a frame comes out. False when none did. */
  reclaim(): boolean {
    const before = this.held.length;
    const deadline = performance.now() + longestWait;
    while (this.held.length > 0 && this.held.length === before && performance.now() < deadline) {
      this.sweep();
      if (this.held.length === before) Atomics.wait(this.pause, 0, 0, 1);
    }
    return this.held.length < before;
  }

  settle(): boolean {
    const epoch = this.tables.epochs[0]!;
    const deadline = performance.now() + longestSettling;
    for (let thread = 0; thread < this.control.threads; ) {
      if (this.isSafe(thread, epoch)) thread++;
      else if (performance.now() > deadline) return false;
      else Atomics.wait(this.pause, 0, 0, 0.05);
    }
    return true;
  }

  /** Frees everything, whoever may be writing to it. */
  release(): void {
    for (const { frame, pool } of this.held) this.frames.putBack(frame, pool);
    this.clear();
  }

  /** All changes are being rolled back: the frames were never freed. */
  clear(): void {
    this.held.length = 0;
  }

  private isSafe(thread: number, epoch: number): boolean {
    const { words } = this.control;
    if (Atomics.load(words, this.control.own(thread, Own.Phase)) !== Phase.Running) return true;
    if (Atomics.load(words, this.control.slot(thread + 1, Slot.State)) === SlotState.Request) return true;
    return Atomics.load(words, this.control.own(thread, Own.Epoch)) - epoch >= 0;
  }
}
