/**
 * A point at which classes part: the events up to there are settled, and so is whose event comes next, but not which operations that one
 * reads from (of a resource of the kernel: whether it, or another's event, is the next to use that). The classes that begin like this differ
 * in the answer, so none belongs to two of them; `Alternatives` finds the answers.
 */
import { PlaceTable } from '../../../detect/place-table.ts';
import type { Variants } from '../variants.ts';

/** The beginning of an execution that is to be: its steps, and what `check` and `outcome` are to find. */
export class Plan {
  /**
   * @param actors who takes each step
   * @param variants what was chosen in it
   * @param fixed how many of these choices were made elsewhere; the others are free
   * @param looks how many looks at the end are settled
   * @param readings digest of who reads from whom
   */
  constructor(
    readonly actors: Int32Array,
    readonly variants: Int32Array,
    readonly fixed: Int32Array,
    readonly looks: number,
    readonly readings: number,
  ) {}

  /** Steps that may come otherwise than they have come: who reads from whom, or what is chosen. */
  readonly open: number[] = [];

  get length(): number {
    return this.actors.length;
  }

  /** Goes on to the next choices in steps that are free. False when there are none. */
  advance(variants: Variants): boolean {
    for (let step = this.length - 1; step >= 0; step--) {
      const next = variants.after(this.variants[step]!, this.fixed[step]!);
      if (next < 0) continue;
      this.variants[step] = next;
      for (let later = step + 1; later < this.length; later++)
        this.variants[later] = variants.first(this.variants[later]!, this.fixed[later]!);
      return true;
    }
    return false;
  }
}

export const nothingPlanned = new Plan(new Int32Array(0), new Int32Array(0), new Int32Array(0), 0, 0);

export class Decision {
  actor = -1;
  position = 0;
  /** Actor → how many of its events are settled. */
  counts = new Int32Array(1);
  /** Of the event as it came first: who it is. */
  base = 0;
  /** Answers that were met, possible or not. */
  readonly seen = new PlaceTable();
  /** Answers still to be tried. */
  readonly plans: Plan[] = [];
  /** The answer that is being tried, where something was chosen freely on the way. */
  present: Plan | null = null;

  open(actor: number, position: number, counts: Int32Array, base: number): void {
    this.actor = actor;
    this.position = position;
    if (this.counts.length !== counts.length) this.counts = new Int32Array(counts.length);
    this.counts.set(counts);
    this.base = base;
    this.seen.clear();
    this.plans.length = 0;
    this.present = null;
  }

  /** Whether the answer has not been met before; it has been from now on. */
  isNew(answer: number): boolean {
    const at = this.seen.enter(answer);
    if (this.seen.words[at] !== 0) return false;
    this.seen.words[at] = 1;
    return true;
  }

  /** The next beginning from here, or null when all have been had. */
  next(variants: Variants): Plan | null {
    if (this.present?.advance(variants)) return this.present;
    this.present = this.plans.shift() ?? null;
    return this.present;
  }
}
