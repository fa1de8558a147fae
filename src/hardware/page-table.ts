/**
 * Page tables in shared words, one radix tree of four levels an address space, so that every thread translates alone.
 *
 * An entry is `frame << 10 | cache mode << 4 | rights`. Taking a right away (or rolling back that it was given) moves the
 * *epoch*: every translation cache that sees another epoch than the one it was filled under empties itself. One epoch for all
 * spaces, because a frame may be reused only once no cache at all can hold it, and a worker shows that by one word.
 */
import type { Journal } from './journal.ts';
import { PageFate, type PageListener } from './page-fate.ts';

export const levelBits = 9;
export const entriesPerTable = 1 << levelBits;

export const pteRead = 1;
export const pteWrite = 2;
export const pteExecute = 4;
export const pteRights = pteRead | pteWrite | pteExecute;
export const pteCacheShift = 4;
export const pteFrameShift = 10;
export const pteCacheMode = (entry: number): number => (entry >>> pteCacheShift) & 63;

/** Addresses are below 2^47, as on both of Apple's processors. */
export const addressLimit = 2 ** 47;
export const maximumSpaces = 4096;

const epochWord = 0;
const freeTable = 1;
const freshTable = 2;
const headerWords = 16;

/** Who must forget a translation that was taken away or changed, besides those who look at the epoch. */
export interface ShootDown {
  forget(space: number, page: number): void;
  forgetSpace(space: number): void;
}

/** Stores on their way into memory, which must have got there before their page goes. */
export interface WaitingStores {
  flush(frame: number): void;
  flushAll(): void;
}

export class PageTables {
  /** Null where every translation cache looks at the epoch. */
  shootDown: ShootDown | null = null;
  /** Null where stores reach memory at once. */
  stores: WaitingStores | null = null;
  /** Hears which frames come and go; null when nobody does. */
  listener: PageListener | null = null;
  private readonly header: Int32Array;
  private readonly roots: Int32Array;
  private readonly entries: Int32Array;
  private readonly tables: number;
  private changedSinceBase = false;

  static tablesFor(frames: number): number {
    return 4096 + Math.ceil(frames / 8);
  }

  static bytes(frames: number): number {
    return 4 * (headerWords + maximumSpaces + PageTables.tablesFor(frames) * entriesPerTable);
  }

  constructor(
    buffer: SharedArrayBuffer,
    offset: number,
    frames: number,
    private readonly journal: Journal,
  ) {
    this.tables = PageTables.tablesFor(frames);
    this.header = new Int32Array(buffer, offset, headerWords);
    this.roots = new Int32Array(buffer, offset + 4 * headerWords, maximumSpaces);
    this.entries = new Int32Array(buffer, offset + 4 * (headerWords + maximumSpaces), this.tables * entriesPerTable);
    journal.onRollback(() => {
      if (this.changedSinceBase) this.invalidate();
      this.changedSinceBase = false;
    });
  }

  /** The word that says which epoch translations belong to: `epochs[0]`. */
  get epochs(): Int32Array {
    return this.header;
  }

  /** All of its words that were ever used, but for the epoch: for hashing. */
  get state(): readonly Int32Array[] {
    return [
      this.header.subarray(freeTable),
      this.roots,
      this.entries.subarray(0, (this.header[freshTable]! + 1) * entriesPerTable),
    ];
  }

  /** Whether half of all tables were never used, so that nothing done now decides who gets the last one. */
  get hasPlenty(): boolean {
    return this.header[freshTable]! * 2 < this.tables;
  }

  /** Moves the epoch: every translation cached anywhere is void from its next use on. */
  invalidate(): void {
    Atomics.add(this.header, epochWord, 1);
  }

  /** The entry for virtual page `page` of `space`, 0 where there is none. */
  entry(space: number, page: number): number {
    const upper = Math.floor(page / 2 ** (2 * levelBits));
    const lower = page - upper * 2 ** (2 * levelBits);
    let table = this.roots[space]!;
    if (table === 0) return 0;
    table = this.entries[table * entriesPerTable + (upper >> levelBits)]!;
    if (table === 0) return 0;
    table = this.entries[table * entriesPerTable + (upper & (entriesPerTable - 1))]!;
    if (table === 0) return 0;
    table = this.entries[table * entriesPerTable + (lower >> levelBits)]!;
    if (table === 0) return 0;
    return this.entries[table * entriesPerTable + (lower & (entriesPerTable - 1))]!;
  }

