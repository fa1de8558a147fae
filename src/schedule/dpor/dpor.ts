/**
 * Optimal dynamic partial-order reduction (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014 and JACM 2017): of all schedules that differ
 * only in the order of steps which commute, exactly one is executed, and none is begun in vain. After each execution its races are
 * looked for, and the executions in which they go the other way are planned.
 *
 * Guarantee: when it is exhausted, every order of conflicting steps (Mazurkiewicz trace) that the scenario has was executed, so that whatever
 * can fail has failed. Two steps conflict where one changes what the other reads or changes; see footprint-reader.ts.
 *
 * A thread whose next step is to take a lock that is held stands aside until it is free; it only tries, and sleeps, when nobody else can
 * go on. How many traces there are does then not depend on who waits for whom in which order.
 */
import type { Intents } from '../../machine/intents.ts';
import type { Watched } from '../../machine/schedule.ts';
import type { Tree } from '../shares.ts';
import { everything } from './footprints.ts';
import { Forestalled } from './forestalled.ts';
import { Frontier } from './frontier.ts';
import { Habits, several } from './habits.ts';
import { Recorder } from './recorder.ts';
import { Sleepers } from './sleepers.ts';
import { type Root, Survey, top } from './survey.ts';
import { noChoices, Variants } from './variants.ts';
import { again, WakeupTrees } from './wakeup-trees.ts';

export class OptimalReduction implements Tree<Root> {
  readonly name = 'dpor';
  readonly lessons = null;
  readonly countsSteps = true;
  readonly readsEffects = true;

  private readonly recorder = new Recorder();
  private readonly past = this.recorder.past;
  private readonly variants = new Variants();
  private readonly sleepers = new Sleepers(this.recorder.footprints);
  private readonly trees = new WakeupTrees();
  private readonly habits = new Habits();
  private readonly frontier = new Frontier(
    this.past,
    this.trees,
    this.sleepers,
    this.recorder.footprints,
    this.variants,
    this.habits,
  );

  private readonly forestalled = new Forestalled(this.recorder, this.frontier, this.habits);

  readonly top = top;
  readonly nextTier = null;

  private intents: Intents | null = null;
  private fresh = true;
  private root = top;
  private readonly survey = new Survey(this.past, this.sleepers, this.frontier, this.recorder);
  private surveys = false;
  /** Steps of the last execution that count; in the present one, those up to `replayed` are repeated. */
  private steps = 0;
  private replayed = 0;
  /** The step after those, which begins a branch. */
  private branch = { actor: -1, variant: noChoices, fixed: 0, isAgain: false };

  // The step under way.
  private step = -1;
  private actor = -1;
  private script = noChoices;
  private fixed = 0;
  private variant = noChoices;
  /** Step → how many of its choices were answered elsewhere. */
  private fixedChoices = new Int32Array(64);

  /** What a plan was not fulfilled for. */
  private fault: Error | null = null;
  /** The step at which the execution turned out to repeat an earlier one, or -1. */
  private asleepAt = -1;
  /** Whether that was since its actor had no choice that was not had. Others may still go on there. */
  private hasNoChoice = false;

  /** Whether a step was explored before, in another order: since what a step does depends on what it finds, or more is declared than need be. No harm. */
  get repeated(): boolean {
    return this.asleepAt >= 0;
  }

  watch(intents: Intents, execution: Watched): void {
    this.intents = intents;
    this.recorder.watch(intents, execution);
    this.frontier.cache = execution.cache;
  }

  begin(): boolean {
    if (this.fresh) this.start();
    else if (!this.backtrack()) return false;
    this.step = -1;
    this.actor = -1;
    this.asleepAt = -1;
    this.forestalled.clear();
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    const last = this.actor;
    if (this.step >= 0) this.complete(true);
    const step = ++this.step;
    this.recorder.look(step, runnable, count);
    if (step > this.replayed) this.forestalled.note(step - 1, last, this.intents!);
    this.variant = noChoices;
    this.choices = 0;
    this.actor = this.next(step, runnable, count, current);
    return this.actor;
  }

  choose(n: number): number {
    const place = this.choices++;
    const { step, actor, variants } = this;
    let value = 0;
    if (place < variants.length(this.script)) value = variants.value(this.script, place);
    else if (step >= this.replayed) {
      // Free: what sleeps with its last choice has been had.
      while (value < n && this.sleepers.has(step, actor, variants.and(this.variant, value, n))) value++;
      if (value === n) {
        if (this.asleepAt < 0) {
          this.asleepAt = step;
          this.hasNoChoice = true;
        }
        value = 0;
      }
    }
    if (value >= n) {
      this.fault ??= new Error(
        `dpor: actor ${actor} has ${n} ways to go on at step ${step}, and was to take number ${value}`,
      );
      value = 0;
    }
    this.variant = variants.and(this.variant, value, n);
    return value;
  }
  private choices = 0;

  end(): void {
    if (this.fault !== null) throw this.fault;
    if (this.step < 0) {
      this.steps = 0;
      return;
    }
    this.complete(false);
    const isWhole = this.asleepAt < 0;
    this.steps = isWhole ? this.step + 1 : this.asleepAt;
    const { past, frontier, steps } = this;
    if (isWhole) {
      this.forestalled.note(this.step, this.actor, this.intents!);
      this.recorder.finish(this.step, this.actor);
    }
    if (this.surveys) {
      this.look(isWhole);
      return;
    }
    past.raceCount = 0;
    for (let step = this.replayed; step < steps; step++) past.order(step);
    for (let race = 0; race < past.raceCount; race++)
      frontier.reverse(past.races[2 * race]!, past.races[2 * race + 1]!, steps, true);
    this.forestalled.reverse(steps);
  }

