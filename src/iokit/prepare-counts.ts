/** Who prepared a descriptor, and how often: what is missing in the end is missed by somebody. */
import type { Journal } from '../hardware/journal.ts';

export class PrepareCounts {
  /** Holder (a task's number) → calls of `prepare` less calls of `complete`. */
  private readonly counts = new Map<number, number>();

  constructor(private readonly journal: Journal) {}

  of(holder: number): number {
    return this.counts.get(holder) ?? 0;
  }

  add(holder: number, change: number): void {
    const before = this.counts.get(holder);
    this.counts.set(holder, (before ?? 0) + change);
    this.journal.undo(() => (before === undefined ? this.counts.delete(holder) : this.counts.set(holder, before)));
  }

  /** Whether anybody ever prepared it. */
  get any(): boolean {
    return this.counts.size > 0;
  }

  /** Who has not completed what he prepared, by number. */
  outstanding(): [holder: number, count: number][] {
    return [...this.counts].filter(([, count]) => count > 0).sort((a, b) => a[0] - b[0]);
  }

  forget(): void {
    const before = [...this.counts];
    this.counts.clear();
    this.journal.undo(() => {
      for (const [holder, count] of before) this.counts.set(holder, count);
    });
  }
}
