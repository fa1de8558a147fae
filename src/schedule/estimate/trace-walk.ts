/**
 * An unbiased estimate of the number of Mazurkiewicz traces, from executions drawn by lot (Knuth, "Estimating the Efficiency of Backtrack
 * Programs", Mathematics of Computation 1975): one that was drawn with probability p stands for 1 / p.
 *
 * So that each trace counts once, one of its schedules stands for all: the one in which at each point the highest actor goes that can, of those that
 * the trace lets go first (its lexicographic normal form: Anisimov and Knuth, "Inhomogeneous Sorting", 1979). Any other schedule counts
 * 0. The mean of many probes tends to the sum over all normal forms of p · 1 / p, which is their number, whatever p is, as long as it
 * is known and none of theirs is 0. Everything else is about the spread:
 *
 * - An actor goes first in proportion to the steps that it has left, as in urw.ts.
 * - Whoever was passed over by a lower actor sleeps until somebody does what conflicts with its next step (sleep sets: Godefroid, 1996): before
 *   that, the schedule would be no normal form. Nor is it to be passed over where nobody can come to such a step.
 * - What the next steps are is only guessed, from earlier probes (expectations.ts). So one probe in eight rules nobody out, and p is
 *   the probability over both kinds.
 *
 * (Rejected: counting every schedule with 1 / (p · its trace's number of schedules): where threads hardly meet that number differs by orders of
 * magnitude, and the few traces that most probes never see are most of all. Knuth's estimate over the tree of dpor: that
 * does not know its branches before it has explored what is below them.)
 */
import type { Intents } from '../../machine/intents.ts';
import type { Strategy, Watched } from '../../machine/schedule.ts';
import { Trait } from '../dpor/footprint-reader.ts';
import { Recorder } from '../dpor/recorder.ts';
import { noChoices } from '../dpor/variants.ts';
import { Generator } from '../generator.ts';
import { actorLimit } from '../seeded-strategy.ts';
import { Expectations, type Expected } from './expectations.ts';
import { HeldLocks } from './held-locks.ts';

const deadlock = 'threads come to a deadlock, and in how many orders those may stand that wait is not known';
const yields = 'threads yield, and a step that lets others go first cannot be moved like others';
/** Of so many probes one rules nobody out. */
const openEvery = 8;

export class TraceWalk implements Strategy {
  readonly name = 'trace-walk';
  readonly part = 'trace-walk';
  readonly lessons = null;
  readonly repeated = false;
  readonly countsSteps = true;
  readonly readsEffects = true;

  /** For how many traces the last probe stands: 0 where it was no normal form. */
  weight = 0;
  /** Why the last probe says nothing about how many traces there are; null where it does. */
  refusal: string | null = null;

  private readonly recorder = new Recorder();
  private readonly expectations = new Expectations(this.recorder.footprints);
  private readonly locks = new HeldLocks(this.recorder.footprints);
  private intents: Intents | null = null;

  private step = -1;
  private actor = -1;
  /** What the actor of the step under way was about to do. */
  private intent = 0;
  /** Whether this probe rules nobody out. */
  private isOpen = false;
  /** Logarithms of the probability of what was drawn: where somebody may be ruled out, and where nobody is. */
  private narrow = 0;
  private open = 0;
  /** Actor → its steps in this probe; what it will do next, where it sleeps. */
  private readonly taken = new Int32Array(actorLimit);
  private readonly asleep: (Expected | null)[] = new Array<Expected | null>(actorLimit).fill(null);
  /** By the place among those that can go: its weight in either kind of lot. */
  private readonly openLots = new Int32Array(actorLimit);
  private readonly narrowLots = new Int32Array(actorLimit);
  private openSum = 0;
  private narrowSum = 0;

  /** @param seed 0 to 2^32 - 1 */
  constructor(
    private readonly seed: number,
    private readonly generator = new Generator(),
  ) {}

  watch(intents: Intents, execution: Watched): void {
    this.intents = intents;
    this.recorder.watch(intents, execution);
  }

  begin(number: number): boolean {
    this.generator.seed(this.seed, number);
    this.isOpen = this.generator.below(openEvery) === 0;
    this.refusal = null;
    this.step = -1;
    this.narrow = 0;
    this.open = 0;
    this.taken.fill(0);
    this.asleep.fill(null);
    this.locks.clear();
    return true;
  }

