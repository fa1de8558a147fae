/**
 * What privileged code has changed with its own hands, past the objects and entries that account for frames and translations:
 * needed to tell its doings from faults of this kernel.
 */
import type { Journal } from '../hardware/journal.ts';

/** Above every number of a virtual page. */
const pagesOfSpace = 2 ** 36;

export class ByHand {
  /** Frame → owners beyond the objects that have it; negative where an object's frame was freed under it. */
  readonly owners = new Map<number, number>();
  /** Frame → wirings beyond those of descriptors. */
  readonly wires = new Map<number, number>();
  private readonly pages = new Map<number, true>();

  constructor(private readonly journal: Journal) {}

  count(counts: Map<number, number>, frame: number, change: number): void {
    const before = counts.get(frame) ?? 0;
    counts.set(frame, before + change);
    this.journal.undo(() => (before === 0 ? counts.delete(frame) : counts.set(frame, before)));
  }

  /** The translation of that page is no longer its entry's. */
  touchPage(space: number, page: number): void {
    const key = space * pagesOfSpace + page;
    if (this.pages.has(key)) return;
    this.pages.set(key, true);
    this.journal.undo(() => this.pages.delete(key));
  }

  isTouched(space: number, page: number): boolean {
    return this.pages.has(space * pagesOfSpace + page);
  }
}
