/**
 * What privileged code has changed with its own hands, past the objects and entries that account for frames and translations:
 * needed to tell its doings from faults of this kernel.
 */
import type { Journal } from '../hardware/journal.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { KernelThread } from './thread.ts';

/** Above every number of a virtual page. */
const pagesOfSpace = 2 ** 36;

/** A translation that was changed by hand, while processors may still use what was there. */
export interface Change {
  readonly by: KernelThread;
  /** What was shown before. */
  readonly frame: number;
  /** That frame was given back since. */
  readonly freed: boolean;
}

export class ByHand {
  /** Frame → owners beyond the objects that have it; negative where an object's frame was freed under it. */
  readonly owners = new Map<number, number>();
  /** Frame → wirings beyond those of descriptors. */
  readonly wires = new Map<number, number>();
  /** Holder and frame → wirings of that holder's own; negative where it undid others'. */
  private readonly wirers = new Map<number, number>();
  /** Objects that were put above others; whoever stores below one is on his own. */
  private readonly shadows = new Map<MemoryObject, true>();
  /** Whether anybody unwired what others had wired. */
  hasUnwired = false;
  /** Touched pages → whether `setup` was the first to do it. */
  private readonly pages = new Map<number, boolean>();
  private readonly changes = new Map<number, Change>();

  constructor(private readonly journal: Journal) {}

  /** Whether any translation was changed by hand. */
  get isUsed(): boolean {
    return this.pages.size > 0;
  }

  count(counts: Map<number, number>, frame: number, change: number): void {
    const before = counts.get(frame) ?? 0;
    counts.set(frame, before + change);
    this.journal.undo(() => (before === 0 ? counts.delete(frame) : counts.set(frame, before)));
  }

  addShadow(object: MemoryObject): void {
    this.shadows.set(object, true);
    this.journal.undo(() => this.shadows.delete(object));
  }

  isShadow(object: MemoryObject): boolean {
    return this.shadows.has(object);
  }

  wiresOf(holder: number, frame: number): number {
    return this.wirers.get(wirerKey(holder, frame)) ?? 0;
  }

  wiredBy(holder: number, frame: number, change: number): void {
    this.count(this.wirers, wirerKey(holder, frame), change);
    if (this.wiresOf(holder, frame) < 0 && !this.hasUnwired) this.journal.set(this as ByHand, 'hasUnwired', true);
  }

  /** The translation of that page is no longer its entry's. */
  touchPage(space: number, page: number): void {
    const key = space * pagesOfSpace + page;
    if (this.pages.has(key)) return;
    this.pages.set(key, !this.journal.recording);
    this.journal.undo(() => this.pages.delete(key));
  }

  isTouched(space: number, page: number): boolean {
    return this.pages.has(space * pagesOfSpace + page);
  }

  /** The touched pages of an address space, in the order of their addresses. */
  pagesOf(space: number): number[] {
    const first = space * pagesOfSpace;
    const found = [...this.pages.keys()].filter((key) => key >= first && key < first + pagesOfSpace);
    return found.map((key) => key - first).sort((a, b) => a - b);
  }

  /** Those of them that `setup` touched first. */
  pagesOfSetup(space: number): number[] {
    return this.pagesOf(space).filter((page) => this.pages.get(space * pagesOfSpace + page));
  }

  changeOf(space: number, page: number): Change | null {
    return this.changes.get(space * pagesOfSpace + page) ?? null;
  }

  /** Null: every processor knows. */
  setChange(space: number, page: number, change: Change | null): void {
    this.putChange(space * pagesOfSpace + page, change);
  }

  changedFrameFreed(frame: number): void {
    for (const [key, change] of this.changes)
      if (change.frame === frame && !change.freed) this.putChange(key, { ...change, freed: true });
  }

  private putChange(key: number, change: Change | null): void {
    const before = this.changes.get(key);
    if (change === null && before === undefined) return;
    if (change === null) this.changes.delete(key);
    else this.changes.set(key, change);
    this.journal.undo(() => (before === undefined ? this.changes.delete(key) : this.changes.set(key, before)));
  }
}

const wirerKey = (holder: number, frame: number): number => (holder + 1) * 2 ** 32 + frame;
