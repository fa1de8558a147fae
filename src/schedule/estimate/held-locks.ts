/** Which locks each actor has taken and not given back, known by the footprints of the steps that took them. */
import { Trait } from '../dpor/footprint-reader.ts';
import type { Footprints } from '../dpor/footprints.ts';

const takesFree = Trait.Takes | Trait.Free;

export class HeldLocks {
  private readonly locks: number[][] = [];

  constructor(private readonly footprints: Footprints) {}

  clear(): void {
    for (const locks of this.locks) locks.length = 0;
  }

  of(actor: number): readonly number[] {
    while (this.locks.length <= actor) this.locks.push([]);
    return this.locks[actor]!;
  }

  /** `actor` has taken a step. One that conflicts with a lock that it holds gives that back. */
  pass(actor: number, footprint: number, traits: number): void {
    const locks = this.of(actor) as number[];
    if ((traits & takesFree) === takesFree) locks.push(footprint);
    else {
      const given = locks.findIndex((lock) => this.footprints.conflict(lock, footprint));
      if (given >= 0) locks.splice(given, 1);
    }
  }
}
