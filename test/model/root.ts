/** The model of what lies below all descriptors: ranges of somebody's pages, and how often they are prepared. */
import { kIODirectionNone, kIODirectionOut, kIODirectionOutIn } from '../../src/iokit/options.ts';
import { kIOReturnCannotWire, kIOReturnNotWritable } from '../../src/iokit/return-codes.ts';
import { KERN_INVALID_RIGHT, KERN_PROTECTION_FAILURE } from '../../src/vm/kern-return.ts';
import type { Page, Place, Space } from './pages.ts';

export const read = 1;
export const write = 2;
export const readWrite = read | write;

export interface Range {
  readonly address: number;
  readonly length: number;
}

/** Pages that a descriptor keeps to whatever is mapped elsewhere later, for each range; and the rights of who shows them. */
interface Reference {
  readonly pages: readonly (readonly Page[])[];
  access: number;
  /** What the task itself could do at the time. */
  readonly granted: number;
}

/** A descriptor over memory itself. */
export class Root {
  /** What its maps and wirings go to. */
  reference: Reference | null = null;
  /** What maps of it show copies of, where they are to show the memory as it was: taken when the first one is asked for. */
  snapshot: Reference | null = null;
  private wired: readonly (readonly Page[])[] = [];
  count = 0;
  readOnly = false;
  /** Commands that a device works on it for: it must not be let go. */
  busy = 0;
  /** In and Out bits of the prepares in force. */
  direction = kIODirectionNone;

  /**
   * @param of what the ranges name: whatever a task has there, or pages that are given
   * @param space whose addresses they are; null where they are nobody's
   * @param given for all but 'addresses', the pages of the one range
   */
  constructor(
    readonly pageSize: number,
    readonly of: 'addresses' | 'physical' | 'list' | 'buffer' | 'guard',
    readonly ranges: readonly Range[],
    readonly space: Space | null,
    private readonly given: readonly Page[] = [],
    private readonly copies = false,
  ) {}

  /** It need not be prepared, nor can it be. */
  get always(): boolean {
    return this.of === 'physical';
  }

  get isPrepared(): boolean {
    return this.always || this.count > 0;
  }

  /** `own` is the direction that the descriptor has now. Answers the code. */
  prepare(direction: number, own: number, documented: boolean): number {
    if (this.always) return 0;
    const effective = direction & kIODirectionOutIn || own & kIODirectionOutIn;
    if (this.count > 0) {
      if (this.readOnly && effective !== kIODirectionOut) return kIOReturnNotWritable;
    } else {
      const pages = this.pagesToWire(effective !== kIODirectionOut, documented);
      if (typeof pages === 'number') return pages;
      this.wired = pages;
      this.readOnly = effective === kIODirectionOut;
    }
    this.count++;
    this.direction = (documented ? this.direction : kIODirectionNone) | effective;
    return 0;
  }

  /** False when there is nothing to complete. */
  complete(): boolean {
    if (this.always) return true;
    if (this.count === 0) return false;
    this.count--;
    if (this.count > 0) return true;
    this.wired = [];
    this.readOnly = false;
    this.direction = kIODirectionNone;
    return true;
  }

  /** What the memory references, made if there is none. False where the task's own rights are not enough. */
  takeReference(direction: number, needsNoWrite: boolean): boolean {
    if (this.reference !== null) return true;
    const access = (direction & kIODirectionOutIn) !== kIODirectionOut || !needsNoWrite ? readWrite : read;
    if (this.of !== 'addresses') {
      this.reference = { pages: [this.given], access, granted: readWrite };
      return true;
    }
    const slots = this.ranges.map(({ address, length }) => this.space!.over(address, length));
    let granted = readWrite;
    for (const slot of slots.flat()) {
      if (slot === undefined || slot.page === null) return false;
      granted &= slot.rights;
    }
    if ((access & ~granted) !== 0) return false;
    this.reference = { pages: slots.map((list) => list.map((slot) => slot!.page!)), access, granted };
    return true;
  }

  takeSnapshot(direction: number, needsNoWrite: boolean): boolean {
    if (!this.copies || this.snapshot !== null) return true;
    if (!this.takeReference(direction, needsNoWrite)) return false;
    this.snapshot = { ...this.reference!, pages: this.reference!.pages.map((list) => list.map((page) => page.copy())) };
    return true;
  }

