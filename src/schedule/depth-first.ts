/**
 * Depth-first search over every schedule, with iterative deepening of preemptions: first all schedules without one, then those
 * with exactly one, and so on to the bound. Most bugs need one or two (Musuvathi and Qadeer, PLDI 2007), and the first failure
 * found this way has the fewest.
 *
 * Round k walks all schedules with at most k preemptions, but only those with exactly k count as executions: the others had
 * their turn in an earlier round. Without a bound, the round after the last counted one has no limit.
 */
import type { Strategy } from '../machine/schedule.ts';

/** Rounds with a limit before the one without, when no bound is given. */
const countedRounds = 3;

interface Decision {
  /** What could be taken, the thread that was running first. */
  readonly alternatives: number[];
  /** Whether taking another than the first is a preemption. */
  readonly preempts: boolean;
  taken: number;
  /** Preemptions before this decision. */
  before: number;
}

export class DepthFirstStrategy implements Strategy {
  readonly name = 'dfs';
  readonly lessons = null;
  private path: Decision[] = [];
  private depth = 0;
  private used = 0;
  private round = 0;
  private cut = false;
  private fresh = true;

  /** `preemptions`: the bound, or null for none. */
  constructor(private readonly preemptions: number | null) {}

  /** Whether the execution that just ended was a repetition from an earlier round. */
  get repeated(): boolean {
    return this.limit === Number.POSITIVE_INFINITY ? this.round > 0 && this.used < this.round : this.used < this.round;
  }

  /** True once everything within the bound was covered. */
  exhausted = false;

  begin(): boolean {
    if (this.fresh) this.fresh = false;
    else if (!this.advance() && !this.nextRound()) {
      this.exhausted = true;
      return false;
    }
    this.depth = 0;
    this.used = 0;
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    let decision = this.path[this.depth];
    if (decision === undefined) {
      const alternatives: number[] = [];
      if (current >= 0) alternatives.push(current);
      for (let i = 0; i < count; i++) if (runnable[i] !== current) alternatives.push(runnable[i]!);
      decision = { alternatives, preempts: current >= 0, taken: 0, before: this.used };
      this.path.push(decision);
    }
    this.depth++;
    if (decision.preempts && decision.taken > 0) this.used++;
    return decision.alternatives[decision.taken]!;
  }

  choose(n: number): number {
    let decision = this.path[this.depth];
    if (decision === undefined) {
      decision = { alternatives: Array.from({ length: n }, (_, i) => i), preempts: false, taken: 0, before: this.used };
      this.path.push(decision);
    }
    this.depth++;
    return decision.alternatives[decision.taken]!;
  }

  end(): void {}

  restart(): void {
    this.path = [];
    this.round = 0;
    this.cut = false;
    this.fresh = true;
    this.exhausted = false;
  }

  /** Moves to the next schedule of the round. False when the round is over. */
  private advance(): boolean {
    while (this.path.length > 0) {
      const last = this.path[this.path.length - 1]!;
      if (last.taken + 1 < last.alternatives.length) {
        if (!last.preempts || last.before < this.limit) {
          last.taken++;
          return true;
        }
        this.cut = true;
      }
      this.path.pop();
    }
    return false;
  }

  /** False when the last round cut nothing off, or the bound is reached. */
  private nextRound(): boolean {
    if (!this.cut || this.round === this.preemptions) return false;
    this.round++;
    this.cut = false;
    this.path = [];
    return true;
  }

  private get limit(): number {
    if (this.preemptions === null && this.round >= countedRounds) return Number.POSITIVE_INFINITY;
    return this.round;
  }
}
