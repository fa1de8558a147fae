/**
 * A thread's translation cache: direct-mapped, filled from the page table, emptied when the epoch has moved. A hit costs a few
 * nanoseconds and touches no shared word but the epoch.
 *
 * Before the lines comes the page that was translated last: most accesses are to the same one as the access before.
 *
 * A line grants writing only once its frame is marked dirty, so that the first store through it, and no later one, pays for
 * the mark.
 */
import { policyOf } from './cache-policy.ts';
import type { FrameTable } from './frame-table.ts';
import { addressLimit, type PageTables, pteCacheMode, pteFrameShift, pteRead, pteWrite } from './page-table.ts';

const lines = 256;

export const accessRead = pteRead;
export const accessWrite = pteWrite;

export class TranslationCache {
  /** Whether the last translation is none of the page table's any more: only where caches forget late. */
  isStale = false;
  private readonly pages = new Float64Array(lines).fill(-1);
  private readonly bases = new Float64Array(lines);
  private readonly rights = new Uint8Array(lines);
  private readonly policies = new Uint8Array(lines);
  /** Of the page translated last: its first address, where that is, and what is allowed there. */
  private start = 0;
  private base = 0;
  private allowed = 0;
  private readonly epochs: Int32Array;
  private readonly reciprocal: number;
  private epoch: number;
  /** Where this thread shows up to which epoch it has emptied its cache; null when nobody needs to know. */
  private seen: Int32Array | null = null;
  private seenAt = 0;

  constructor(
    private readonly tables: PageTables,
    private readonly frames: FrameTable,
    private readonly pageSize: number,
    readonly space: number,
  ) {
    this.epochs = tables.epochs;
    this.epoch = this.epochs[0]!;
    this.reciprocal = 1 / pageSize;
  }

  /** Publishes the epoch in `words[at]` from now on: what the quarantine of freed frames waits for. */
  publish(words: Int32Array, at: number): void {
    this.seen = words;
    this.seenAt = at;
    Atomics.store(words, at, this.epoch);
  }

  /** Moves when what this cache answered before may be void: compare to know whether several answers hold together. */
  get generation(): number {
    return this.epoch;
  }

  /** Whether what was translated last holds still: nothing has been changed in any page table since. */
  get isCurrent(): boolean {
    return this.epochs[0] === this.epoch;
  }

  /** The physical address of `address` when `access` is allowed there, otherwise -1. */
  translate(address: number, access: number): number {
    const distance = address - this.start;
    if (
      distance >= 0 &&
      distance < this.pageSize &&
      (this.allowed & access) !== 0 &&
      this.epochs[0] === this.epoch &&
      (distance | 0) === distance
    )
      return this.base + distance;
    const page = Math.floor(address * this.reciprocal);
    const line = page & (lines - 1);
    if (this.pages[line] === page && (this.rights[line]! & access) !== 0 && this.epochs[0] === this.epoch) {
      const offset = address - page * this.pageSize;
      // A fraction lies in the page as well, but it is no address.
      if ((offset | 0) === offset) {
        this.remember(page, line);
        return this.base + offset;
      }
    }
    return this.fill(address, page, line, access);
  }

  /** How accesses to `address`, which was translated just now, use the data cache: one of cache-policy.ts. */
  policyAt(address: number): number {
    const page = Math.floor(address * this.reciprocal);
    const line = page & (lines - 1);
    return this.pages[line] === page
      ? this.policies[line]!
      : policyOf(pteCacheMode(this.tables.entry(this.space, page)));
  }

  private fill(address: number, page: number, line: number, access: number): number {
    if (!Number.isSafeInteger(address) || address < 0 || address >= addressLimit) return -1;
    const epoch = Atomics.load(this.epochs, 0);
    if (epoch !== this.epoch) {
      this.pages.fill(-1);
      this.allowed = 0;
      this.epoch = epoch;
      if (this.seen !== null) Atomics.store(this.seen, this.seenAt, epoch);
    }
    const entry = this.tables.entry(this.space, page);
    if ((entry & access) === 0) return -1;
    const frame = entry >>> pteFrameShift;
    if (access === accessWrite && !this.frames.isDirty(frame)) this.frames.setDirty(frame, 1);
    if (this.frames.marksReferences && this.frames.referenced[frame] === 0) this.frames.setReferenced(frame, 1);
    this.pages[line] = page;
    this.bases[line] = frame * this.pageSize;
    this.policies[line] = policyOf(pteCacheMode(entry));
    this.rights[line] = entry & (this.frames.isDirty(frame) ? pteRead | pteWrite : pteRead);
    this.remember(page, line);
    return this.base + (address - page * this.pageSize);
  }

  private remember(page: number, line: number): void {
    this.start = page * this.pageSize;
    this.base = this.bases[line]!;
    this.allowed = this.rights[line]!;
  }
}
