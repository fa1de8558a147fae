/**
 * The actors that can take the next step, ascending by number: threads, the clock while somebody sleeps with a deadline, under memory
 * pressure the pager and the purger while they have work, the data cache while a line may be evicted, and each thread's store buffer
 * while a store waits in it. Lies in words, which on threads are shared: whoever acts for the execution at this moment is the only
 * one who touches them.
 */
import type { Hardware } from '../hardware/hardware.ts';
import { firstDrainActor } from './drains.ts';
import { cacheActor } from './evictions.ts';
import { Intents } from './intents.ts';
import type { Schedule } from './schedule.ts';
import { Spins } from './spins.ts';

const countWord = 0;
/** How many actors there can be: threads with their store buffers, clock, pager, purger, data cache. */
export const mostActors = (threads: number): number => 2 * threads + 4;

export class Actors {
  readonly intents: Intents;
  /** Threads that wait by looking: they are let go on only where nobody else can. */
  readonly spins: Spins;
  private readonly list: Int32Array;
  private readonly others: Int32Array;
  /** Whether hardware acts too: it is looked at before each choice, since every access may change what it can do. */
  private readonly watches: boolean;
  private readonly cache: number;
  private readonly firstDrain: number;

  static words(threads: number): number {
    return 1 + mostActors(threads) + Intents.words(mostActors(threads)) + Spins.words(threads);
  }

  /** @param words `Actors.words(threads)` of them */
  constructor(
    private readonly words: Int32Array,
    private readonly threads: number,
    private readonly hardware: Pick<Hardware, 'caches' | 'stores' | 'configuration'>,
  ) {
    const intents = 1 + mostActors(threads);
    this.list = words.subarray(1, intents);
    const spins = Actors.words(threads) - Spins.words(threads);
    this.intents = new Intents(words.subarray(intents, spins));
    this.spins = new Spins(words.subarray(spins, Actors.words(threads)), threads);
    this.others = new Int32Array(mostActors(threads));
    this.watches = hardware.caches !== null || hardware.stores !== null;
    this.cache = cacheActor(threads, hardware.configuration);
    this.firstDrain = firstDrainActor(threads, hardware.configuration);
  }

  get count(): number {
    return this.words[countWord]!;
  }

  /** The actor at `place`, from 0. */
  at(place: number): number {
    return this.list[place]!;
  }

  /** Threads 0 to `threads - 1` can run, nobody else. */
  reset(threads: number): void {
    this.words[countWord] = threads;
    for (let i = 0; i < threads; i++) this.list[i] = i;
    this.spins.clear();
  }

  /** Nobody can run but the hardware. */
  clear(): void {
    this.words[countWord] = 0;
  }

  /** Who goes next, `current` being the thread that could go on (or -1). -1 when nobody can. */
  pick(schedule: Schedule, current: number, steps: number): number {
    this.lookAtHardware();
    const count = this.words[countWord]!;
    if (count === 0) return -1;
    if (this.spins.any) return this.pickBesideSpins(schedule, current, current, steps);
    if (count === 1 && schedule.countsSteps !== true) return this.list[0]!;
    return schedule.pick(this.list, count, current, steps);
  }

  /** `yielding` lets anybody else go first, if there is anybody. */
  pickOther(schedule: Schedule, yielding: number, steps: number): number {
    this.lookAtHardware();
    if (this.spins.any) return this.pickBesideSpins(schedule, yielding, -1, steps);
    let count = 0;
    for (let i = 0; i < this.count; i++) if (this.list[i] !== yielding) this.others[count++] = this.list[i]!;
    if (count === 0) return yielding;
    if (count === 1 && schedule.countsSteps !== true) return this.others[0]!;
    return schedule.pick(this.others, count, -1, steps);
  }

  /** Whether all that can run are threads that look in vain, and have long enough. */
  get isStuck(): boolean {
    if (!this.spins.any) return false;
    this.lookAtHardware();
    for (let i = 0; i < this.count; i++) if (!this.spins.isStuck(this.list[i]!)) return false;
    return this.count > 0;
  }

  /** What hardware can do now, which is in the list as it was before the last choice. */
  lookAtHardware(): void {
    if (!this.watches) return;
    const { caches, stores } = this.hardware;
    if (caches !== null) this.put(this.cache, caches.evictable > 0);
    if (stores === null) return;
    for (let thread = 0; thread < this.threads; thread++) this.put(this.firstDrain + thread, stores.count(thread) > 0);
  }

  add(actor: number): void {
    const { count, list } = this;
    const at = this.placeOf(actor, count);
    if (at < count && list[at] === actor) return;
    for (let i = count; i > at; i--) list[i] = list[i - 1]!;
    list[at] = actor;
    this.words[countWord] = count + 1;
  }

  remove(actor: number): void {
    const { count, list } = this;
    const at = this.placeOf(actor, count);
    if (at === count || list[at] !== actor) return;
    for (let i = at + 1; i < count; i++) list[i - 1] = list[i]!;
    this.words[countWord] = count - 1;
  }

  /** Where in the list the actor is, or would be. */
  private placeOf(actor: number, count: number): number {
    const { list } = this;
    let from = 0;
    let end = count;
    while (from < end) {
      const middle = (from + end) >> 1;
      if (list[middle]! < actor) from = middle + 1;
      else end = middle;
    }
    return from;
  }

  /** `standing` could go on; `current` is the same, or -1 where others are to be let go first. */
  private pickBesideSpins(schedule: Schedule, standing: number, current: number, steps: number): number {
    const { spins, list, others } = this;
    // What is written down was done, whoever waited.
    if (schedule.wanted !== undefined && schedule.wanted(steps) >= 0)
      return schedule.pick(list, this.count, current, steps);
    if (standing >= 0 && spins.looksOn(standing)) {
      spins.cut = true;
      return standing;
    }
    let count = 0;
    for (let i = 0; i < this.count; i++) {
      const actor = list[i]!;
      if (!spins.isFree(actor)) spins.cut = true;
      else if (actor === current || actor !== standing) others[count++] = actor;
    }
    if (count === 0) return this.firstHopeful(standing);
    if (count === 1 && schedule.countsSteps !== true) return others[0]!;
    return schedule.pick(others, count, current >= 0 && spins.isFree(current) ? current : -1, steps);
  }

  /** Nobody is free: who looks on until it leaves its loop, or is stuck. In which order they do that nobody can notice. */
  private firstHopeful(standing: number): number {
    if (standing >= 0 && !this.spins.isStuck(standing)) return standing;
    for (let i = 0; i < this.count; i++) if (!this.spins.isStuck(this.list[i]!)) return this.list[i]!;
    return this.list[0]!;
  }

  private put(actor: number, canRun: boolean): void {
    if (canRun) this.add(actor);
    else this.remove(actor);
  }
}
