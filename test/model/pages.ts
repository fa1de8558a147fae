/**
 * The model of memory: a page is bytes, an address space says which page is seen where and with which rights, and a copy is a
 * copy. Sharing is two spaces with the same page. Whatever the VM does to copy late, page out or move, nobody must be able to tell.
 */
import * as assert from 'uvu/assert';

const mostShown = 16;

/** The contents of one page of memory. */
export class Page {
  bytes: Uint8Array | null = null;

  constructor(
    readonly size: number,
    /** The object that may be emptied with all of its pages; null for most. */
    readonly purgeable: Purgeable | null = null,
  ) {}

  read(from: number, length: number): Uint8Array {
    return this.bytes?.slice(from, from + length) ?? new Uint8Array(length);
  }

  write(at: number, bytes: Uint8Array): void {
    this.bytes ??= new Uint8Array(this.size);
    this.bytes.set(bytes, at);
  }

  copy(): Page {
    const copy = new Page(this.size);
    copy.bytes = this.bytes?.slice() ?? null;
    return copy;
  }
}

/** Memory that is given up as a whole. `state` is a kIOMemoryPurgeable word. */
export class Purgeable {
  readonly pages: Page[] = [];

  constructor(public state: number) {}

  empty(): void {
    for (const page of this.pages) page.bytes = null;
  }
}

/** What is mapped at a page. A guard has no page. */
export interface Slot {
  readonly page: Page | null;
  rights: number;
  readonly most: number;
}

/** Bytes of one page. */
export interface Place {
  readonly page: Page;
  readonly at: number;
  readonly length: number;
}

export class Space {
  /** By page number. */
  readonly slots = new Map<number, Slot>();

  constructor(private readonly pageSize: number) {}

  /** Shows `pages` from `address`, a multiple of the page size, on. */
  show(address: number, pages: readonly (Page | null)[], rights: number, most: number): void {
    pages.forEach((page, i) => {
      this.slots.set(address / this.pageSize + i, { page, rights: rights & most, most });
    });
  }

  hide(address: number, pages: number): void {
    for (let i = 0; i < pages; i++) this.slots.delete(address / this.pageSize + i);
  }

  at(address: number): Slot | undefined {
    return this.slots.get(Math.floor(address / this.pageSize));
  }

  /** The slots of whole pages that hold bytes from `address`; undefined where nothing is mapped. */
  over(address: number, length: number): (Slot | undefined)[] {
    const first = Math.floor(address / this.pageSize);
    const count = Math.ceil((address + length) / this.pageSize) - first;
    return Array.from({ length: Math.max(0, count) }, (_, i) => this.slots.get(first + i));
  }

  isFree(address: number, pages: number): boolean {
    return this.over(address, pages * this.pageSize).every((slot) => slot === undefined);
  }

  /** Where the bytes are, if all of them may be accessed with `rights`; null otherwise. */
  places(address: number, length: number, rights: number): Place[] | null {
    const found: Place[] = [];
    for (let done = 0; done < length; ) {
      const at = (address + done) % this.pageSize;
      const slot = this.at(address + done);
      if (slot === undefined || slot.page === null || (slot.rights & rights) !== rights) return null;
      const part = Math.min(length - done, this.pageSize - at);
      found.push({ page: slot.page, at, length: part });
      done += part;
    }
    return found;
  }
}

/** Bytes `offset` to `offset + length` of what `places` name. */
export function part(places: readonly Place[], offset: number, length: number): Place[] {
  const found: Place[] = [];
  let before = 0;
  for (const { page, at, length: bytes } of places) {
    const from = Math.max(offset, before);
    const to = Math.min(offset + length, before + bytes);
    if (from < to) found.push({ page, at: at + (from - before), length: to - from });
    before += bytes;
  }
  return found;
}

export function readPlaces(places: readonly Place[]): Uint8Array {
  const bytes = new Uint8Array(places.reduce((sum, { length }) => sum + length, 0));
  let done = 0;
  for (const { page, at, length } of places) {
    bytes.set(page.read(at, length), done);
    done += length;
  }
  return bytes;
}

/** Fails unless both are the same, and shows them from where they differ: to compare long ones in words takes minutes. */
export function sameBytes(found: Uint8Array, wanted: Uint8Array, what = 'bytes'): void {
  if (Buffer.compare(found, wanted) === 0) return;
  const at = found.findIndex((byte, i) => byte !== wanted[i]);
  assert.equal(found.slice(at, at + mostShown), wanted.slice(at, at + mostShown), `${what}, from ${at} on`);
}

export function writePlaces(places: readonly Place[], bytes: Uint8Array): void {
  let done = 0;
  for (const { page, at, length } of places) {
    page.write(at, bytes.subarray(done, done + length));
    done += length;
  }
}
