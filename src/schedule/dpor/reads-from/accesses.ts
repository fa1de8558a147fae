/**
 * What the steps of an execution did to memory, byte by byte, as the trace tells it: who only read, who only wrote, who did both; and which
 * resources of the kernel they used.
 */
import { Use } from '../../../kernel/effects.ts';
import { headerWords, isAccess, isAtomic, isLoad, isStep, isStore, Kind, type Trace } from '../../../kernel/trace.ts';
import type { Watched } from '../../../machine/schedule.ts';
import { atomicResult } from '../../../task/task.ts';

/** How bytes were used: bits. An exchange that found something else than it expected has only read. */
export const Mode = { Reads: 1, Writes: 2, Updates: 3 } as const;

/** In place of what an exchange expected: it does not depend on what it finds. */
export const unconditional = -1;

export class Accesses {
  starts = new Float64Array(64);
  ends = new Float64Array(64);
  modes = new Int32Array(64);
  /** Of four bytes: what was found there, and what was left; NaN where nobody knows. */
  found = new Float64Array(64);
  left = new Float64Array(64);
  /** What an exchange expected to find, or `unconditional`. */
  expected = new Float64Array(64);
  /** 1 where its step had done something before, which may be why it does this. */
  isLate = new Int32Array(64);
  /** As FootprintReader has them. */
  resources = new Int32Array(64);
  /** Whether a page came since `clear`. */
  pagesCame = false;
  private execution: Watched | null = null;
  private count = 0;
  private resourceCount = 0;
  private steps = 0;
  /** Step → its first access, and its first resource; one step more than there are. */
  private firsts = new Int32Array(64);
  private firstResources = new Int32Array(64);

  clear(): void {
    this.pagesCame = false;
    this.count = 0;
    this.resourceCount = 0;
    this.steps = 0;
  }

  first(step: number): number {
    return this.firsts[step]!;
  }

  firstResource(step: number): number {
    return this.firstResources[step]!;
  }

  /** Writes down the next step: the trace from `from` on, and the resources that it used. */
  read(execution: Watched, from: number, used: Int32Array, usedCount: number): void {
    const { trace } = execution;
    const { words, length } = trace;
    this.execution = execution;
    let late = 0;
    for (let at = from; at < length; at = trace.after(at)) {
      const kind = trace.kindAt(at);
      if (isAccess(kind)) this.add(trace, at, modeOf(trace, at, kind), kind, late);
      // Its second part is only ever a plain scalar's.
      else if (kind === Kind.Straddle)
        this.add(trace, at, isLoad(words[at + 2]!) ? Mode.Reads : Mode.Writes, kind, this.isLate[this.count - 1]!);
      else if (kind === Kind.Affects) this.affects(trace, at, late);
      if (isStep(kind)) late = 1;
    }
    for (let i = 0; i < usedCount; i++) this.addResource(used[i]!);
    const next = ++this.steps;
    if (next === this.firsts.length) {
      this.firsts = larger(this.firsts, new Int32Array(next * 2));
      this.firstResources = larger(this.firstResources, new Int32Array(next * 2));
    }
    this.firsts[next] = this.count;
    this.firstResources[next] = this.resourceCount;
  }

  /** A page that comes brings the zeroes with it that everybody finds there who comes before the first store: it writes nothing. */
  private affects(trace: Trace, at: number, late: number): void {
    const use = trace.words[at + 5]!;
    if ((use & Use.Residence) === 0)
      this.add(trace, at, (use & Use.Changes) !== 0 ? Mode.Updates : Mode.Reads, Kind.Affects, late);
    else if ((use & Use.Changes) !== 0) this.pagesCame = true;
  }

  private addResource(resource: number): void {
    if (this.resourceCount === this.resources.length)
      this.resources = larger(this.resources, new Int32Array(this.resourceCount * 2));
    this.resources[this.resourceCount++] = resource;
  }

  private add({ words }: Trace, at: number, mode: number, kind: number, late: number): void {
    if (words[at + 3]! < 0 || words[at + 4] === 0) return;
    const start = this.execution!.nameOf(words[at + 3]!);
    const access = this.count++;
    if (access === this.starts.length) this.grow();
    this.starts[access] = start;
    this.ends[access] = start + words[at + 4]!;
    this.modes[access] = mode;
    this.isLate[access] = late;
    this.expected[access] =
      kind === Kind.AtomicCompareExchange && words[at + 7] !== 0 ? words[at + headerWords]! : unconditional;
    this.found[access] = kind === Kind.Load32 || isAtomic(kind) ? words[at + 5]! : Number.NaN;
    this.left[access] = Number.NaN;
    if (kind === Kind.Store32) this.left[access] = words[at + 5]!;
    else if (isAtomic(kind))
      this.left[access] = atomicResult(kind, words[at + 5]!, words[at + 6]!, this.expected[access]!);
  }

  private grow(): void {
    const size = this.starts.length * 2;
    this.starts = larger(this.starts, new Float64Array(size));
    this.ends = larger(this.ends, new Float64Array(size));
    this.modes = larger(this.modes, new Int32Array(size));
    this.isLate = larger(this.isLate, new Int32Array(size));
    this.found = larger(this.found, new Float64Array(size));
    this.left = larger(this.left, new Float64Array(size));
    this.expected = larger(this.expected, new Float64Array(size));
  }
}

function modeOf({ words }: Trace, at: number, kind: number): number {
  if (isLoad(kind) || kind === Kind.AtomicLoad || kind === Kind.Read) return Mode.Reads;
  if (isStore(kind) || kind === Kind.AtomicStore || kind === Kind.Write) return Mode.Writes;
  const failed =
    kind === Kind.AtomicCompareExchange && words[at + 7] !== 0 && words[at + headerWords] !== words[at + 5];
  return failed ? Mode.Reads : Mode.Updates;
}

/** `to`, which is larger, beginning with what is in `from`. */
export function larger<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
