/**
 * What exists of one kind, in the order in which it was made, also after a rollback: a plain set would have what came back at
 * its end, and whoever walks over it would do things in another order than before.
 */
import type { Journal } from '../hardware/journal.ts';

export class Registry<T> {
  /** Item → its number in the order of making. */
  private items = new Map<T, number>();
  private made = 0;
  /** Something came back. */
  private disordered = false;

  constructor(private readonly journal: Journal) {}

  get size(): number {
    return this.items.size;
  }

  add(item: T): void {
    const number = this.made++;
    this.items.set(item, number);
    this.journal.undo(() => {
      this.items.delete(item);
      this.made = number;
    });
  }

  delete(item: T): void {
    const number = this.items.get(item);
    if (number === undefined) return;
    this.items.delete(item);
    this.journal.undo(() => {
      this.items.set(item, number);
      this.disordered = true;
    });
  }

  /** May change while it is walked over. */
  [Symbol.iterator](): MapIterator<T> {
    if (this.disordered) this.items = new Map([...this.items].sort((a, b) => a[1] - b[1]));
    this.disordered = false;
    return this.items.keys();
  }
}
