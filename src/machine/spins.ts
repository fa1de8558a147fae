/**
 * Loops that wait by looking: a thread that does the same looks again, and finds the same, round after round. A look is an operation
 * that changes nothing: a load, an exchange that fails or leaves what was there, a lock that was tried and is not free, a yield. Nobody
 * has to mark such a loop; that it is one follows from the trace, so it is one in each repetition too.
 *
 * Nobody can tell how the loop would end: it may wait for ever, or give up after so many looks. So a thread in its loop
 *
 * - is scheduled like any other for `freeRounds`: others may come between its looks;
 * - then does `boundRounds` at once, as soon as it is chosen. What others could do between two equal looks without changing what is
 *   looked at could as well be done before or after them: no outcome is lost, unless it counts those looks;
 * - then goes on only while nobody else can, for up to `mostRounds`: so a loop that gives up late still does so where it is alone;
 * - then is stuck. When all that can run are stuck, that is a livelock.
 *
 * It is free again as soon as somebody stores to what it looked at, or does anything else that might matter to it (a kernel call that
 * succeeded, a step of the clock, the pager, a cache or a store buffer).
 *
 * Repetition is found by Brent's method: each look is compared with one that came earlier (the anchor), which moves on after 1, 2, 4 …
 * looks; once one is equal, the distance is the period that those after it are compared by. That costs two comparisons a look.
 *
 * (Rejected: to bound the looks and give the execution up, as loom does: a loop that was never going to end is then no failure, and
 * one that was is one. And to mark loops in the source: the functions of a library have none that we could see.)
 */
import type { OperationLog } from './operation-log.ts';

export const freeRounds = 3;
export const boundRounds = 20;
export const mostRounds = 1000;
/** Longer loops are not seen; the bound of steps ends them. */
const mostPeriod = 32;

/** Words of a thread: the anchor (-1: the next look), how far it lies from the next one, period (0: none), looks that repeated it, rounds told. */
const Own = { Anchor: 0, Reach: 1, Period: 2, Equal: 3, Rounds: 4, Granules: 5, Words: 5 + mostPeriod } as const;
const countWord = 0;
/** 1 while all is as `clear` left it: in most executions nobody looks twice in a row. */
const clearWord = 1;
const headWords = 2;
/** Bytes are watched in pieces of this size. */
const granule = 8;

export class Spins {
  static words(threads: number): number {
    return headWords + threads * Own.Words;
  }

  /** Whether, in any execution so far, a thread in its loop was not scheduled like any other: what then was not tried, no proof covers. */
  cut = false;

  /** @param words `Spins.words(threads)` of them; on threads they are shared, and used by whoever acts */
  constructor(
    private readonly words: Int32Array,
    private readonly threads: number,
  ) {}

  clear(): void {
    if (this.words[clearWord] === 1) return;
    this.words[clearWord] = 1;
    this.words[countWord] = 0;
    for (let thread = 0; thread < this.threads; thread++) {
      const own = headWords + thread * Own.Words;
      this.words[own + Own.Rounds] = 0;
      this.restart(own);
    }
  }

  /** Whether anybody is in such a loop and has been told for one. */
  get any(): boolean {
    return this.words[countWord]! > 0;
  }

  /** Whether the actor is to be scheduled like any other. */
  isFree(actor: number): boolean {
    return this.rounds(actor) < boundRounds;
  }

  /** Whether the thread, once it was chosen, is to look again at once. */
  looksOn(actor: number): boolean {
    const rounds = this.rounds(actor);
    return rounds > freeRounds && rounds < boundRounds;
  }

  isStuck(actor: number): boolean {
    return this.rounds(actor) >= mostRounds;
  }

  /** How many looks make a round of its loop; 0 when it is in none. */
  period(thread: number): number {
    return this.words[headWords + thread * Own.Words + Own.Period]!;
  }

  /** `thread` has looked, by the operation that `log` recorded last. True when its loop is to be taken for stuck. */
  looked(thread: number, log: OperationLog, operation: number): boolean {
    const { words } = this;
    const own = headWords + thread * Own.Words;
    words[clearWord] = 0;
    const period = words[own + Own.Period]!;
    if (period > 0) {
      if (log.isSame(operation, operation - period)) return this.repeated(own, period, log, operation);
      this.release(own);
      words[own + Own.Period] = 0;
    }
    const anchor = words[own + Own.Anchor]!;
    if (anchor < 0) {
      words[own + Own.Anchor] = operation;
    } else if (log.isSame(operation, anchor)) {
      words[own + Own.Period] = operation - anchor;
      words[own + Own.Equal] = 0;
      return this.repeated(own, operation - anchor, log, operation);
    } else if (operation - anchor >= words[own + Own.Reach]!) {
      words[own + Own.Anchor] = operation;
      words[own + Own.Reach] = Math.min(2 * words[own + Own.Reach]!, mostPeriod);
    }
    return false;
  }

  /** `thread` has done something else: it is in no loop. */
  acted(thread: number): void {
    if (this.words[clearWord] === 1) return;
    const own = headWords + thread * Own.Words;
    this.release(own);
    this.restart(own);
  }

  /** Somebody stored there. */
  changed(physical: number, length: number): void {
    if (!this.any) return;
    const first = (physical / granule) | 0;
    const last = ((physical + length - 1) / granule) | 0;
    for (let own = headWords; own < this.words.length; own += Own.Words)
      if (this.words[own + Own.Rounds]! > 0 && this.watches(own, first, last)) this.free(own);
  }

  /** Something happened that may matter to anybody. */
  stirred(): void {
    if (!this.any) return;
    for (let own = headWords; own < this.words.length; own += Own.Words) this.free(own);
  }

  private rounds(actor: number): number {
    return actor < this.threads ? this.words[headWords + actor * Own.Words + Own.Rounds]! : 0;
  }

  private repeated(own: number, period: number, log: OperationLog, operation: number): boolean {
    const { words } = this;
    const equal = words[own + Own.Equal]! + 1;
    words[own + Own.Equal] = equal;
    if (equal % period !== 0 || equal < freeRounds * period) return false;
    if (words[own + Own.Rounds] === 0) {
      words[countWord]!++;
      for (let i = 0; i < period; i++) words[own + Own.Granules + i] = (log.physicalOf(operation - i) / granule) | 0;
    }
    words[own + Own.Rounds] = equal / period;
    return equal >= mostRounds * period;
  }

  private watches(own: number, first: number, last: number): boolean {
    const period = this.words[own + Own.Period]!;
    for (let i = 0; i < period; i++) {
      const watched = this.words[own + Own.Granules + i]!;
      if (watched >= first && watched <= last) return true;
    }
    return false;
  }

  private free(own: number): void {
    this.release(own);
    this.restart(own);
  }

  private release(own: number): void {
    if (this.words[own + Own.Rounds] === 0) return;
    this.words[own + Own.Rounds] = 0;
    this.words[countWord]!--;
  }

  private restart(own: number): void {
    this.words[own + Own.Anchor] = -1;
    this.words[own + Own.Reach] = 1;
    this.words[own + Own.Period] = 0;
  }
}
