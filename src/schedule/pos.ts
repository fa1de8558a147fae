/**
 * Partial order sampling (Yuan, Yang and Gu, CAV 2018): the next step of every actor has a random priority, and the highest goes
 * first; a step that was taken, and every one that conflicts with it (the same object, which one of the two may change), draws a new
 * priority.
 *
 * Guarantee: every partial order of conflicting steps comes with a probability that does not depend on how many steps are about nothing
 * shared, and no order of two conflicting steps is preferred. Choose it where windows are short and most steps do not matter.
 *
 * Objects are those of machine/intents.ts: kernel calls that name no handle conflict with nothing here.
 */
import { conflict, type Intents } from '../machine/intents.ts';
import { actorLimit, SeededStrategy } from './seeded-strategy.ts';

export class PartialOrderSampling extends SeededStrategy {
  readonly name: string = 'pos';
  readonly countsSteps = true;
  /** Actor → priority of its next step, 0 while that has none. */
  private readonly priorities = new Float64Array(actorLimit);
  protected next: Int32Array = new Int32Array(0);

  watch(intents: Intents): void {
    this.next = intents.next;
  }

  override begin(number: number): boolean {
    this.priorities.fill(0);
    return super.begin(number);
  }

  pick(runnable: Int32Array, count: number): number {
    const { next, priorities } = this;
    let best = -1;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (priorities[actor] === 0) priorities[actor] = 1 + this.generator.next();
      if (best < 0 || priorities[actor]! > priorities[best]!) best = actor;
    }
    // Also of those that sleep: what they wait for may be what is given back now.
    for (let actor = 0; actor < next.length; actor++) if (conflict(next[actor]!, next[best]!)) priorities[actor] = 0;
    priorities[best] = 0;
    return best;
  }
}
