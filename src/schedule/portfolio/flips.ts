/**
 * Directed at races: two serial orders show which steps of two threads came in an order that nothing forced (races.ts); each of the next executions
 * turns one such pair round. The thread of the earlier step runs up to it, and is held there until the other one has taken the later
 * step; otherwise threads run in turn. That shows other races. Whoever comes to the place where one is held is held too, so a
 * hundred threads that run one function take no more executions than two.
 *
 * There are two ways: the other thread goes on to its end, or the one that was held comes next.
 *
 * No guarantee: a pair cannot be turned round where more orders it than the machine tells. Then, at some point, all who could go on are held, and they
 * are let go. Part of the portfolio, which begins with it: many bugs need no more than one step before another.
 */
import type { Intents } from '../../machine/intents.ts';
import { nobody } from '../follower.ts';
import { Maxima } from '../maxima.ts';
import { actorLimit } from '../seeded-strategy.ts';
import { InTurn } from './in-turn.ts';
import { Races, stepOf } from './races.ts';
import { Turnable } from './turnable.ts';

// Keys of lessons below those of pairs: steps of the longest execution; which serial orders were had; and from there on, by actor, first steps.
const length = 0;
const upwards = 1;
const downwards = 2;
const firsts = 1024;
const signless = 2 ** 31;
const nowhere = 0;

export class Flips extends InTurn {
  readonly name = 'flips';
  readonly countsSteps = true;
  override readonly lessons = new Maxima();
  private readonly turnable = new Turnable(this.lessons);
  private readonly races = new Races((earlier, later, one, other) => {
    this.turnable.note(earlier, later, one, other);
  });
  private readonly free = new Int32Array(actorLimit);
  private intents: Intents | null = null;
  private version = 0;
  private steps = 0;
  /** Past so many steps nobody is held: who is held may be who others spin for. */
  private patience = 0;
  /** The place where whoever comes is held, and the place of the step that ends this. */
  private held = nowhere;
  private until = nowhere;
  /** Who takes the earlier step, who the later; and who goes on whenever possible. */
  private one = nobody;
  private other = nobody;
  private first = nobody;
  private returns = false;

  watch(intents: Intents): void {
    this.intents = intents;
    this.races.watch(intents);
  }

  override begin(number: number): boolean {
    super.begin(number);
    this.steps = 0;
    this.patience = 2 * this.lessons.of(length);
    this.learn();
    this.turnable.begin(number);
    this.races.begin(number);
    this.descending = false;
    this.held = nowhere;
    this.first = nobody;
    return true;
  }

  /**
   * Directs this execution at what was not tried yet: for those that teach the next one. False when there is nothing left. After `begin`,
   * as `draw`; without either of them threads run in turn.
   */
  aim(): boolean {
    const { lessons, turnable } = this;
    if (lessons.of(upwards) === 0) lessons.note(upwards, 1);
    else if (lessons.of(downwards) === 0) {
      lessons.note(downwards, 1);
      this.descending = true;
    } else {
      const pair = turnable.untried();
      if (pair === 0) return false;
      this.turnRound(pair, turnable.try(pair) > 0);
    }
    return true;
  }

  /** Directs this execution at a pair, in a way, drawn by lot. False when there are none. */
  draw(): boolean {
    const { pairs } = this.turnable;
    if (pairs.length === 0) return false;
    this.turnRound(pairs[this.generator.below(pairs.length)]!, this.generator.below(2) === 1);
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    const { races } = this;
    this.steps++;
    races.settle();
    races.look(runnable, count);
    const actor = this.held === nowhere ? this.next(runnable, count, current) : this.hold(runnable, count, current);
    races.step(actor);
    return actor;
  }

  override end(): void {
    const { lessons } = this;
    const { first, firstLocks } = this.intents!;
    lessons.note(length, this.steps);
    for (let actor = 0; actor < first.length; actor++) {
      const step = stepOf(first[actor]!, firstLocks[actor]!);
      if (step !== 0) lessons.note(firsts + actor, step + signless);
    }
  }

  private learn(): void {
    const { lessons, races } = this;
    if (this.version === lessons.version) return;
    this.version = lessons.version;
    for (let actor = 0; actor < actorLimit; actor++) {
      const value = lessons.of(firsts + actor);
      races.firsts[actor] = value === 0 ? 0 : value - signless;
    }
  }

  private turnRound(pair: number, returns: boolean): void {
    const { turnable } = this;
    this.held = turnable.earlierOf(pair);
    this.until = turnable.laterOf(pair);
    this.one = turnable.oneOf(pair);
    this.other = turnable.otherOf(pair);
    this.first = this.one;
    this.returns = returns;
  }

  /** Who goes on, out of those that are not held. */
  private hold(runnable: Int32Array, count: number, current: number): number {
    const { races, free } = this;
    let frees = 0;
    let stands = current;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (races.placeBefore(actor) !== this.held) free[frees++] = actor;
      else if (actor === current) stands = nobody;
    }
    if (frees === 0 || this.steps > this.patience) {
      this.letGo(nobody);
      return this.next(runnable, count, current);
    }
    if (frees < count) this.first = this.other;
    const actor = this.next(free, frees, stands);
    if (frees < count && races.placeBefore(actor) === this.until) this.letGo(this.returns ? this.one : nobody);
    return actor;
  }

  private letGo(first: number): void {
    this.held = nowhere;
    this.first = first;
  }

  private next(runnable: Int32Array, count: number, current: number): number {
    const { first } = this;
    let preferred = current;
    if (first !== nobody) for (let i = 0; i < count; i++) if (runnable[i] === first) preferred = first;
    return this.goOn(runnable, count, preferred, false);
  }
}
