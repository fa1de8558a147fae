/**
 * Processors and devices must agree (invariant I7 of race catalogues): what a task stored is in memory before a device is told to
 * read it, what a device wrote is what a task reads once it was told so, and nothing that was written is lost.
 *
 * A finding is certain: the one who reads comes after the one who wrote, by messages, interrupts or locks, and yet finds what was there
 * before. A device that polls memory meanwhile may find either, and is no finding. Whatever way the line took between the two, what
 * is missing is maintenance of the cache.
 */
import { uncached, writeBack } from '../hardware/cache-policy.ts';
import { cacheLine, Maintain } from '../hardware/data-cache.ts';
import { type RuleName, ruleNumber } from '../kernel/rules.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import { Sort } from './access.ts';
import { CacheGhost } from './cache-ghost.ts';
import { type CacheStory, storyOf } from './cache-story.ts';
import { type ActorInfo, type FindingSink, findingKey, stepOf } from './finding.ts';
import type { CacheFollower } from './happens-before.ts';
import { VectorClocks } from './vector-clocks.ts';

export const rulesOfCaches = ['missing-cache-flush', 'stale-data', 'lost-write'] as const satisfies readonly RuleName[];

/** Beside the bits of Maintain: the lines have become other memory. */
const forget = 0;

export class CacheCoherence implements CacheFollower {
  private readonly ghost = new CacheGhost();
  /** By actor: how its next access uses the cache. */
  private readonly usual: Uint8Array;
  private readonly next: Uint8Array;
  private clocks = new VectorClocks(1);
  private trace: Trace | null = null;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    this.usual = Uint8Array.from(actors, ({ sort }) => (sort === 'device' ? uncached : writeBack));
    this.next = this.usual.slice();
  }

  begin(trace: Trace, clocks: VectorClocks): void {
    this.trace = trace;
    this.clocks = clocks;
    this.ghost.begin();
    this.next.set(this.usual);
  }

  access(at: number, kind: number, actor: number, sort: number, physical: number, length: number): void {
    const policy = this.next[actor]!;
    this.next[actor] = this.usual[actor]!;
    this.straddle(at, kind, actor, sort, physical, length, policy);
  }

  straddle(
    at: number,
    kind: number,
    actor: number,
    sort: number,
    physical: number,
    length: number,
    policy: number,
  ): void {
    const stores = sort === Sort.Store || sort === Sort.AtomicStore;
    const loads = !stores || (sort === Sort.AtomicStore && kind !== Kind.AtomicStore);
    const epoch = this.clocks.known[actor * this.clocks.actors + actor]!;
    const store = stores ? this.ghost.store(at, actor, epoch, policy === uncached) : 0;
    for (let done = 0; done < length; ) {
      const offset = (physical + done) % cacheLine;
      const part = Math.min(length - done, cacheLine - offset);
      const line = this.ghost.line(Math.floor((physical + done) / cacheLine));
      const from = line * cacheLine + offset;
      if (loads) this.load(at, actor, line, from, from + part, policy);
      if (stores) this.store(store, line, from, from + part, policy);
      done += part;
    }
  }

  event(at: number, kind: number, actor: number): void {
    if (kind === Kind.CachePolicy) this.next[actor] = this.trace!.words[at + 2]!;
    else if (kind === Kind.Evict) this.maintain(at, Maintain.WriteBack | Maintain.Drop);
    else if (kind === Kind.Maintained) this.maintain(at, this.trace!.words[at + 2]!);
    else if (kind === Kind.Recycled) this.maintain(at, forget);
  }

  private load(at: number, actor: number, line: number, from: number, to: number, policy: number): void {
    const { ghost } = this;
    if (policy !== uncached) ghost.fill(line);
    const seen = policy === uncached ? ghost.memory : ghost.cached;
    for (let byte = from; byte < to; byte++) {
      const newest = ghost.newest[byte]!;
      if (seen[byte]! >= newest || !this.isKnown(newest, actor)) continue;
      const dropped = ghost.droppedAt[line]! - 1;
      const store = ghost.places[newest]!;
      if (ghost.past[newest] === 0 && dropped > store)
        this.report({ what: 'dropped', store, between: dropped, at }, line);
      else if (policy === uncached) this.report({ what: 'unwritten', store, between: -1, at }, line);
      else this.report({ what: 'stale', store, between: -1, at }, line);
      // Once is enough for a line.
      if (policy !== uncached)
        ghost.cached.set(ghost.newest.subarray(line * cacheLine, (line + 1) * cacheLine), line * cacheLine);
      return;
    }
  }

  private store(store: number, line: number, from: number, to: number, policy: number): void {
    const { ghost } = this;
    if (policy !== uncached) ghost.fill(line);
    for (let byte = from; byte < to; byte++) {
      const before = ghost.cached[byte]!;
      // Nothing orders the two, so that either may be the later one.
      const raced = before > 0 && ghost.past[before] === 0 && !this.isKnown(before, ghost.actors[store]!);
      if (policy !== uncached || (ghost.present[line] === 1 && raced)) ghost.cached[byte] = store;
      if (policy !== writeBack) ghost.memory[byte] = store;
      ghost.newest[byte] = store;
    }
    if (policy === writeBack) ghost.dirtiedBy[line] = store;
  }

  /** What happens to the lines of words 3 and 4. */
  private maintain(at: number, operation: number): void {
    const { ghost } = this;
    const { words } = this.trace!;
    const end = words[at + 3]! + words[at + 4]!;
    for (let number = Math.floor(words[at + 3]! / cacheLine); number * cacheLine < end; number++) {
      const line = ghost.known(number);
      if (line < 0) continue;
      if (operation === forget) ghost.clear(line);
      if (ghost.present[line] === 0) continue;
      if ((operation & Maintain.WriteBack) !== 0 && ghost.dirtiedBy[line] !== 0) this.writeBack(at, line);
      if ((operation & Maintain.Drop) === 0) continue;
      if (ghost.dirtiedBy[line] !== 0) ghost.droppedAt[line] = at + 1;
      ghost.present[line] = 0;
      ghost.dirtiedBy[line] = 0;
    }
  }

  private writeBack(at: number, line: number): void {
    const { ghost } = this;
    let lost = 0;
    for (let byte = line * cacheLine; byte < (line + 1) * cacheLine; byte++) {
      const written = ghost.memory[byte]!;
      const kept = ghost.cached[byte]!;
      if (written > kept && ghost.newest[byte] === written) {
        lost = written;
        ghost.newest[byte] = kept;
      }
      ghost.memory[byte] = kept;
    }
    const store = ghost.places[ghost.dirtiedBy[line]!]!;
    ghost.dirtiedBy[line] = 0;
    if (lost > 0) this.report({ what: 'overwritten', store, between: ghost.places[lost]!, at }, line);
  }

  /** Whether `actor` comes after a store. */
  private isKnown(store: number, actor: number): boolean {
    const other = this.ghost.actors[store]!;
    return other === actor || this.ghost.epochs[store]! <= this.clocks.known[actor * this.clocks.actors + other]!;
  }

  private report(story: CacheStory, line: number): void {
    const trace = this.trace!;
    const rule =
      story.what === 'unwritten' ? 'missing-cache-flush' : story.what === 'stale' ? 'stale-data' : 'lost-write';
    const level = this.sink.level(rule);
    if (level === 'off') return;
    const step = stepOf(trace, story.at);
    // Many stores of one thread may be missing at once: that is one mistake.
    const key = findingKey(
      ruleNumber(rule),
      trace.actorAt(story.store),
      0,
      trace.actorAt(step),
      trace.words[step + 1]!,
    );
    if (!this.sink.isNew(key, level)) return;
    const subject = { physical: this.ghost.numbers[line]! * cacheLine };
    this.sink.report({ rule, level, key, subject, ...storyOf(trace, this.actors, story) });
  }
}
