/**
 * A survey of the tree (shares.ts): from a root everybody goes on by one step who can, and is not known to do what was had. Races say nothing
 * about a subtree before it was explored, so all of them are; steps that commute with what was had before them sleep in it, as everywhere.
 */
import type { Frontier } from './frontier.ts';
import type { Past } from './past.ts';
import type { Recorder } from './recorder.ts';
import type { Sleepers } from './sleepers.ts';

/** How all executions of a subtree begin: the first steps, as `Past` has them, and who sleeps after them. */
export interface Root {
  readonly steps: Int32Array;
  readonly asleep: Int32Array;
}

export const top: Root = { steps: new Int32Array(), asleep: new Int32Array() };

/** How an execution ended: `steps` count, at one more it turned out to be had, if it did; and there by its choices, not by its actor. */
export interface Ended {
  readonly steps: number;
  readonly isWhole: boolean;
  readonly hasNoChoice: boolean;
}

export class Survey {
  /** The subtree that the last execution was the first one of; null for none. */
  found: Root | null = null;

  constructor(
    private readonly past: Past,
    private readonly sleepers: Sleepers,
    private readonly frontier: Frontier,
    private readonly recorder: Recorder,
  ) {}

  /** `actor` takes the step after the root: the others are to have their turn. */
  planOthers(step: number, actor: number, runnable: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const other = runnable[i]!;
      if (other !== actor && !this.recorder.waits(other) && this.sleepers.depth(step, other) < 2)
        this.frontier.add(step, other);
    }
  }

  /** A thread stood aside from a lock, and after the step behind the root it could not even try. */
  planAttempt(step: number, actor: number): void {
    if (step === this.frontier.first && this.sleepers.depth(step, actor) === 0) this.frontier.add(step, actor);
  }

  /** An execution is over. → how many of its steps may be taken in another way */
  look(root: Root, { steps, isWhole, hasNoChoice }: Ended): number {
    const { past, sleepers } = this;
    const { first } = this.frontier;
    const isHad = !isWhole && (steps === first || (steps === first + 1 && !hasNoChoice));
    this.found = isHad ? null : root;
    if (steps === first && !hasNoChoice) return first;
    if (!isHad) this.found = { steps: past.beginning(first + 1), asleep: sleepers.before(first + 1) };
    return first + 1;
  }
}
