/**
 * The happens-before relation of one execution: one walk along the trace that keeps vector clocks and tells its listeners which
 * accesses nothing orders. Edges come from Acquire and Release events and from atomics; a kernel call makes none
 * (execution.md, rule 3).
 *
 * Atomics are sequentially consistent. A word's reader comes after the writer it read from: a plain atomic store therefore
 * puts its own past in the place of what was there, while an operation that also reads hands on both.
 */
import { actorFactor, headerWords, Kind, type Trace } from '../kernel/trace.ts';
import { Sort, sortOf } from './access.ts';
import type { Detector, ExecutionRecord } from './finding.ts';
import { type ConflictListener, Shadow } from './shadow.ts';
import { regionSize, SharedPages } from './shared-pages.ts';
import { VectorClocks } from './vector-clocks.ts';

const unitsOfPlace = 4;
const placesOfRegion = regionSize / unitsOfPlace;
const kindMask = actorFactor - 1;
const kindBits = Math.log2(actorFactor);

/** Who follows what caches and memory have, access by access. */
export interface CacheFollower {
  /** Another trace is walked along, or the same one again. */
  begin(trace: Trace, clocks: VectorClocks): void;
  /** The event at `at` reaches `length` bytes; its actor knows by now whom it comes after. */
  access(at: number, kind: number, actor: number, sort: number, physical: number, length: number): void;
  /** The same for the bytes that it has in a second page, of another cache policy. */
  straddle(
    at: number,
    kind: number,
    actor: number,
    sort: number,
    physical: number,
    length: number,
    policy: number,
  ): void;
  /** Any event that neither is an access nor orders anything. */
  event(at: number, kind: number, actor: number): void;
}

export class HappensBefore implements Detector {
  private readonly clocks: VectorClocks;
  private readonly memory: Shadow | null;
  private readonly objects: Shadow | null;
  private readonly pages = new SharedPages();

  /**
   * @param memory hears of unordered accesses to memory, `objects` of unordered uses of kernel objects, `caches` of all accesses; null:
   * not watched
   */
  constructor(
    actors: number,
    memory: ConflictListener | null,
    objects: ConflictListener | null,
    private readonly caches: CacheFollower | null = null,
  ) {
    this.clocks = new VectorClocks(actors);
    this.memory = memory === null ? null : new Shadow(this.clocks, memory);
    this.objects = objects === null ? null : new Shadow(this.clocks, objects);
  }

  scan({ trace }: ExecutionRecord): void {
    if (this.clocks.actors < 2) return;
    this.pages.news = false;
    this.walk(trace);
    if (this.pages.news) this.walk(trace);
  }

  private walk(trace: Trace): void {
    const { words, length } = trace;
    this.clocks.begin();
    this.memory?.begin(trace);
    this.objects?.begin(trace);
    this.caches?.begin(trace, this.clocks);
    // In whole numbers, as far as they go: this loop runs over every event of a campaign.
    for (let at = 0; at < length; at += headerWords + (words[at + 7]! | 0)) {
      const tag = words[at]! | 0;
      const kind = tag & kindMask;
      const actor = tag >> kindBits;
      const sort = sortOf(words, at, kind);
      if (sort !== Sort.None) this.access(words, at, kind, actor, sort);
      else if (kind === Kind.Acquire) this.clocks.acquire(actor, keyOfEvent(words[at + 2]!));
      else if (kind === Kind.Release) this.clocks.release(actor, keyOfEvent(words[at + 2]!));
      else if (kind === Kind.Straddle) this.straddle(words, at, actor);
      else if (kind === Kind.Recycled) {
        this.memory?.forget((words[at + 3]! / unitsOfPlace) | 0, words[at + 4]! / unitsOfPlace);
        this.caches?.event(at, kind, actor);
      } else if (kind >= Kind.PagedOut && kind <= Kind.Moved) this.move(words, at, kind, actor);
      else if (kind === Kind.Touch)
        this.objects?.access(words[at + 2]!, 1, actor, words[at + 5] === 1 ? Sort.Store : Sort.Load, at);
      else this.caches?.event(at, kind, actor);
    }
  }

  private access(words: Float64Array, at: number, kind: number, actor: number, sort: number): void {
    const physical = words[at + 3]!;
    // A fault: nothing was reached.
    if (physical < 0) return;
    if (sort >= Sort.AtomicLoad && kind !== Kind.AtomicStore) this.clocks.acquire(actor, keyOfWord(physical));
    this.touch(physical, words[at + 4]! | 0, actor, sort, at);
    this.caches?.access(at, kind, actor, sort, physical, words[at + 4]! | 0);
    if (sort !== Sort.AtomicStore) return;
    if (kind === Kind.AtomicStore) this.clocks.replace(actor, keyOfWord(physical));
    else this.clocks.release(actor, keyOfWord(physical));
  }

  /** The bytes of a scalar in its second page: an access of the event before, which has no extra words. */
  private straddle(words: Float64Array, at: number, actor: number): void {
    const scalar = at - headerWords;
    const kind = words[at + 2]!;
    const sort = sortOf(words, scalar, kind);
    this.touch(words[at + 3]!, words[at + 4]! | 0, actor, sort, scalar);
    this.caches?.straddle(scalar, kind, actor, sort, words[at + 3]!, words[at + 4]! | 0, words[at + 5]! | 0);
  }

  /**
   * The contents of a page go elsewhere, and what happened to the words in it with them. Whoever moves them comes after all of
   * that; so does whoever uses a word afterwards.
   */
  private move(words: Float64Array, at: number, kind: number, actor: number): void {
    const key = keyOfEvent(words[at + 2]!);
    const physical = words[at + 3]!;
    const length = words[at + 4]!;
    const { clocks } = this;
    if (kind === Kind.PagedOut) {
      if (this.gather(physical, length, actor)) clocks.release(actor, key);
      return;
    }
    if (kind === Kind.PagedIn) {
      if (!clocks.has(key)) return;
      clocks.acquire(actor, key);
    } else if (!this.gather(words[at + 2]!, length, actor)) return;
    for (let word = 0; word < length; word += unitsOfPlace) clocks.replace(actor, keyOfWord(physical + word));
  }

  /** Takes over what happened to the words of a page; false when nothing did. */
  private gather(physical: number, length: number, actor: number): boolean {
    let any = false;
    for (let word = physical; word < physical + length; word += unitsOfPlace) {
      if (!this.clocks.has(keyOfWord(word))) continue;
      this.clocks.acquire(actor, keyOfWord(word));
      any = true;
    }
    return any;
  }

  private touch(physical: number, length: number, actor: number, sort: number, at: number): void {
    const { memory } = this;
    if (memory === null) return;
    let place = (physical / unitsOfPlace) | 0;
    if (!this.pages.visit((place / placesOfRegion) | 0, actor)) return;
    let from = (physical - place * unitsOfPlace) | 0;
    for (let left = length; left > 0; ) {
      const units = Math.min(unitsOfPlace - from, left);
      memory.access(place, ((1 << units) - 1) << from, actor, sort, at);
      place++;
      from = 0;
      left -= units;
    }
  }
}

/** Keys of events and words of atomics share one table of clocks: even and odd. */
const keyOfEvent = (key: number): number => key * 2;
const keyOfWord = (physical: number): number => physical * 2 + 1;
