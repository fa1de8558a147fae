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
import type { Tree } from './shares.ts';

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

/** What was taken at the first decisions. */
type Root = readonly number[];

export class DepthFirstStrategy implements Tree<Root> {
  readonly name = 'dfs';
  readonly lessons = null;
  readonly top: Root = [];
  private path: Decision[] = [];
  private root: Root = this.top;
  /** Decisions that are made in more than one way. */
  private deepest = Number.POSITIVE_INFINITY;
  /** Whether tiers follow one another: not where somebody says which. */
  private goesOn = true;
  private depth = 0;
  private used = 0;
  /** Whether the schedule under way has preempted somebody. */
  private preempted = false;
  /** Who was picked last, or -1. */
  private last = -1;
  /** With delays there are rounds of serial orders, which preempt nobody, and then those of the others; else one tier is one round. */
  private tier = 0;
  private cut = false;
  private fresh = true;

  /** The bound of preemptions, or the one of delays; null for none. Not both. */
  constructor(
    private readonly preemptions: number | null,
    private readonly delays: number | null = null,
  ) {}

  /** Whether the execution that just ended was a repetition from an earlier round. */
  get repeated(): boolean {
    if (this.delays !== null && !this.serial && !this.preempted) return true;
    return this.used < this.round;
  }

  /** True once everything within the bound was covered. */
  exhausted = false;

  begin(): boolean {
    if (this.fresh) this.fresh = false;
    else if (!this.advance() && !(this.goesOn && this.nextRound())) {
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
    this.enter(0);
    this.confine(this.top, false);
    this.goesOn = true;
  }

  enter(tier: number): void {
    this.tier = tier;
    this.cut = false;
  }

  get nextTier(): number | null {
    const { tier, delays, cut, round, serial } = this;
    if (cut && round !== (this.preemptions ?? delays)) return tier + 1;
    return serial && delays !== 0 ? delays! + 1 : null;
  }

  confine(root: Root, survey: boolean): void {
    this.root = root;
    this.deepest = survey ? root.length + 1 : Number.POSITIVE_INFINITY;
    this.path = [];
    this.goesOn = false;
    this.fresh = true;
    this.exhausted = false;
  }

  subtree(): Root {
    const { path, root } = this;
    return path.length === root.length ? root : path.slice(0, root.length + 1).map(({ taken }) => taken);
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
    const taken = this.root[this.depth] ?? 0;
    const decision = { alternatives, picks, preempts, taken, before: this.used };
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
    if (this.path.length > this.deepest) this.path.length = this.deepest;
    while (this.path.length > this.root.length) {
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
    const next = this.nextTier;
    if (next === null) return false;
    this.enter(next);
    this.path = [];
    return true;
  }

  private get serial(): boolean {
    return this.delays !== null && this.tier <= this.delays;
  }

  /** What a schedule costs that counts. */
  private get round(): number {
    return this.delays === null || this.serial ? this.tier : this.tier - this.delays;
  }

  private get limit(): number {
    if (this.preemptions === null && this.delays === null && this.round >= countedRounds)
      return Number.POSITIVE_INFINITY;
    return this.round;
  }
}
