/**
 * What is still to be explored: for each step of the present execution the branches beside it, as wakeup trees. A race that was found adds
 * the beginning of an execution in which its second step comes without its first, unless one that is planned or has been had is that
 * already, but for the order of steps that commute.
 */
import { everything, type Footprints } from './footprints.ts';
import type { Habits } from './habits.ts';
import type { Past } from './past.ts';
import { Sleepers } from './sleepers.ts';
import { noChoices, type Variants } from './variants.ts';
import { again, type WakeupTrees } from './wakeup-trees.ts';

/** Whether what is to be planned was had before. */
const Had = { Not: 0, Perhaps: 1, Surely: 2 } as const;

export class Frontier {
  /** Step → its branches. */
  branches = new Int32Array(64).fill(-1);
  /** Nothing is planned before this step. */
  first = 0;
  /** The number of the data cache, or -1. What it can choose from depends on where its step stands, so it is always free to choose. */
  cache = -1;
  /** The beginning that is being added, as steps of the present execution. */
  private sequence = new Int32Array(64);
  private length = 0;
  /** Steps that it leaves out, since the choices in them are free. */
  private free = new Int32Array(64);
  private freeCount = 0;
  /** The step without which it comes, and how many steps the execution has. */
  private earlier = 0;
  private steps = 0;

  constructor(
    private readonly past: Past,
    private readonly trees: WakeupTrees,
    private readonly sleepers: Sleepers,
    private readonly footprints: Footprints,
    private readonly variants: Variants,
    private readonly habits: Habits,
  ) {}

  /** Nothing is planned beside `step`; room for it is made. */
  open(step: number, branches: number): void {
    if (step === this.branches.length) {
      const larger = new Int32Array(step * 2).fill(-1);
      larger.set(this.branches);
      this.branches = larger;
    }
    this.branches[step] = branches;
  }

  /**
   * Plans that `later` comes without `earlier`, in an execution of `steps` steps.
   *
   * @param fixed false where the choices of `later` are not known
   */
  reverse(earlier: number, later: number, steps: number, fixed: boolean): void {
    if (earlier < this.first) return;
    const { past } = this;
    this.length = 0;
    this.earlier = earlier;
    this.steps = steps;
    this.freeCount = 0;
    for (let step = earlier + 1; step < steps; step++) {
      if (step === later || past.isBefore(earlier, step) || past.isAttempt(step)) continue;
      if (step > later && this.isFree(step)) this.leaveFree(step);
      else this.append(step);
    }
    this.append(later);
    const had = this.had(earlier);
    if (had === Had.Surely) return;
    if (had === Had.Perhaps) {
      // Behind `later` it may do more, and not commute with those that sleep.
      this.append(earlier);
      if (this.had(earlier) !== Had.Not) return;
    }
    this.insert(earlier, later, fixed);
  }

  /** Whether the sequence could begin with what sleeps before `step`, and that, and `step`, is all that is to be known of them. */
  private had(step: number): number {
    const { sleepers, past } = this;
    const { words } = sleepers;
    let had: number = Had.Not;
    for (let at = sleepers.start(step); at < sleepers.end(step); at += Sleepers.size) {
      const actor = words[at]!;
      if (!this.canBegin(actor, words[at + 1]!, words[at + 2]!, words[at + 3] === 1)) continue;
      if (this.hasStepOf(actor)) return Had.Surely;
      if (this.isSteady(past.actor(step), step) && this.isSteady(actor, step)) return Had.Surely;
      had = Had.Perhaps;
    }
    return had;
  }

  private hasStepOf(actor: number): boolean {
    for (let i = 0; i < this.length; i++) if (this.past.actor(this.sequence[i]!) === actor) return true;
    return false;
  }

  /** Whether the step of `actor` that comes next from `step` on always does the same. */
  private isSteady(actor: number, step: number): boolean {
    return this.habits.isSteady(actor, this.past.stepsBefore(actor, step) + 1);
  }