  /** Enters a translation. False when there is no room for another table. `late` leaves `shootDown` to the caller. */
  set(space: number, page: number, entry: number, late = false): boolean {
    const at = this.place(space, page);
    if (at < 0) return false;
    const old = this.entries[at]!;
    if (old === entry) return true;
    this.change(at, entry);
    if (this.listener !== null) tell(this.listener, space, page, old, entry);
    if (old !== 0) this.forget(space, page, late);
    if (this.stores !== null && losesStores(old, entry)) this.stores.flush(old >>> pteFrameShift);
    return true;
  }

  /** Removes a translation; returns the entry that was there, or 0. `late` as above. */
  clear(space: number, page: number, late = false): number {
    const old = this.entry(space, page);
    if (old === 0) return 0;
    this.change(this.place(space, page), 0);
    if (this.listener !== null) tell(this.listener, space, page, old, 0);
    this.forget(space, page, late);
    if (this.stores !== null && losesStores(old, 0)) this.stores.flush(old >>> pteFrameShift);
    return old;
  }

  /** Every translation of `space`: virtual page number and entry. For checks; it reads all of its tables. */
  *translations(space: number): Generator<[page: number, entry: number]> {
    if (this.roots[space] !== 0) yield* this.below(this.roots[space]!, 3, 0);
  }

  /** Gives every table of `space` back. Its translations are void at once. */
  destroy(space: number): void {
    const root = this.roots[space]!;
    if (root === 0) return;
    if (this.listener !== null)
      for (const [page, entry] of this.translations(space)) tell(this.listener, space, page, entry, 0);
    this.release(root, 3);
    this.journal.word(this.roots, space, 0);
    this.changedSinceBase = true;
    this.shootDown?.forgetSpace(space);
    this.stores?.flushAll();
    this.invalidate();
  }

  private forget(space: number, page: number, late: boolean): void {
    if (this.shootDown !== null && !late) this.shootDown.forget(space, page);
    this.invalidate();
  }

  private *below(table: number, level: number, page: number): Generator<[page: number, entry: number]> {
    for (let index = 0; index < entriesPerTable; index++) {
      const entry = this.entries[table * entriesPerTable + index]!;
      if (entry === 0) continue;
      if (level === 0) yield [page + index, entry];
      else yield* this.below(entry, level - 1, (page + index) * entriesPerTable);
    }
  }

  private change(at: number, entry: number): void {
    this.journal.word(this.entries, at, entry);
    this.changedSinceBase = true;
  }

  /** The index of the word for `page`, making the tables on the way; -1 when they are used up. */
  private place(space: number, page: number): number {
    const upper = Math.floor(page / 2 ** (2 * levelBits));
    const lower = page - upper * 2 ** (2 * levelBits);
    let table = this.roots[space]!;
    if (table === 0) {
      table = this.allocate();
      if (table === 0) return -1;
      this.journal.word(this.roots, space, table);
    }
    for (const index of [upper >> levelBits, upper & (entriesPerTable - 1), lower >> levelBits]) {
      const at = table * entriesPerTable + index;
      table = this.entries[at]!;
      if (table === 0) {
        table = this.allocate();
        if (table === 0) return -1;
        this.journal.word(this.entries, at, table);
      }
    }
    return table * entriesPerTable + (lower & (entriesPerTable - 1));
  }

  private allocate(): number {
    const free = this.header[freeTable]!;
    if (free !== 0) {
      this.journal.word(this.header, freeTable, this.entries[free * entriesPerTable]!);
      this.journal.word(this.entries, free * entriesPerTable, 0);
      return free;
    }
    const fresh = this.header[freshTable]! + 1;
    if (fresh >= this.tables) return 0;
    this.journal.word(this.header, freshTable, fresh);
    return fresh;
  }

  private release(table: number, below: number): void {
    const base = table * entriesPerTable;
    for (let at = base; at < base + entriesPerTable; at++) {
      const entry = this.entries[at]!;
      if (entry === 0) continue;
      if (below > 0) this.release(entry, below - 1);
      this.journal.word(this.entries, at, 0);
    }
    this.journal.word(this.entries, base, this.header[freeTable]!);
    this.journal.word(this.header, freeTable, table);
  }
}

/** Whether whoever could store through `before` cannot store there through `after`. */
const losesStores = (before: number, after: number): boolean =>
  (before & pteWrite) !== 0 && ((after & pteWrite) === 0 || before >>> pteFrameShift !== after >>> pteFrameShift);

function tell(listener: PageListener, space: number, page: number, before: number, after: number): void {
  const [from, to] = [before >>> pteFrameShift, after >>> pteFrameShift];
  if (before !== 0 && from !== to) listener(PageFate.Unmapped, from, space, page, 0);
  if (after !== 0)
    listener(before !== 0 && from === to ? PageFate.Protected : PageFate.Mapped, to, space, page, after & pteRights);
}
