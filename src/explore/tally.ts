/** What a campaign has found so far, merged from chunks in the order of their executions. */
import { Meeting } from '../detect/meetings.ts';
import { Distinct } from './distinct.ts';
import type { ChunkResult, Found } from './explorer.ts';
import type { Chunk } from './rounds.ts';
import type { Share } from './surveys.ts';

export class Tally {
  executions = 0;
  /** Executions that were run and do not count. */
  repeated = 0;
  steps = 0;
  /** Steps of the longest execution. */
  longest = 0;
  readonly traces = new Distinct();
  /** Of executions that were drawn by lot, or at least not by an attempt at a proof, or as probes. */
  readonly drawn = new Distinct();
  /** Whether actors meet, and how. Exact where there is one trace. */
  meeting: number = Meeting.Never;
  /** Loops that wait by looking were cut short (machine/spins.ts). */
  cut = false;
  branched = false;
  /** Which strategy, or part of it, has nothing left; null while there may be more. */
  exhausted: string | null = null;
  /** First execution that failed. */
  failedAt: number | null = null;
  readonly outcomes = new Map<string, number>();
  readonly found = new Map<number, Found>();
  /** The share that is to be merged next, if the executions of all before it are to have numbers; else -1. */
  private nextShare = 0;

  /** @param before what was counted until all began anew: what it has found stays found */
  constructor(private readonly before: Tally | null = null) {}

  get hasFound(): boolean {
    return this.found.size > 0 || this.before?.hasFound === true;
  }

  /** This one, or the one before it that came further. */
  get furthest(): Tally {
    const before = this.before?.furthest;
    return before !== undefined && before.executions > this.executions ? before : this;
  }

  merge(chunk: ChunkResult, { share, kind }: Pick<Chunk, 'share' | 'kind'> = {}): void {
    const offset = share === undefined ? 0 : this.offsetOf(share, chunk);
    this.executions += chunk.executions;
    this.repeated += chunk.repeated;
    this.steps += chunk.steps;
    this.longest = Math.max(this.longest, chunk.longest);
    this.traces.merge(chunk.traces);
    if (kind === undefined) this.drawn.merge(chunk.traces);
    this.meeting = Math.max(this.meeting, chunk.meeting);
    this.cut ||= chunk.cut;
    this.branched ||= chunk.branched;
    // That of one share is not that of the tree (tiers.ts).
    if (share === undefined) this.exhausted ??= chunk.exhausted;
    if (chunk.failedAt !== null)
      this.failedAt = Math.min(this.failedAt ?? Number.POSITIVE_INFINITY, chunk.failedAt + offset);
    for (const [label, count] of chunk.outcomes) this.outcomes.set(label, (this.outcomes.get(label) ?? 0) + count);
    for (const entry of chunk.found) {
      const execution = entry.execution + offset;
      const known = this.found.get(entry.key);
      if (known === undefined) this.found.set(entry.key, { ...entry, execution });
      else if (execution < known.execution)
        this.found.set(entry.key, { ...entry, execution, occurrences: entry.occurrences + known.occurrences });
      else known.occurrences += entry.occurrences;
    }
  }

  /** How many executions come before those of a share; infinity where it is not known. */
  private offsetOf({ index, count }: Share, { exhausted }: ChunkResult): number {
    const isKnown = this.nextShare === index;
    this.nextShare = isKnown && exhausted ? (index + 1) % count : -1;
    return isKnown ? this.executions : Number.POSITIVE_INFINITY;
  }

  /** Groups in the order in which executions showed them, those before it all began anew first. */
  groups(level: 'fail' | 'note'): Found[] {
    const before = (this.before?.groups(level) ?? []).map((first) => {
      const again = this.found.get(first.key);
      return again === undefined ? first : { ...first, occurrences: again.occurrences };
    });
    const known = new Set(before.map(({ key }) => key));
    const own = [...this.found.values()].filter((entry) => entry.level === level && !known.has(entry.key));
    return [...before, ...own.sort((a, b) => a.execution - b.execution || a.key - b.key)];
  }

  /** Outcomes, the most frequent first; labels of equal count by name. */
  histogram(): Record<string, number> {
    return Object.fromEntries([...this.outcomes].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
  }
}