  dropReference(): void {
    this.reference = null;
    this.snapshot = null;
  }

  /** What both refer to exchanges its bytes, and they exchange what they refer to. */
  exchange(other: Root): void {
    const [mine, theirs] = [this.reference!, other.reference!];
    mine.pages.flat().forEach((page, i) => {
      const their = theirs.pages.flat()[i]!;
      [page.bytes, their.bytes] = [their.bytes, page.bytes];
    });
    [this.reference, other.reference] = [theirs, mine];
  }

  /** The rights of a map that asks for `wanted`; 0 when there can be none. */
  viewRights(wanted: number, documented: boolean): number {
    const reference = this.snapshot ?? this.reference!;
    if (!documented) return wanted & reference.access;
    return widen(reference, wanted) ? wanted : 0;
  }

  /** Where its bytes are: what is wired, or what would be. Null where there is nothing. */
  get places(): Place[] | null {
    const pages = this.count > 0 ? this.wired : this.pagesNow;
    const found: Place[] = [];
    for (const [i, { address, length }] of this.ranges.entries()) {
      for (let done = 0; done < length; ) {
        const at = (address + done) % this.pageSize;
        const page = pages[i]?.[Math.floor(((address % this.pageSize) + done) / this.pageSize)];
        if (page === null || page === undefined) return null;
        const bytes = Math.min(length - done, this.pageSize - at);
        found.push({ page, at, length: bytes });
        done += bytes;
      }
    }
    return found;
  }

  /** Pages that a map of it shows, from the first to the last that bytes `offset` to `offset + length` touch. */
  mapped(offset: number, length: number): Page[][] {
    const shown: Page[][] = [];
    let before = 0;
    for (const [i, range] of this.ranges.entries()) {
      const from = Math.max(offset, before) - before;
      const to = Math.min(offset + length, before + range.length) - before;
      before += range.length;
      if (from >= to) continue;
      const inPage = range.address % this.pageSize;
      const { pages } = this.snapshot ?? this.reference!;
      shown.push(
        pages[i]!.slice(Math.floor((inPage + from) / this.pageSize), Math.ceil((inPage + to) / this.pageSize)),
      );
    }
    return this.snapshot === null ? shown : shown.map((list) => list.map((page) => page.copy()));
  }

  /** A part of physical memory as memory of its own. */
  physicalPart(offset: number, length: number): Root {
    const [range] = this.ranges;
    const skipped = Math.floor(((range!.address % this.pageSize) + offset) / this.pageSize);
    const part = { address: range!.address + offset, length };
    return new Root(this.pageSize, 'physical', [part], null, this.given.slice(skipped));
  }

  /** How often it wires pages: one that two ranges touch is wired twice. */
  get wiredPages(): number {
    return this.wired.reduce((sum, pages) => sum + pages.length, 0);
  }

  private get pagesNow(): (Page | null)[][] {
    if (this.reference !== null) return this.reference.pages.map((list) => [...list]);
    if (this.of !== 'addresses') return [[...this.given]];
    return this.ranges.map(({ address, length }) =>
      this.space!.over(address, length).map((slot) => slot?.page ?? null),
    );
  }

  private pagesToWire(writes: boolean, documented: boolean): readonly (readonly Page[])[] | number {
    // What a list holds is held: nobody asks what maps of it may do.
    if (this.of === 'list') return [this.given];
    if (this.reference !== null) {
      if (writes && documented) widen(this.reference, write);
      const denied = writes && (this.reference.access & write) === 0 && this.reference.pages.flat().length > 0;
      return denied ? KERN_INVALID_RIGHT : this.reference.pages;
    }
    if (this.of !== 'addresses') return [this.given];
    const pages: Page[][] = [];
    for (const { address, length } of this.ranges) {
      const list: Page[] = [];
      for (const slot of length === 0 ? [] : this.space!.over(address, length)) {
        if (slot === undefined || slot.page === null) return kIOReturnCannotWire;
        if (writes && (slot.rights & write) === 0) return KERN_PROTECTION_FAILURE;
        list.push(slot.page);
      }
      pages.push(list);
    }
    return pages;
  }
}

function widen(reference: Reference, access: number): boolean {
  if ((access & ~reference.access) === 0) return true;
  if ((access & ~reference.granted) !== 0) return false;
  reference.access |= access;
  return true;
}
