/**
 * Orders with one delay: threads run in turn, from the lowest or from the highest, and at one random choice whoever would go on is passed over, and then comes
 * last (delay-bounded scheduling with one delay: Emmi, Qadeer and Rakamarić, POPL 2011, here drawn by lot).
 *
 * Guarantee: of the schedules with one delay, each comes with a probability of at least 1 / (2k) in each execution, of k choices. Part of the
 * portfolio: many bugs are that shallow.
 */

import { Maxima } from '../maxima.ts';
import { InTurn } from './in-turn.ts';

/** The key of k. */
const length = 0;

export class OneDelay extends InTurn {
  readonly name = 'serial';
  override readonly lessons = new Maxima();
  /** The choice, counted from 0, at which somebody is passed over. */
  private delayAt = 0;
  private choices = 0;

  override begin(number: number): boolean {
    super.begin(number);
    this.choices = 0;
    this.descending = this.generator.below(2) === 1;
    this.delayAt = this.generator.below(Math.max(1, this.lessons.of(length)));
    return true;
  }

  pick(runnable: Int32Array, count: number, current: number): number {
    return this.goOn(runnable, count, current, this.choices++ === this.delayAt);
  }

  override follow(): void {
    this.choices++;
  }

  override end(): void {
    this.lessons.note(length, this.choices);
  }
}
