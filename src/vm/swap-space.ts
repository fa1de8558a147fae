/**
 * Swap space: which slots of the swap store are in use. What a slot holds is not journaled, so a slot that was in use at the
 * base of the journal is written again only once nothing can be rolled back to it. That takes as many spare slots as can have
 * been in use then; how many pages fit stays what the machine was given.
 */
import type { Journal } from '../hardware/journal.ts';

export const noSlot = -1;

export class SwapSpace {
  /** Slots in use. */
  used = 0;
  /** Slot → 1 while a page is in it. */
  private readonly taken: Int32Array;
  /** `taken` as it was when recording began. */
  private readonly atBase: Int32Array;
  /** Slot → key of what happened to the page in it. */
  readonly keys: Float64Array;
  /** Where the search for a free slot goes on. */
  next = 0;

  /** @param capacity pages */
  constructor(
    private readonly journal: Journal,
    readonly capacity: number,
  ) {
    this.taken = new Int32Array(2 * capacity);
    this.atBase = new Int32Array(2 * capacity);
    this.keys = new Float64Array(2 * capacity);
    journal.onBase(() => this.atBase.set(this.taken));
  }

  get isFull(): boolean {
    return this.used >= this.capacity;
  }

  isTaken(slot: number): boolean {
    return this.taken[slot] === 1;
  }

  /** A slot that may be written to, or `noSlot` when swap is used up. */
  allocate(): number {
    if (this.isFull) return noSlot;
    let slot = this.next;
    while (this.taken[slot] !== 0 || (this.journal.recording && this.atBase[slot] !== 0))
      slot = slot + 1 === this.taken.length ? 0 : slot + 1;
    this.journal.word(this.taken, slot, 1);
    this.journal.set(this as SwapSpace, 'used', this.used + 1);
    this.journal.set(this as SwapSpace, 'next', (slot + 1) % this.taken.length);
    return slot;
  }

  free(slot: number): void {
    this.journal.word(this.taken, slot, 0);
    this.journal.set(this as SwapSpace, 'used', this.used - 1);
  }
}
