/** What a campaign has found so far, merged from chunks in the order of their executions. */
import { Distinct } from './distinct.ts';
import type { ChunkResult, Found } from './explorer.ts';

export class Tally {
  executions = 0;
  steps = 0;
  /** Steps of the longest execution. */
  longest = 0;
  readonly traces = new Distinct();
  /** Of executions that were drawn by lot, or at least not by an attempt at a proof. */
  readonly drawn = new Distinct();
  /** Whether threads reached anything one after the other. */
  met = false;
  /** Loops that wait by looking were cut short (machine/spins.ts). */
  cut = false;
  branched = false;
  exhausted = false;
  /** First execution that failed. */
  failedAt: number | null = null;
  readonly outcomes = new Map<string, number>();
  readonly found = new Map<number, Found>();

  merge(chunk: ChunkResult, proves = false): void {
    this.executions += chunk.executions;
    this.steps += chunk.steps;
    this.longest = Math.max(this.longest, chunk.longest);
    this.traces.merge(chunk.traces);
    if (!proves) this.drawn.merge(chunk.traces);
    this.met ||= chunk.met;
    this.cut ||= chunk.cut;
    this.branched ||= chunk.branched;
    this.exhausted ||= chunk.exhausted;
    if (chunk.failedAt !== null) this.failedAt = Math.min(this.failedAt ?? chunk.failedAt, chunk.failedAt);
    for (const [label, count] of chunk.outcomes) this.outcomes.set(label, (this.outcomes.get(label) ?? 0) + count);
    for (const entry of chunk.found) {
      const known = this.found.get(entry.key);
      if (known === undefined) this.found.set(entry.key, { ...entry });
      else if (entry.execution < known.execution)
        this.found.set(entry.key, { ...entry, occurrences: entry.occurrences + known.occurrences });
      else known.occurrences += entry.occurrences;
    }
  }

  /** Groups in the order in which executions showed them; failures before notes. */
  groups(level: 'fail' | 'note'): Found[] {
    return [...this.found.values()]
      .filter((entry) => entry.level === level)
      .sort((a, b) => a.execution - b.execution || a.key - b.key);
  }

  /** Outcomes, the most frequent first; labels of equal count by name. */
  histogram(): Record<string, number> {
    return Object.fromEntries([...this.outcomes].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
  }
}