  pick(runnable: Int32Array, count: number): number {
    if (this.step >= 0) this.complete(true);
    this.step++;
    this.recorder.look(this.step, runnable, count);
    this.writeLots(runnable, count);
    const { openSum, narrowSum } = this;
    if (openSum === 0) {
      this.refusal ??= deadlock;
      this.actor = runnable[0]!;
    } else {
      const place =
        this.isOpen || narrowSum === 0 ? this.draw(this.openLots, openSum) : this.draw(this.narrowLots, narrowSum);
      this.open += Math.log(this.openLots[place]! / openSum);
      this.narrow += narrowSum === 0 ? Number.NEGATIVE_INFINITY : Math.log(this.narrowLots[place]! / narrowSum);
      this.actor = runnable[place]!;
      for (let i = place + 1; i < count; i++) {
        const passed = runnable[i]!;
        if (this.openLots[i]! > 0) this.asleep[passed] ??= this.next(passed);
      }
    }
    this.intent = this.intentOf(this.actor);
    this.asleep[this.actor] = null;
    return this.actor;
  }

  choose(n: number): number {
    this.open -= Math.log(n);
    this.narrow -= Math.log(n);
    return this.generator.below(n);
  }

  end(): void {
    this.weight = 0;
    if (this.step < 0) return;
    this.complete(false);
    this.recorder.finish(this.step, this.actor);
    if (!this.isNormalForm()) return;
    const { open, narrow } = this;
    // By the larger one, since both may be too small for a number.
    const most = Math.max(open, narrow);
    const probability = ((openEvery - 1) * Math.exp(narrow - most) + Math.exp(open - most)) / openEvery;
    this.weight = Math.exp(-most) / probability;
  }

  /** What is a scheduling point has changed: steps are others than those that were seen. */
  restart(): void {
    this.expectations.clear();
  }

  /** How likely each of `runnable` is to go first, in either kind of lot. Nobody waits for a lock who could do anything else. */
  private writeLots(runnable: Int32Array, count: number): void {
    const { recorder, openLots, narrowLots, asleep } = this;
    this.openSum = 0;
    this.narrowSum = 0;
    let canBePassedOver = true;
    for (let i = count - 1; i >= 0; i--) {
      const actor = runnable[i]!;
      const lots = recorder.waits(actor) ? 0 : Math.max(1, this.expectations.length(actor) - this.taken[actor]!);
      const isRuledOut = asleep[actor] !== null || !canBePassedOver;
      openLots[i] = lots;
      narrowLots[i] = isRuledOut ? 0 : lots;
      this.openSum += openLots[i]!;
      this.narrowSum += narrowLots[i]!;
      if (lots > 0 && !isRuledOut) canBePassedOver = this.canBeWoken(actor);
    }
  }

  private draw(lots: Int32Array, sum: number): number {
    let ticket = this.generator.below(sum);
    let place = 0;
    while ((ticket -= lots[place]!) >= 0) place++;
    return place;
  }

  /** Whether anybody may still do what conflicts with the next step of `actor` before that; also where nobody knows that. */
  private canBeWoken(actor: number): boolean {
    const expected = this.next(actor);
    if (expected === null) return true;
    const locks = this.locks.of(actor);
    for (let other = 0; other < this.recorder.actors; other++)
      if (other !== actor && this.expectations.mayMeet(other, this.taken[other]!, expected, locks)) return true;
    return false;
  }

  private next(actor: number): Expected | null {
    return this.expectations.find(actor, this.taken[actor]!, this.intentOf(actor));
  }

  /** What `actor` is about to do; before its first step, as it was in an earlier execution. */
  private intentOf(actor: number): number {
    const { next, first } = this.intents!;
    return next[actor]! || first[actor]!;
  }

  /** The step under way is over. `goesOn`: the execution is not. */
  private complete(goesOn: boolean): void {
    const { step, actor, recorder, asleep, expectations } = this;
    const footprint = recorder.write(step, actor, noChoices, goesOn);
    const { traits } = recorder.reader;
    if ((traits & Trait.Yields) !== 0) this.refusal ??= yields;
    if (recorder.past.isAttempt(step)) this.refusal ??= deadlock;
    expectations.note(actor, this.taken[actor]!++, this.intent, footprint, traits);
    this.locks.pass(actor, footprint, traits);
    for (let other = 0; other < recorder.actors; other++) {
      const sleeper = asleep[other]!;
      if (sleeper !== null && expectations.conflict(sleeper, footprint)) asleep[other] = null;
    }
  }

  /** Whether no step could have come before one of a lower actor, in the same trace. */
  private isNormalForm(): boolean {
    const { past } = this.recorder;
    past.raceCount = 0;
    for (let step = 0; step <= this.step; step++) {
      past.order(step);
      for (let other = step - 1; other >= 0 && !past.isBefore(other, step); other--)
        if (past.actor(other) < past.actor(step)) return false;
    }
    return true;
  }
}
