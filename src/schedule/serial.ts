/**
 * Serial orders, and orders with one delay: threads run in turn, each until it ends or sleeps. Execution 1 begins with the lowest, execution 2 with the
 * highest; all others do one of the two and at one random choice pass over whoever would go on, who then comes last (delay-bounded
 * scheduling with one delay: Emmi, Qadeer and Rakamarić, POPL 2011, here drawn by lot).
 *
 * Guarantee: of the schedules with one delay, each comes with a probability of at least 1 / (2k) in each execution, of k choices. Part of the
 * portfolio, which begins with it: many bugs are that shallow.
 */
import { Maxima } from './maxima.ts';
import { SeededStrategy } from './seeded-strategy.ts';

/** The key of k. */
const length = 0;
const never = -1;
/** Choices in a row after which one is passed over all the same: it may be spinning for another. */
const longestTurn = 1000;

export class SerialOrders extends SeededStrategy {
  readonly name = 'serial';
  override readonly lessons = new Maxima();
  private descending = false;
  /** The choice, counted from 0, at which somebody is passed over; and who that was. */
  private delayAt = never;
  private delayed = never;
  private choices = 0;
  /** Who went on last, and for how many choices by now. */
  private last = never;
  private turn = 0;

  override begin(number: number): boolean {
    super.begin(number);
    this.choices = 0;
    this.delayed = never;
    this.last = never;
    this.turn = 0;
    const plain = number <= 2;
    this.descending = plain ? number === 2 : this.generator.below(2) === 1;
    this.delayAt = plain ? never : this.generator.below(Math.max(1, this.lessons.of(length)));
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    const choice = this.choices++;
    let actor = this.inTurn(runnable, count, current);
    this.turn = actor === this.last ? this.turn + 1 : 1;
    if (choice === this.delayAt || this.turn > longestTurn) {
      this.delayed = actor;
      actor = this.inTurn(runnable, count, current);
      this.turn = 1;
    }
    this.last = actor;
    return actor;
  }

  override follow(): void {
    this.choices++;
  }

  override end(): void {
    this.lessons.note(length, this.choices);
  }

  /** Who goes on: `current`, or else the first in the order; who was delayed only when there is nobody else. */
  private inTurn(runnable: Int32Array, count: number, current: number): number {
    if (current >= 0 && current !== this.delayed) return current;
    for (let i = 0; i < count; i++) {
      const actor = runnable[this.descending ? count - 1 - i : i]!;
      if (actor !== this.delayed) return actor;
    }
    return this.delayed;
  }
}
