/**
 * Which pages are shared, over a whole campaign: a page is a scheduling point once a second actor has reached it in any
 * execution. Merged chunk by chunk in the order of execution numbers, so that it does not depend on who ran what.
 */
export class ReachMap {
  /** Frame → 1 + the only actor seen there; 0 for several. */
  private readonly actors = new Map<number, number>();

  merge(reached: readonly (readonly [frame: number, actor: number])[]): void {
    for (const [frame, actor] of reached) {
      const known = this.actors.get(frame);
      this.actors.set(frame, known === undefined || known === actor ? actor : 0);
    }
  }

  entries(): [frame: number, actor: number][] {
    return [...this.actors];
  }

  /** Frames whose accesses are points, ascending. */
  points(): number[] {
    return [...this.actors]
      .filter(([, actor]) => actor === 0)
      .map(([frame]) => frame)
      .sort((a, b) => a - b);
  }
}
