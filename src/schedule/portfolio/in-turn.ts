/**
 * Threads run in turn, each until it ends or sleeps, from the lowest or from the highest: a serial order, of which strategies deviate at a single point.
 */
import { nobody } from '../follower.ts';
import { SeededStrategy } from '../seeded-strategy.ts';

/** Choices in a row after which a thread is passed over: it may be spinning for another. */
const longestTurn = 1000;

export abstract class InTurn extends SeededStrategy {
  protected descending = false;
  /** Who was passed over last, and comes only where there is nobody else. */
  private delayed = nobody;
  /** Who went on last, and for how many choices by now. */
  private last = nobody;
  private turn = 0;

  override begin(number: number): boolean {
    this.delayed = nobody;
    this.last = nobody;
    this.turn = 0;
    return super.begin(number);
  }

  /** Who goes on; `passOver`: not the one whose turn it is. */
  protected goOn(runnable: Int32Array, count: number, current: number, passOver: boolean): number {
    let actor = this.inTurn(runnable, count, current);
    this.turn = actor === this.last ? this.turn + 1 : 1;
    if (passOver || this.turn > longestTurn) {
      this.delayed = actor;
      actor = this.inTurn(runnable, count, current);
      this.turn = 1;
    }
    this.last = actor;
    return actor;
  }

  /** `current`, or else the first in the order. */
  private inTurn(runnable: Int32Array, count: number, current: number): number {
    if (current >= 0 && current !== this.delayed) return current;
    for (let i = 0; i < count; i++) {
      const actor = runnable[this.descending ? count - 1 - i : i]!;
      if (actor !== this.delayed) return actor;
    }
    return this.delayed;
  }
}
