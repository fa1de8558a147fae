/**
 * What a step read and changed, as the trace tells it: accesses by where they went, kernel calls by what the call table declares. What
 * nobody has declared (time that moved, a page that went, a line that left the cache) may have changed everything.
 */
import { cacheLine } from '../../hardware/data-cache.ts';
import { Status } from '../../kernel/call.ts';
import { resource, Shared, Use } from '../../kernel/effects.ts';
import { headerWords, isAccess, isLoad, isStep, Kind, type Trace } from '../../kernel/trace.ts';
import { Stop } from '../../machine/controlled-thread.ts';
import type { Watched } from '../../machine/schedule.ts';
import { everything, type Footprints, nothing, Space } from './footprints.ts';

/** What else there is to know of a step: bits. */
export const Trait = {
  /** A lock that nobody held before it. */
  Free: 1,
  /** It takes a lock, and is to stand aside while somebody holds that. */
  Takes: 2,
  /** It let others go first, if there were any. */
  Yields: 4,
} as const;

/** Bytes that count as one: words, since those are what programs share; lines of a data cache, which come and go as a whole. */
const wordBytes = 4;

export class FootprintReader {
  /** Bits of Trait, of the step that was read last. */
  traits = 0;
  /** Where it takes a lock: the footprint of that alone. */
  taken = nothing;
  /** Number of its first operation, or -1. */
  operation = -1;
  /** Where it took a store out of a buffer: the number of the operation that stored; else -1. */
  stored = -1;

  /** The resources of the kernel that it uses, some more than once: twice the place among those that were met, and 1 more where it changes it. */
  used = new Int32Array(16);
  usedCount = 0;

  private readonly resources = new Map<number, number>();
  private set = nothing;
  private execution: Watched | null = null;

  constructor(private readonly footprints: Footprints) {}

  /** The footprint of the step of `actor` from `from` on to `to`. */
  read(execution: Watched, actor: number, from: number, to: number): number {
    const { trace, endsEarly, firstBuffer } = execution;
    const { words } = trace;
    this.execution = execution;
    this.set = nothing;
    this.usedCount = 0;
    this.traits = 0;
    this.taken = nothing;
    this.operation = -1;
    this.stored = -1;
    for (let at = from; at < to; at = trace.after(at)) {
      const kind = trace.kindAt(at);
      const isFirst = this.operation < 0 && isStep(kind) && kind !== Kind.Drain;
      if (isFirst) this.operation = words[at + 1]!;
      if (isAccess(kind) || kind === Kind.Straddle) {
        const changes = this.changes(trace, at, kind === Kind.Straddle ? words[at + 2]! : kind);
        this.memory(words[at + 3]!, words[at + 4]!, changes);
      } else if (kind === Kind.Affects) this.affects(trace, at);
      else if (kind === Kind.Drain || kind === Kind.Drained) this.memory(words[at + 3]!, words[at + 4]!, true);
      else if (kind === Kind.End) {
        this.kernel(resource(Shared.Mailbox, actor), true);
        if (endsEarly || words[at + 5] === Stop.Died) this.set = everything;
      } else if (kind === Kind.Yield) {
        // Where nobody else could go on it belongs to the step before.
        if (isFirst) this.traits |= Trait.Yields;
        this.set = everything;
      } else if (
        (kind >= Kind.Clock && kind <= Kind.Evict && kind !== Kind.Idle && kind !== Kind.Drain) ||
        (kind === Kind.Return && words[at + 4] === Status.Panicked)
      )
        this.set = everything;
      if (firstBuffer >= 0) this.buffer(trace, at, actor, kind, firstBuffer);
    }
    return this.set;
  }

  private memory(physical: number, length: number, changes: boolean): void {
    // -1: it was refused, which was the kernel's doing.
    if (physical < 0) return;
    const start = this.execution!.nameOf(physical);
    const granule = this.execution!.cache < 0 ? wordBytes : cacheLine;
    const first = Math.floor(start / granule);
    const count = Math.floor((start + length - 1) / granule) - first + 1;
    this.set = this.footprints.add(this.set, Space.Memory, first, count, changes);
  }

  /** An exchange that found something else than it expected has only read. */
  private changes(trace: Trace, at: number, kind: number): boolean {
    if (isLoad(kind) || kind === Kind.AtomicLoad || kind === Kind.Read) return false;
    if (kind !== Kind.AtomicCompareExchange) return true;
    const { words } = trace;
    return words[at + 7] === 0 || words[at + headerWords] === words[at + 5];
  }

  private affects({ words }: Trace, at: number): void {
    const use = words[at + 5]!;
    const changes = (use & Use.Changes) !== 0;
    if (words[at + 3]! >= 0) this.memory(words[at + 3]!, words[at + 4]!, changes);
    else if (words[at + 2] === resource(Shared.Everything, 0)) this.set = everything;
    else {
      this.kernel(words[at + 2]!, changes);
      if ((use & Use.Free) !== 0) this.traits |= Trait.Free;
      if ((use & Use.Takes) !== 0) {
        this.traits |= Trait.Takes;
        this.taken = this.footprints.add(nothing, Space.Kernel, this.used[this.usedCount - 1]! >> 1, 1, true);
      }
    }
  }

  private kernel(number: number, changes: boolean): void {
    let place = this.resources.get(number);
    if (place === undefined) {
      place = this.resources.size;
      this.resources.set(number, place);
    }
    this.set = this.footprints.add(this.set, Space.Kernel, place, 1, changes);
    if (this.usedCount === this.used.length) {
      const larger = new Int32Array(this.usedCount * 2);
      larger.set(this.used);
      this.used = larger;
    }
    this.used[this.usedCount++] = 2 * place + (changes ? 1 : 0);
  }

  /** Stores go into the thread's buffer; what empties it, and the buffer's own steps, take them out. */
  private buffer(trace: Trace, at: number, actor: number, kind: number, firstBuffer: number): void {
    if (actor >= firstBuffer) {
      this.kernel(resource(Shared.Buffer, actor - firstBuffer), true);
      if (kind === Kind.Drain) this.stored = trace.words[at + 1]!;
    } else if (!isLoad(kind) && kind !== Kind.Read) this.kernel(resource(Shared.Buffer, actor), true);
  }

  /** The footprint of taking the lock whose handle has these lowest 32 bits. */
  lock(handle: number): number {
    this.set = nothing;
    this.usedCount = 0;
    this.kernel(resource(Shared.Object, handle), true);
    return this.set;
  }
}
