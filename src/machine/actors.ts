/**
 * The actors that can take the next step, ascending by number: threads, the clock while somebody sleeps with a deadline, under memory
 * pressure the pager and the purger while they have work, and the data cache while a line may be evicted. Lies in words, which on threads are shared: whoever acts for the execution at this moment is the only one who touches them.
 */
import type { DataCache } from '../hardware/data-cache.ts';
import type { Schedule } from './schedule.ts';

const countWord = 0;
/** Clock, pager, purger, data cache. */
export const others = 4;

export class Actors {
  private readonly list: Int32Array;
  private readonly others: Int32Array;

  static words(threads: number): number {
    return threads + 1 + others;
  }

  /**
   * @param words `Actors.words(threads)` of them
   * @param caches null where they cannot be told from memory
   * @param cache its number as an actor
   */
  constructor(
    private readonly words: Int32Array,
    threads: number,
    private readonly caches: DataCache | null = null,
    private readonly cache = -1,
  ) {
    this.list = words.subarray(1, threads + 1 + others);
    this.others = new Int32Array(threads + others);
  }

  get count(): number {
    return this.words[countWord]!;
  }

  /** Threads 0 to `threads - 1` can run, nobody else. */
  reset(threads: number): void {
    this.words[countWord] = threads;
    for (let i = 0; i < threads; i++) this.list[i] = i;
  }

  /** Who goes next, `current` being the thread that could go on (or -1). -1 when nobody can. */
  pick(schedule: Schedule, current: number, steps: number): number {
    if (this.caches !== null) this.watch(this.caches);
    const count = this.words[countWord]!;
    if (count === 0) return -1;
    if (count === 1) return this.list[0]!;
    return schedule.pick(this.list, count, current, steps);
  }

  /** `yielding` lets anybody else go first, if there is anybody. */
  pickOther(schedule: Schedule, yielding: number, steps: number): number {
    if (this.caches !== null) this.watch(this.caches);
    let count = 0;
    for (let i = 0; i < this.count; i++) if (this.list[i] !== yielding) this.others[count++] = this.list[i]!;
    if (count === 0) return yielding;
    return count === 1 ? this.others[0]! : schedule.pick(this.others, count, -1, steps);
  }

  add(actor: number): void {
    const count = this.count;
    let at = count;
    while (at > 0 && this.list[at - 1]! >= actor) {
      if (this.list[at - 1] === actor) return;
      at--;
    }
    for (let i = count; i > at; i--) this.list[i] = this.list[i - 1]!;
    this.list[at] = actor;
    this.words[countWord] = count + 1;
  }

  remove(actor: number): void {
    const count = this.count;
    let at = 0;
    while (at < count && this.list[at] !== actor) at++;
    if (at === count) return;
    for (let i = at + 1; i < count; i++) this.list[i - 1] = this.list[i]!;
    this.words[countWord] = count - 1;
  }

  /** Every access may change what can be evicted, so it is looked for where it matters. */
  private watch(caches: DataCache): void {
    if (caches.evictable > 0) this.add(this.cache);
    else this.remove(this.cache);
  }
}
