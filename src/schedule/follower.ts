/**
 * Follows an execution step by step, and says what each step is about. That is known before a step is taken, but for the first one of an actor, of
 * which it is known once it is over.
 */
import type { Intents } from '../machine/intents.ts';

/** In place of an actor. */
export const nobody = -1;

export abstract class Follower {
  protected intents: Intents | null = null;
  /** Who is taking its first step. */
  private beginning = nobody;

  watch(intents: Intents): void {
    this.intents = intents;
  }

  /** Execution `number` begins. */
  begin(_number: number): void {
    this.beginning = nobody;
  }

  /** The step before is over: to be called before anybody asks about the present. */
  settle(): void {
    const { beginning } = this;
    if (beginning === nobody) return;
    this.beginning = nobody;
    this.take(beginning, this.intents!.first[beginning]!, this.intents!.firstLocks[beginning]!);
  }

  /** `actor` takes its next step. */
  step(actor: number): void {
    const { next, locks } = this.intents!;
    const code = next[actor]!;
    if (code === 0) this.beginning = actor;
    else this.take(actor, code, locks[actor]!);
  }

  /** `actor` takes a step of this code, which takes that lock, or 0 (machine/intents.ts). */
  protected abstract take(actor: number, code: number, lock: number): void;
}
