/**
 * Probes of a scenario, and what their mean says of the number of its traces. The first ones only teach what to expect, and so do all those
 * before a page turned out to be shared: only the others count.
 */
import { TraceWalk } from './trace-walk.ts';

/** Probes that only teach. */
const lessons = 16;

/** How many traces there are in all, as probes drawn by lot say (docs/exploration.md). */
export interface TraceEstimate {
  /** Unbiased; null where none can be given. */
  traces: number | null;
  /** Of `traces`, as the probes differ. Null where that is. */
  standardError: number | null;
  /** Executions that it rests on. */
  probes: number;
  /** Why there is none; null where there is. */
  reason: string | null;
}

export class Probes extends TraceWalk {
  /** Those that count. */
  count = 0;
  /** Why one of them says nothing, or null: then none does. */
  refused: string | null = null;
  private isFirst = true;
  private taught = 0;
  private sum = 0;
  private squares = 0;

  override end(): void {
    super.end();
    // Nobody knew in it which locks threads begin with: those that met at one have taken a step that will never come again.
    if (this.isFirst) super.restart();
    this.isFirst = false;
    if (this.taught < lessons) {
      this.taught++;
      return;
    }
    this.count++;
    this.sum += this.weight;
    this.squares += this.weight ** 2;
    this.refused ??= this.refusal;
  }

  override restart(): void {
    super.restart();
    this.taught = 0;
    this.count = 0;
    this.refused = null;
    this.sum = 0;
    this.squares = 0;
  }

  /** @param cut whether loops that wait by looking were cut short */
  estimate(cut: boolean): TraceEstimate {
    const { count, sum, squares } = this;
    if (cut) return noEstimate('loops that wait by looking are cut short', count);
    if (this.refused !== null) return noEstimate(this.refused, count);
    if (count < 2) return noEstimate('there was no time for two probes', count);
    if (sum === 0) return noEstimate('no probe came to a schedule that counts: take more of them', count);
    const traces = sum / count;
    const variance = (squares - count * traces ** 2) / (count - 1);
    if (!Number.isFinite(variance)) return noEstimate('there are more traces than a number can say', count);
    return { traces, standardError: Math.sqrt(Math.max(0, variance) / count), probes: count, reason: null };
  }
}

export const noEstimate = (reason: string, probes = 0): TraceEstimate => ({
  traces: null,
  standardError: null,
  probes,
  reason,
});
