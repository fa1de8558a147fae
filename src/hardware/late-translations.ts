/**
 * What each processor's translation cache holds, on a machine whose caches forget only what they are told to forget
 * (`lateShootdown`): a translation that was changed by hand is used on until somebody shoots it down, as on real processors.
 *
 * It lies in shared words: every thread reads its own, and the kernel, which alone writes, sees them all. A processor is a thread.
 * Sets of eight, so that nothing is forgotten by chance in programs of some tens of pages.
 */
import { policyOf } from './cache-policy.ts';
import type { FrameTable } from './frame-table.ts';
import type { Journal } from './journal.ts';
import { addressLimit, type PageTables, pteCacheMode, pteFrameShift, pteRead, pteWrite } from './page-table.ts';
import { accessWrite, TranslationCache } from './translation-cache.ts';

const processors = 64;
const ways = 8;
const sets = 64;
// A line: lower half of the page number; upper half, and 1 + the space, or 0 when free; the translation.
const lineWords = 3;
const linesOfProcessor = ways * sets;
const upperBits = 4;

export class LateTranslations {
  private readonly words: Int32Array;

  static readonly bytes = 4 * processors * linesOfProcessor * lineWords;

  constructor(
    buffer: SharedArrayBuffer,
    offset: number,
    private readonly tables: PageTables,
    private readonly frames: FrameTable,
    private readonly journal: Journal,
  ) {
    this.words = new Int32Array(buffer, offset, processors * linesOfProcessor * lineWords);
  }

  /** All of its words: for hashing. */
  get state(): readonly Int32Array[] {
    return [this.words];
  }

  /** What `processor` has for a page, as the page table had it when it was filled; 0 when it has nothing. */
  entry(processor: number, space: number, page: number): number {
    const at = this.find(processor, page | 0, tagOf(space, page));
    return at < 0 ? 0 : this.words[at + 2]!;
  }

  /** Takes over what the page table has, if it allows `access`; false otherwise. Writing marks the frame as dirty, as ever. */
  fill(processor: number, space: number, page: number, access: number): boolean {
    const { frames, journal, words } = this;
    const entry = this.tables.entry(space, page);
    if ((entry & access) === 0) return false;
    const frame = entry >>> pteFrameShift;
    if (access === accessWrite && !frames.isDirty(frame)) frames.setDirty(frame, 1);
    if (frames.marksReferences && frames.referenced[frame] === 0) frames.setReferenced(frame, 1);
    const at = this.place(processor, page | 0, tagOf(space, page));
    journal.word(words, at, page | 0);
    journal.word(words, at + 1, tagOf(space, page));
    journal.word(words, at + 2, frames.isDirty(frame) ? entry : entry & ~pteWrite);
    return true;
  }

  /** Makes every processor forget a page. */
  forget(space: number, page: number): void {
    for (let processor = 0; processor < processors; processor++) {
      const at = this.find(processor, page | 0, tagOf(space, page));
      if (at >= 0) this.journal.word(this.words, at + 1, 0);
    }
  }

  /** The same for all pages of an address space. */
  forgetSpace(space: number): void {
    for (let at = 0; at < this.words.length; at += lineWords)
      if (this.words[at + 1]! >>> upperBits === space + 1) this.journal.word(this.words, at + 1, 0);
  }

  /** Who still has a translation to `frame`: for checks, it reads every line. */
  *holders(frame: number): Generator<{ processor: number; page: number }> {
    for (let at = 0; at < this.words.length; at += lineWords) {
      const tag = this.words[at + 1]!;
      if (tag === 0 || this.words[at + 2]! >>> pteFrameShift !== frame) continue;
      const upper = tag & ((1 << upperBits) - 1);
      const processor = Math.floor(at / (linesOfProcessor * lineWords));
      yield { processor, page: upper * 2 ** 32 + (this.words[at]! >>> 0) };
    }
  }

  private find(processor: number, low: number, tag: number): number {
    const first = this.firstOf(processor, low, tag);
    for (let at = first; at < first + ways * lineWords; at += lineWords)
      if (this.words[at + 1] === tag && this.words[at] === low) return at;
    return -1;
  }

  /** The line that has the page, a free one, or the first of the set. */
  private place(processor: number, low: number, tag: number): number {
    const found = this.find(processor, low, tag);
    if (found >= 0) return found;
    const first = this.firstOf(processor, low, tag);
    for (let at = first; at < first + ways * lineWords; at += lineWords) if (this.words[at + 1] === 0) return at;
    return first;
  }

  private firstOf(processor: number, low: number, tag: number): number {
    const set = (Math.imul(low ^ Math.imul(tag, 0x85ebca6b), 0x9e3779b1) >>> 26) & (sets - 1);
    return ((processor % processors) * linesOfProcessor + set * ways) * lineWords;
  }
}

const tagOf = (space: number, page: number): number => ((space + 1) << upperBits) | Math.floor(page / 2 ** 32);

/** A thread's own: it asks its processor's lines alone, and a miss is the kernel's to fill. */
export class LateTranslationCache extends TranslationCache {
  constructor(
    private readonly late: LateTranslations,
    private readonly pageTables: PageTables,
    frames: FrameTable,
    private readonly bytesOfPage: number,
    space: number,
    private readonly processor: number,
  ) {
    super(pageTables, frames, bytesOfPage, space);
  }

  /** Page tables may say otherwise by now, and it is the kernel's to be told. */
  override get isCurrent(): boolean {
    return false;
  }

  override translate(address: number, access: number): number {
    this.isStale = false;
    if (!Number.isSafeInteger(address) || address < 0 || address >= addressLimit) return -1;
    const page = Math.floor(address / this.bytesOfPage);
    const entry = this.late.entry(this.processor, this.space, page);
    if ((entry & access) === 0) return -1;
    const now = this.pageTables.entry(this.space, page);
    this.isStale = now >>> pteFrameShift !== entry >>> pteFrameShift || (now & access) === 0;
    return (entry >>> pteFrameShift) * this.bytesOfPage + (address - page * this.bytesOfPage);
  }

  override policyAt(address: number): number {
    const page = Math.floor(address / this.bytesOfPage);
    return policyOf(pteCacheMode(this.late.entry(this.processor, this.space, page)));
  }
}

/** Whether `after` takes something away that `before` allowed. */
export const takesAway = (before: number, after: number): boolean =>
  before !== 0 &&
  (before >>> pteFrameShift !== after >>> pteFrameShift || (before & ~after & (pteRead | pteWrite)) !== 0);