  /** What is a scheduling point has changed: everything starts over. */
  restart(): void {
    this.confine(top, false);
  }

  enter(): void {}

  confine(root: Root, survey: boolean): void {
    this.root = root;
    this.surveys = survey;
    this.fresh = true;
    this.trees.clear();
    this.habits.clear();
  }

  subtree(): Root | null {
    return this.survey.found;
  }

  private start(): void {
    const { root, past, sleepers, frontier } = this;
    const first = past.putBack(root.steps);
    sleepers.putBack(first, root.asleep);
    frontier.first = first;
    frontier.open(first, -1);
    this.fresh = false;
    this.replayed = first;
    this.branch.actor = -1;
    this.hasNoChoice = false;
  }

  /** An execution of the survey is over. */
  private look(isWhole: boolean): void {
    const { survey, steps, hasNoChoice } = this;
    this.forestalled.survey(survey);
    this.steps = survey.look(this.root, { steps, isWhole, hasNoChoice });
    this.hasNoChoice = false;
  }

  /** Goes back to the last step beside which there is something to explore. False when there is none. */
  private backtrack(): boolean {
    const { past, sleepers, frontier, variants, branch } = this;
    if (this.hasNoChoice) {
      const step = this.asleepAt;
      this.hasNoChoice = false;
      // Only here: after this step its choices sleep one by one.
      sleepers.add(step, past.actor(step), noChoices, everything);
      this.replayed = step;
      branch.actor = -1;
      return true;
    }
    for (let step = this.steps - 1; step >= frontier.first; step--) {
      const actor = past.actor(step);
      const variant = past.variant(step);
      sleepers.add(step, actor, variant, past.footprint(step));
      this.replayed = step;
      const fixed = this.fixedChoices[step]!;
      let next = variants.after(variant, fixed);
      while (next >= 0 && sleepers.has(step, actor, next)) next = variants.after(next, fixed);
      if (next >= 0) {
        branch.actor = actor;
        branch.variant = next;
        branch.fixed = fixed;
        branch.isAgain = false;
        frontier.open(step + 1, -1);
        return true;
      }
      const planned = frontier.branches[step]!;
      if (planned < 0) continue;
      this.take(step, planned);
      return true;
    }
    return false;
  }

  /** The first branch beside `step` becomes the present one. */
  private take(step: number, planned: number): void {
    const { frontier, trees, branch } = this;
    branch.actor = trees.actors[planned]!;
    branch.variant = trees.variants[planned]!;
    branch.fixed = Math.max(0, trees.fixed[planned]!);
    branch.isAgain = trees.fixed[planned] === again;
    frontier.branches[step] = trees.next[planned]!;
    frontier.open(step + 1, trees.child[planned]!);
    trees.remove(planned);
  }

  /** Who takes step `step`. */
  private next(step: number, runnable: Int32Array, count: number, current: number): number {
    const { branch, frontier } = this;
    if (step < this.replayed) {
      this.script = this.past.variant(step);
      return this.past.actor(step);
    }
    if (step > this.replayed || branch.actor < 0) {
      const planned = frontier.branches[step]!;
      if (planned < 0) return this.freely(step, runnable, count, current);
      this.take(step, planned);
    }
    for (;;) {
      this.script = branch.variant;
      this.fixed = branch.fixed;
      for (let i = 0; i < count; i++) if (runnable[i] === branch.actor) return branch.actor;
      // Of several steps that made it possible it was known to come after one, or those that were put before it prevent it: there is no such
      // order. The execution still has to go on, since what it begins with will sleep.
      if (!branch.isAgain && !this.recorder.comesAndGoes(branch.actor)) break;
      const planned = frontier.branches[step]!;
      if (planned < 0) return this.freely(step, runnable, count, current);
      this.take(step, planned);
    }
    // Not thrown here, where a scenario's code may catch it.
    this.fault ??= new Error(
      `dpor: actor ${branch.actor} cannot take step ${step}, which was possible before steps that commute with it: a kernel call does more than it declares`,
    );
    return runnable[0]!;
  }

  /** Nothing is planned. Whoever has not been had: the thread that goes on, else the lowest; who would only wait for a lock comes last. */
  private freely(step: number, runnable: Int32Array, count: number, current: number): number {
    const { sleepers } = this;
    this.frontier.open(step + 1, -1);
    this.script = noChoices;
    this.fixed = 0;
    let best = -1;
    let leastDepth = 3;
    for (let i = -1; i < count; i++) {
      const actor = i < 0 ? current : runnable[i]!;
      if (actor < 0 || this.recorder.waits(actor)) continue;
      const depth = sleepers.depth(step, actor);
      if (depth >= leastDepth) continue;
      best = actor;
      leastDepth = depth;
    }
    if (best < 0) return current >= 0 ? current : runnable[0]!;
    if (this.surveys && step === this.frontier.first) this.survey.planOthers(step, best, runnable, count);
    if (leastDepth === 2 && this.asleepAt < 0) this.asleepAt = step;
    return best;
  }

  /** The step under way is over. `goesOn`: the execution is not. */
  private complete(goesOn: boolean): void {
    const { step, actor, recorder } = this;
    if (step < this.replayed) {
      recorder.repeat(step, actor);
      return;
    }
    const footprint = recorder.write(step, actor, this.variant, goesOn);
    this.sleepers.pass(step, actor, footprint);
    // Whether there is such a step at all depends on others.
    const habit = recorder.comesAndGoes(actor) ? several : footprint;
    this.habits.note(actor, this.past.position(step), habit);
    if (step === this.fixedChoices.length) {
      const larger = new Int32Array(step * 2);
      larger.set(this.fixedChoices);
      this.fixedChoices = larger;
    }
    this.fixedChoices[step] = this.fixed;
  }
}