  /** Plans that `actor` takes step `step`, whatever it chooses, unless that is planned already. */
  add(step: number, actor: number): void {
    const { trees } = this;
    let last = -1;
    for (let branch = this.branches[step]!; branch >= 0; branch = trees.next[branch]!) {
      if (trees.actors[branch] === actor) return;
      last = branch;
    }
    const added = trees.add(actor, noChoices, everything, 0);
    if (last >= 0) trees.next[last] = added;
    else this.branches[step] = added;
  }

  /**
   * Whether the step, which comes behind those that race, chooses, or comes after one that does: the race is there whatever is chosen, and
   * in the executions that choose otherwise it is repeated and not looked at again.
   */
  private isFree(step: number): boolean {
    const { past, free } = this;
    if (past.variant(step) !== noChoices) return true;
    for (let i = 0; i < this.freeCount; i++) if (past.isBefore(free[i]!, step)) return true;
    return false;
  }

  private leaveFree(step: number): void {
    if (this.freeCount === this.free.length) this.free = doubled(this.free);
    this.free[this.freeCount++] = step;
  }

  private insert(step: number, later: number, fixed: boolean): void {
    const { trees } = this;
    let above = -1;
    for (;;) {
      let branch = above < 0 ? this.branches[step]! : trees.child[above]!;
      let last = -1;
      while (
        branch >= 0 &&
        !this.canBegin(trees.actors[branch]!, trees.variants[branch]!, trees.footprints[branch]!, false)
      ) {
        last = branch;
        branch = trees.next[branch]!;
      }
      if (branch < 0) {
        const added = this.grow(later, fixed);
        if (last >= 0) trees.next[last] = added;
        else if (above >= 0) trees.child[above] = added;
        else this.branches[step] = added;
        return;
      }
      this.removeFirst(trees.actors[branch]!);
      if (this.length === 0 || trees.child[branch]! < 0) return;
      above = branch;
    }
  }

  /** A branch that is the sequence. */
  private grow(later: number, fixed: boolean): number {
    const { past, trees, variants } = this;
    let below = -1;
    for (let i = this.length - 1; i >= 0; i--) {
      const step = this.sequence[i]!;
      const actor = past.actor(step);
      const variant = actor === this.cache || step === this.earlier ? noChoices : past.variant(step);
      const known = step === later && !fixed ? 0 : variants.length(variant);
      const node = trees.add(actor, variant, this.footprintOf(step), step === this.earlier ? again : known);
      trees.child[node] = below;
      below = node;
    }
    return below;
  }

  /**
   * Whether the sequence could begin with this step: it has it with nothing before that conflicts, or nothing that does at all. Where the
   * step is one of several that the actor could have chosen, the execution has to have chosen the same.
   *
   * @param foreign only where it has that step: what may come behind the sequence is for nobody else to plan
   */
  private canBegin(actor: number, variant: number, footprint: number, foreign: boolean): boolean {
    const { past, footprints } = this;
    for (let i = 0; i < this.length; i++) {
      const step = this.sequence[i]!;
      if (past.actor(step) === actor) return actor === this.cache || past.variant(step) === variant;
      if (footprints.conflict(this.footprintOf(step), footprint)) return false;
    }
    if (foreign) return false;
    if (variant === noChoices) return true;
    const taken = past.nextOf(actor, this.earlier, this.steps);
    if (taken < 0) return true;
    return past.variant(taken) === variant && !this.isLeftFree(taken);
  }

  /** What it does behind those that are put before it nobody knows. */
  private footprintOf(step: number): number {
    return step === this.earlier ? everything : this.past.footprint(step);
  }

  private isLeftFree(step: number): boolean {
    for (let i = 0; i < this.freeCount; i++) if (this.free[i] === step) return true;
    return false;
  }

  private removeFirst(actor: number): void {
    const { sequence } = this;
    let at = 0;
    while (at < this.length && this.past.actor(sequence[at]!) !== actor) at++;
    if (at === this.length) return;
    sequence.copyWithin(at, at + 1, this.length);
    this.length--;
  }

  private append(step: number): void {
    if (this.length === this.sequence.length) this.sequence = doubled(this.sequence);
    this.sequence[this.length++] = step;
  }
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2);
  larger.set(words);
  return larger;
}
