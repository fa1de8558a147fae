/**
 * Whether the steps of a thread always do the same: which they do not where what they do depends on what they find. A lock that is held may be why
 * its thread dies, which everybody notices.
 *
 * A race is turned round in the hope that its second step does, without the first, what it did with it; and what would commute with that is
 * left out. Where it does more than that, what was left out has to be looked at again (frontier.ts).
 */

/** In place of a footprint: none yet. */
const unknown = -1;
/** In place of a footprint: not always the same. */
export const several = -2;

export class Habits {
  /** Actor → number of its step → footprint of that, in all executions so far. */
  private readonly known: Int32Array[] = [];

  /** Steps are others from now on. */
  clear(): void {
    this.known.length = 0;
  }

  /** Step number `position` of `actor`, from 1, has this footprint, or `several`. */
  note(actor: number, position: number, footprint: number): void {
    while (this.known.length <= actor) this.known.push(new Int32Array(16).fill(unknown));
    let steps = this.known[actor]!;
    if (position >= steps.length) {
      const longer = new Int32Array(position * 2).fill(unknown);
      longer.set(steps);
      this.known[actor] = steps = longer;
    }
    if (steps[position] === unknown) steps[position] = footprint;
    else if (steps[position] !== footprint) steps[position] = several;
  }

  isSteady(actor: number, position: number): boolean {
    return this.known[actor]?.[position] !== several;
  }
}
