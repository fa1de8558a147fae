/**
 * Sets of what steps read and change, each known by a number, so that whether two steps conflict is looked up. A set is another one
 * and an access more; the same accesses in the same order are always the same set.
 */
import { PlaceTable } from '../../detect/place-table.ts';

/** The set without accesses: commutes with all but `everything`. */
export const nothing = 0;
/** Commutes with nothing, not even with itself. */
export const everything = 1;

/** Where an access is: memory in granules, or a resource of the kernel by its place among those that were met. */
export const Space = { Memory: 0, Kernel: 1 } as const;

/** Pairs of sets below this are looked up, others compared each time. */
const remembered = 1024;
const Known = { Apart: 1, Conflict: 2 } as const;

/** Fields of an access. */
const Field = { Space: 0, Start: 1, End: 2, Changes: 3, Size: 4 } as const;
const longest = 2 ** 13;

export class Footprints {
  private accesses = new Float64Array(64 * Field.Size);
  private accessCount = 0;
  private readonly accessOf = new PlaceTable();
  /** Set → the one that it extends, and by which access. */
  private parents = new Int32Array(64);
  private added = new Int32Array(64);
  private count = 2;
  private readonly extended = new PlaceTable();
  private readonly pairs = new Uint8Array(remembered * remembered);

  /** The set that has `count` granules of `space` from `start` besides. At most 2^13 of them, below 2^36. */
  add(set: number, space: number, start: number, count: number, changes: boolean): number {
    if (set === everything) return everything;
    const access = this.access(space, start, count, changes);
    // Sets are counted by memory: there are not 2^26 accesses.
    const at = this.extended.enter(set * 2 ** 26 + access);
    const known = this.extended.words[at]!;
    if (known > 0) return known - 1;
    const result = this.covers(set, access) ? set : this.append(set, access);
    this.extended.words[at] = result + 1;
    return result;
  }

  conflict(a: number, b: number): boolean {
    if (a >= remembered || b >= remembered) return this.compare(a, b);
    const pair = a * remembered + b;
    const known = this.pairs[pair]!;
    if (known !== 0) return known === Known.Conflict;
    const result = this.compare(a, b);
    this.pairs[pair] = result ? Known.Conflict : Known.Apart;
    return result;
  }

  private access(space: number, start: number, count: number, changes: boolean): number {
    const key = ((start * longest + (count - 1)) * 2 + space) * 2 + (changes ? 1 : 0);
    const at = this.accessOf.enter(key);
    const known = this.accessOf.words[at]!;
    if (known > 0) return known - 1;
    const access = this.accessCount++;
    this.accessOf.words[at] = access + 1;
    const place = access * Field.Size;
    if (place === this.accesses.length) this.accesses = doubled(this.accesses, new Float64Array(place * 2));
    this.accesses[place + Field.Space] = space;
    this.accesses[place + Field.Start] = start;
    this.accesses[place + Field.End] = start + count;
    this.accesses[place + Field.Changes] = changes ? 1 : 0;
    return access;
  }

  private append(set: number, access: number): number {
    const result = this.count++;
    if (result === this.parents.length) {
      this.parents = doubled(this.parents, new Int32Array(result * 2));
      this.added = doubled(this.added, new Int32Array(result * 2));
    }
    this.parents[result] = set;
    this.added[result] = access;
    return result;
  }

  /** Whether an access of the set leaves this one nothing to add. */
  private covers(set: number, access: number): boolean {
    const { accesses } = this;
    const b = access * Field.Size;
    for (let at = set; at !== nothing; at = this.parents[at]!) {
      const a = this.added[at]! * Field.Size;
      if (
        accesses[a] === accesses[b] &&
        accesses[a + Field.Start]! <= accesses[b + Field.Start]! &&
        accesses[a + Field.End]! >= accesses[b + Field.End]! &&
        accesses[a + Field.Changes]! >= accesses[b + Field.Changes]!
      )
        return true;
    }
    return false;
  }

  private compare(a: number, b: number): boolean {
    if (a === everything || b === everything) return true;
    const { accesses, parents, added } = this;
    for (let i = a; i !== nothing; i = parents[i]!) {
      const one = added[i]! * Field.Size;
      for (let k = b; k !== nothing; k = parents[k]!) {
        const other = added[k]! * Field.Size;
        if (
          accesses[one] === accesses[other] &&
          accesses[one + Field.Start]! < accesses[other + Field.End]! &&
          accesses[other + Field.Start]! < accesses[one + Field.End]! &&
          accesses[one + Field.Changes]! + accesses[other + Field.Changes]! > 0
        )
          return true;
      }
    }
    return false;
  }
}

function doubled<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
