/**
 * Depth-first search over every schedule, with iterative deepening of what a schedule costs: first all that cost nothing, then those
 * that cost exactly one, and so on to the bound. The first failure found this way has cost the least.
 *
 * The cost is preemptions (Musuvathi and Qadeer, PLDI 2007: most bugs need one or two), or, where these are bounded, delays (Emmi,
 * Qadeer and Rakamarić, POPL 2011): threads run in turn, each until it ends or sleeps, and a delay passes over the one whose turn it
 * is. With delays the serial orders within the bound come first, those in which nobody is passed over who could simply have gone on:
 * with n threads a delay costs the same wherever it falls, and there are far fewer schedules of d delays than of d preemptions.
 *
 * Round k walks all schedules of a cost up to k, but only those of exactly k count as executions: the others had their turn in an
 * earlier round. Without a bound, the round after the last counted one has no limit.
 */
import type { Strategy } from '../machine/schedule.ts';

/** Rounds with a limit before the one without, when no bound is given. */
const countedRounds = 3;

interface Decision {
  /** What could be taken: who was running first, then the others in turn. */
  readonly alternatives: number[];
  /** Whether it is about who goes next, not about a number that somebody is given. */
  readonly picks: boolean;
  /** Whether taking another than the first is a preemption. */
  readonly preempts: boolean;
  taken: number;
  /** Cost of all decisions before this one. */
  before: number;
}

export class DepthFirstStrategy implements Strategy {
  readonly name = 'dfs';
  readonly lessons = null;
  private path: Decision[] = [];
  private depth = 0;
  private used = 0;
  /** Whether the schedule under way has preempted somebody. */
  private preempted = false;
  /** Who was picked last, or -1. */
  private last = -1;
  private round = 0;
  /** Rounds of serial orders, which preempt nobody, come before the others: only with delays. */
  private serial: boolean;
  private cut = false;
  private fresh = true;

  /** The bound of preemptions, or the one of delays; null for none. Not both. */
  constructor(
    private readonly preemptions: number | null,
    private readonly delays: number | null = null,
  ) {
    this.serial = delays !== null;
  }

  /** Whether the execution that just ended was a repetition from an earlier round. */
  get repeated(): boolean {
    if (this.delays !== null && !this.serial && !this.preempted) return true;
    return this.used < this.round;
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
    this.preempted = false;
    this.last = -1;
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    const known = this.path[this.depth];
    this.last = this.follow(known ?? this.add(this.inTurn(runnable, count, current), true, current >= 0));
    return this.last;
  }

  choose(n: number): number {
    const known = this.path[this.depth];
    return this.follow(
      known ??
        this.add(
          Array.from({ length: n }, (_, i) => i),
          false,
          false,
        ),
    );
  }

  end(): void {}

  restart(): void {
    this.path = [];
    this.round = 0;
    this.serial = this.delays !== null;
    this.cut = false;
    this.fresh = true;
    this.exhausted = false;
  }

  /** Who goes on, then the others in ascending order: from the one after it with delays, from the lowest without. */
  private inTurn(runnable: Int32Array, count: number, current: number): number[] {
    const order: number[] = current >= 0 ? [current] : [];
    const turn = this.delays === null ? -1 : current >= 0 ? current : this.last;
    for (let i = 0; i < count; i++) if (runnable[i]! > turn && runnable[i] !== current) order.push(runnable[i]!);
    for (let i = 0; i < count; i++) if (runnable[i]! <= turn && runnable[i] !== current) order.push(runnable[i]!);
    return order;
  }

  private add(alternatives: number[], picks: boolean, preempts: boolean): Decision {
    const decision = { alternatives, picks, preempts, taken: 0, before: this.used };
    this.path.push(decision);
    return decision;
  }

  private follow(decision: Decision): number {
    this.depth++;
    this.used += this.costOf(decision, decision.taken);
    if (decision.preempts && decision.taken > 0) this.preempted = true;
    return decision.alternatives[decision.taken]!;
  }

  private costOf({ picks, preempts }: Decision, taken: number): number {
    if (!picks || taken === 0) return 0;
    if (this.delays !== null) return taken;
    return preempts ? 1 : 0;
  }

  /** Moves to the next schedule of the round. False when the round is over. */
  private advance(): boolean {
    while (this.path.length > 0) {
      const last = this.path[this.path.length - 1]!;
      const next = last.taken + 1;
      if (next < last.alternatives.length && !(this.serial && last.preempts)) {
        if (last.before + this.costOf(last, next) <= this.limit) {
          last.taken = next;
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
    if (this.cut && this.round !== (this.preemptions ?? this.delays)) this.round++;
    else if (this.serial && this.delays !== 0) {
      this.serial = false;
      this.round = 1;
    } else return false;
    this.cut = false;
    this.path = [];
    return true;
  }

  private get limit(): number {
    if (this.preemptions === null && this.delays === null && this.round >= countedRounds)
      return Number.POSITIVE_INFINITY;
    return this.round;
  }
}
