/**
 * Steps that could have been taken before a step of somebody else, and cannot any more after it: their thread has died, its sleep is over in another
 * way, the lock that it waited for is its own no more, or the execution has ended. They have not come, so there is no race to be found; but
 * they could have come first.
 */
import type { Intents } from '../../machine/intents.ts';
import { Trait } from './footprint-reader.ts';
import { everything } from './footprints.ts';
import type { Frontier } from './frontier.ts';
import { type Habits, several } from './habits.ts';
import type { Recorder } from './recorder.ts';
import type { Survey } from './survey.ts';
import { noChoices } from './variants.ts';

/** In place of a lock's handle: it did not wait for one. */
const noLock = 0;

export class Forestalled {
  /** Steps, each followed by the actor whose own it has forestalled, and the lock that it waited for (or `noLock`). */
  private readonly list: number[] = [];

  constructor(
    private readonly recorder: Recorder,
    private readonly frontier: Frontier,
    private readonly habits: Habits,
  ) {}

  clear(): void {
    if (this.list.length > 0) this.list.length = 0;
  }

  /** `taker` has taken step `step`, and who could go on was looked at since. */
  note(step: number, taker: number, intents: Intents): void {
    const { recorder } = this;
    for (let actor = 0; actor < recorder.actors; actor++) {
      if (!recorder.couldTake(actor, step) || actor === taker) continue;
      const waits = recorder.waits(actor);
      this.list.push(step, actor, waits ? intents.locks[actor]! : noLock);
      // To those that are left out because they commute with what it did to them it does more than that.
      if (!waits) this.habits.note(taker, recorder.past.position(step), several);
    }
  }

  /** Plans what could have come first, in an execution of `steps` steps. */
  reverse(steps: number): void {
    const { list } = this;
    for (let i = 0; i < list.length; i += 3)
      if (list[i]! < steps) this.reverseOne(list[i]!, list[i + 1]!, list[i + 2]!, steps);
  }

  /** Threads that stood aside from a lock have to try it in a survey. */
  survey(survey: Survey): void {
    const { list } = this;
    for (let i = 0; i < list.length; i += 3) if (list[i + 2] !== noLock) survey.planAttempt(list[i]!, list[i + 1]!);
  }

  /** The next step of `actor`, which `step` has forestalled, could have come first; or the lock that it waited for have been its own. */
  private reverseOne(step: number, actor: number, lock: number, steps: number): void {
    const { frontier, recorder } = this;
    const { past } = recorder;
    const waits = lock !== noLock;
    const footprint = waits ? recorder.reader.lock(lock) : everything;
    const traits = waits ? Trait.Takes : 0;
    past.set(steps, actor, footprint, noChoices, traits, recorder.lastOf(actor), -1, -1, footprint);
    // Also where it would only have slept: with others it may have been a deadlock.
    frontier.reverse(step, steps, steps, false);
    if (!waits) return;
    past.raceCount = 0;
    past.order(steps, step);
    for (let race = 0; race < past.raceCount; race++) frontier.reverse(past.races[2 * race]!, steps, steps, false);
  }
}
