/**
 * Which pages were reached by more than one party in any execution so far. Nothing can race on the others, and most memory is
 * of that kind, so detectors pass it by. A page found to be shared half-way through an execution is news: what was passed by
 * before must be looked at again.
 */

/** The largest page there is: no access crosses a multiple of it, save a scalar that says so. */
export const regionSize = 16384;
const nobody = 0;
const several = -1;

export class SharedPages {
  /** Set when a page turned out to be shared. */
  news = false;
  /** By region: 1 + its only party. One MiB at most, for 8 GiB of memory. */
  private parties = new Int16Array(1024);

  /** Notes that `party` reached a region of memory (its address divided by `regionSize`). True when another party has. */
  visit(region: number, party: number): boolean {
    if (region >= this.parties.length) this.grow(region);
    const before = this.parties[region]!;
    if (before === several) return true;
    if (before === party + 1) return false;
    this.parties[region] = before === nobody ? party + 1 : several;
    if (before === nobody) return false;
    this.news = true;
    return true;
  }

  private grow(region: number): void {
    const parties = new Int16Array(2 ** Math.ceil(Math.log2(region + 1)));
    parties.set(this.parties);
    this.parties = parties;
  }
}
