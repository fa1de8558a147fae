/** Who has come to something that another had changed before: whether actors meet at all, and whether they take turns. */

/** The more, the higher. */
export const Meeting = {
  /** Nobody has followed anybody. */
  Never: 0,
  /** Some have, but so that each actor could have done all of its own before the next one began: they do not overlap. */
  InTurn: 1,
  /** Somebody has followed another who had followed it. */
  BackAndForth: 2,
} as const;

export class Meetings {
  /** Row a, column b: 1 where b has followed a. */
  private readonly follows: Uint8Array;

  constructor(private readonly actors: number) {
    this.follows = new Uint8Array(actors * actors);
  }

  /** `later` has come to what `earlier` had changed. */
  note(earlier: number, later: number): void {
    this.follows[earlier * this.actors + later] = 1;
  }

  /** A value of Meeting, of all that was noted. */
  get sort(): number {
    if (!this.follows.includes(1)) return Meeting.Never;
    const left = new Set(Array.from({ length: this.actors }, (_, actor) => actor));
    // Those whom nobody that is left precedes go first; where everybody has to wait for somebody, some wait for each other.
    for (let before = -1; left.size !== before; ) {
      before = left.size;
      for (const actor of left) if (![...left].some((other) => this.hasFollowed(actor, other))) left.delete(actor);
    }
    return left.size === 0 ? Meeting.InTurn : Meeting.BackAndForth;
  }

  private hasFollowed(later: number, earlier: number): boolean {
    return this.follows[earlier * this.actors + later] === 1;
  }
}
