/**
 * Uniform random walk (Zhao et al., ASPLOS 2025, without their selection): the next step goes to an actor with a probability in
 * proportion to the steps that it has left. Were these known exactly, and nobody ever blocked, every interleaving would be equally
 * likely, where a plain random walk prefers those that switch all the time and lets short threads end first.
 *
 * No guarantee where lengths vary. Choose it for threads of unlike length, where few of very many interleavings show the bug, and for
 * circles of locks.
 *
 * The length of an actor is the largest number of steps that it ever took: an execution that ends early shortens nothing. One that
 * goes on past its length counts as having a step left. Whoever sleeps until somebody else lets it begin leaves its steps with the one
 * who did that before, as a thread's steps are its creator's until it is created.
 */
import { Maxima } from './maxima.ts';
import { actorLimit, SeededStrategy } from './seeded-strategy.ts';

export class UniformRandomWalk extends SeededStrategy {
  readonly name = 'urw';
  readonly countsSteps = true;
  /** Actor → its length; `actorLimit` + actor → 1 + who woke it first. */
  override readonly lessons = new Maxima();
  private readonly lengths = new Int32Array(actorLimit);
  private readonly wakers = new Int32Array(actorLimit);
  private readonly taken = new Int32Array(actorLimit);
  /** Actor → the steps of those who sleep until it wakes them for the first time. */
  private readonly inherited = new Int32Array(actorLimit);
  /** Actor → 1 once somebody has woken it. */
  private readonly woken = new Uint8Array(actorLimit);
  /** Actor → the step at which it was among those that could go on. */
  private readonly seen = new Int32Array(actorLimit);
  /** 1 + the highest actor that was ever seen. */
  private actors = 0;
  private step = 0;
  private last = 0;
  private version = 0;

  override begin(number: number): boolean {
    super.begin(number);
    this.learn();
    this.taken.fill(0);
    this.woken.fill(0);
    this.seen.fill(0);
    this.inherited.fill(0);
    for (let actor = 0; actor < this.actors; actor++) this.leave(actor, this.lengths[actor]!);
    this.step = 0;
    return true;
  }

  pick(runnable: Int32Array, count: number): number {
    this.lookAround(runnable, count);
    let total = 0;
    for (let i = 0; i < count; i++) total += this.left(runnable[i]!);
    let ticket = this.generator.below(total);
    let i = 0;
    while ((ticket -= this.left(runnable[i]!)) >= 0) i++;
    this.take(runnable[i]!);
    return this.last;
  }

  override follow(runnable: Int32Array, count: number, actor: number): void {
    this.lookAround(runnable, count);
    this.take(actor);
  }

  override end(): void {
    for (let actor = 0; actor < this.actors; actor++) this.lessons.note(actor, this.taken[actor]!);
  }

  private learn(): void {
    const { lessons } = this;
    if (lessons.version === this.version) return;
    this.version = lessons.version;
    this.actors = 0;
    for (let actor = 0; actor < actorLimit; actor++) {
      this.lengths[actor] = lessons.of(actor);
      this.wakers[actor] = lessons.of(actorLimit + actor);
      if (this.lengths[actor]! > 0) this.actors = actor + 1;
    }
  }

  private lookAround(runnable: Int32Array, count: number): void {
    this.actors = Math.max(this.actors, runnable[count - 1]! + 1);
    this.step++;
    for (let i = 0; i < count; i++) this.look(runnable[i]!);
  }

  private take(actor: number): void {
    this.taken[actor] = this.taken[actor]! + 1;
    this.last = actor;
  }

  /** An actor that can go on and could not before has been woken by the last step. */
  private look(actor: number): void {
    const { seen, step } = this;
    if (step > 1 && seen[actor] !== step - 1 && this.woken[actor] === 0) {
      this.woken[actor] = 1;
      this.leave(actor, -this.lengths[actor]!);
      this.lessons.note(actorLimit + actor, this.last + 1);
    }
    seen[actor] = step;
  }

  /** Adds to what is left with the one who wakes `actor`. */
  private leave(actor: number, steps: number): void {
    const waker = this.wakers[actor]! - 1;
    if (waker >= 0) this.inherited[waker] = this.inherited[waker]! + steps;
  }

  private left(actor: number): number {
    return Math.max(1, this.lengths[actor]! - this.taken[actor]!) + this.inherited[actor]!;
  }
}
