/**
 * Which memory a descriptor was made over. While it has no memory reference it knows that by a task's addresses alone (xnu-reference 3.3.1), and
 * whatever lies there when it is prepared or mapped is what it acts on: what was looked at before may have been replaced by then
 * (I14 of the race catalogue: what is authorised for one thing must not be done to what replaced it).
 */
import type { AddressSpace } from '../vm/address-space.ts';
import type { MapEntry } from '../vm/map-entry.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { AddressRange } from './ranges.ts';

/** What lay in a part of the ranges. */
interface Name {
  readonly start: number;
  readonly end: number;
  readonly origin: MapEntry;
  readonly object: MemoryObject | null;
  /** The byte of the object that address 0 would show. */
  readonly offset: number;
}

const nameOf = (entry: MapEntry): Name => ({
  start: entry.start,
  end: entry.end,
  origin: entry.origin,
  object: entry.object,
  offset: entry.offset - entry.start,
});

/** What a store made private is still the same memory; so is what was unmapped and mapped back (3.10). */
const isSame = (one: Name, other: Name): boolean =>
  one.origin === other.origin || (one.object === other.object && one.offset === other.offset);

export class MemoryNames {
  private readonly names: readonly Name[];
  /** Of the address space, when this was made: nothing is to be compared while it is the same. */
  private readonly version: number;

  constructor(
    private readonly space: AddressSpace,
    private readonly ranges: readonly AddressRange[],
  ) {
    this.version = space.version;
    this.names = ranges.flatMap(({ address, length }) => this.present(address, address + length));
  }

  /**
   * The first address from `start` to before `end`, of the ranges, at which there is other memory now, or null. Where nothing is now, or
   * was, is another matter.
   */
  replacedIn(start: number, end: number): number | null {
    if (this.space.version === this.version) return null;
    for (const now of this.present(start, end))
      for (const name of this.names) {
        const from = Math.max(start, name.start, now.start);
        if (from < Math.min(end, name.end, now.end) && !isSame(name, now)) return from;
      }
    return null;
  }

  /** The same of all ranges. */
  replaced(): number | null {
    for (const { address, length } of this.ranges) {
      const at = this.replacedIn(address, address + length);
      if (at !== null) return at;
    }
    return null;
  }

  private present(start: number, end: number): Name[] {
    return start === end ? [] : this.space.entries.overlapping(start, end).map(nameOf);
  }
}
