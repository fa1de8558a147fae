/**
 * Directed at deadlocks: where an earlier execution of the campaign took locks in an order that has a circle (lock-order.ts), each thread of the circle is held
 * back before the lock that closes it, until all of them stand there (Joshi, Park, Sen and Naik, "A Randomized Dynamic Program Analysis Technique
 * for Detecting Real Deadlocks", PLDI 2009). What is predicted may be impossible: then everybody who could go on is held back at some point, and all
 * go on at random.
 *
 * Part of the portfolio. It looks at the first executions only, which one explorer does one after the other, and tries each circle once.
 */
import type { Intents } from '../../machine/intents.ts';
import { actorLimit, SeededStrategy } from '../seeded-strategy.ts';
import { LockOrder, type Taking } from './lock-order.ts';

export class LockCircles extends SeededStrategy {
  readonly name = 'lock-circles';
  readonly countsSteps = true;
  private readonly order = new LockOrder();
  private intents: Intents | null = null;
  private readonly tried = new Set<string>();
  /** The circle of this execution; null once its threads have met. */
  private circle: readonly Taking[] | null = null;
  private steps = 0;
  /** Steps of the longest execution so far: past twice that nobody is held back, since who is held may be who others spin for. */
  private longest = 0;
  private readonly free = new Int32Array(actorLimit);

  watch(intents: Intents): void {
    this.intents = intents;
    this.order.watch(intents);
  }

  override begin(number: number): boolean {
    super.begin(number);
    if (number === 1) {
      this.order.forget();
      this.tried.clear();
      this.longest = 0;
    }
    this.order.begin(number);
    this.circle = null;
    this.steps = 0;
    return true;
  }

  override end(): void {
    this.longest = Math.max(this.longest, this.steps);
  }

  /** Directs this execution at a circle that was not tried yet. False when there is none. */
  aim(): boolean {
    this.circle = this.order.circles().find((circle) => !this.tried.has(nameOf(circle))) ?? null;
    if (this.circle === null) return false;
    this.tried.add(nameOf(this.circle));
    return true;
  }

  pick(runnable: Int32Array, count: number): number {
    this.order.settle();
    if (this.steps++ > 2 * this.longest) this.circle = null;
    let frees = 0;
    for (let i = 0; i < count; i++) if (!this.stands(runnable[i]!)) this.free[frees++] = runnable[i]!;
    if (this.circle !== null && (frees === 0 || count - frees === this.circle.length)) this.circle = null;
    const actor =
      this.circle === null ? runnable[this.generator.below(count)]! : this.free[this.generator.below(frees)]!;
    this.order.step(actor);
    return actor;
  }

  override follow(_runnable: Int32Array, _count: number, actor: number): void {
    this.steps++;
    this.order.settle();
    this.order.step(actor);
  }

  /** Whether the actor is about to close its part of the circle. */
  private stands(actor: number): boolean {
    if (this.circle === null) return false;
    const code = this.intents!.next[actor]!;
    for (const { actor: who, own, wanted } of this.circle)
      if (who === actor && wanted === code && this.order.holds(actor, own)) return !this.order.holds(actor, wanted);
    return false;
  }
}

const nameOf = (circle: readonly Taking[]): string =>
  circle.map(({ actor, own, wanted }) => `${actor} ${own} ${wanted}`).join();
