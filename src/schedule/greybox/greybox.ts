/**
 * Greybox fuzzing of schedules (Wolff, Shi, Duck, Mathur and Roychoudhury, "Greybox Fuzzing for Concurrency Testing", ASPLOS 2024,
 * RFF): a schedule is a handful of constraints, each saying that a step reads from a certain other one, or that it does not. One that
 * showed a pair which no schedule before it did is kept; each execution takes a kept one, changes a single constraint, and holds back
 * whoever would break it. All else is partial order sampling.
 *
 * No guarantee. Choose it where a bug hangs on who reads whose value, however many threads there are.
 *
 * When everybody who can go on is held back the constraints give way, and also past twice the longest execution so far: who is held may
 * be who others spin for. Lessons are places and pairs (reads-from.ts), kept schedules (corpus.ts), and that length under key 0.
 */
import type { Intents } from '../../machine/intents.ts';
import { Maxima } from '../maxima.ts';
import { PartialOrderSampling } from '../pos.ts';
import { actorLimit } from '../seeded-strategy.ts';
import { Constraints } from './constraints.ts';
import { Corpus } from './corpus.ts';
import { ReadsFrom } from './reads-from.ts';

/** The key of the longest execution's length. */
const length = 0;

export class GreyboxStrategy extends PartialOrderSampling {
  override readonly name = 'greybox';
  override readonly lessons = new Maxima();
  private readonly readsFrom = new ReadsFrom(this.lessons);
  private readonly constraints = new Constraints(this.readsFrom);
  private readonly corpus = new Corpus(this.lessons);
  private readonly objectOfPlace = (place: number): number => this.corpus.objectOfPlace(place);
  private readonly free = new Int32Array(actorLimit);
  private number = 0;
  private steps = 0;
  /** Whether it decides the execution in hand, so that the constraints are those that this one is run under. */
  private leads = false;
  private patience = 0;

  override watch(intents: Intents): void {
    super.watch(intents);
    this.readsFrom.watch(intents);
  }

  override begin(number: number): boolean {
    super.begin(number);
    this.number = number;
    this.steps = 0;
    this.patience = 2 * this.lessons.of(length);
    this.readsFrom.begin(number);
    this.leads = false;
    this.constraints.begin(this.corpus.draw(this.generator, this.constraints.list), this.objectOfPlace);
    return true;
  }

  override pick(runnable: Int32Array, count: number): number {
    this.leads = true;
    this.readsFrom.settle();
    const frees = this.steps++ < this.patience ? this.release(runnable, count) : 0;
    const actor = frees > 0 ? super.pick(this.free, frees) : super.pick(runnable, count);
    this.constraints.decide(actor, this.next[actor]!);
    this.readsFrom.step(actor);
    return actor;
  }

  override follow(_runnable: Int32Array, _count: number, actor: number): void {
    this.steps++;
    this.readsFrom.settle();
    this.readsFrom.step(actor);
  }

  override end(): void {
    this.lessons.note(length, this.steps);
    if (this.readsFrom.fresh && this.leads)
      this.corpus.keep(this.number, this.constraints.list, this.constraints.count);
  }

  /** Gathers those whose next step breaks no constraint. */
  private release(runnable: Int32Array, count: number): number {
    let frees = 0;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (!this.constraints.breaks(actor, this.next[actor]!)) this.free[frees++] = actor;
    }
    return frees;
  }
}
