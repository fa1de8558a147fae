/**
 * What a strategy learns from executions, each a whole number under a key of its own, of which the largest counts: how long threads
 * are, for example. An execution that ends early can then never spoil an estimate, and what several explorers have measured comes to
 * the same in whatever order it is put together.
 *
 * What is measured takes effect when it is adopted, not before: in the prologue after each execution, later only between rounds,
 * when the campaign hands the same numbers to everybody. So execution n stays a function of seed and n (execution.md, rule 6).
 */
import type { Lessons, Measured } from '../machine/schedule.ts';

export class Maxima implements Lessons {
  /** Moves whenever what is in use may have changed. */
  version = 0;
  private readonly used = new Map<number, number>();
  private readonly seen = new Map<number, number>();

  /** The largest value that is in use, 0 for none. */
  of(key: number): number {
    return this.used.get(key) ?? 0;
  }

  /** Keys in use, ascending. */
  keys(): number[] {
    return [...this.used.keys()].sort((a, b) => a - b);
  }

  /** How many keys were noted. */
  get size(): number {
    return this.seen.size;
  }

  /** True when it is larger than what was noted before. */
  note(key: number, value: number): boolean {
    const larger = value > (this.seen.get(key) ?? 0);
    if (larger) this.seen.set(key, value);
    return larger;
  }

  adopt(): void {
    for (const [key, value] of this.seen) this.used.set(key, value);
    this.version++;
  }

  measured(): Measured {
    return [...this.seen].sort(([a], [b]) => a - b);
  }

  reset(measured: Measured): void {
    this.used.clear();
    this.seen.clear();
    this.merge(measured);
    this.adopt();
  }

  /** What others have measured. */
  merge(measured: Measured): void {
    for (const [key, value] of measured) this.note(key, value);
  }
}
