/** Serial numbers, counted for each pool by itself: what a thread gets does not depend on what others do (execution.md, rule 5). */
import { maximumPools } from '../hardware/frame-table.ts';
import type { Journal } from '../hardware/journal.ts';
import type { Actor } from './steps.ts';

export class Serials {
  private readonly counts = new Int32Array(maximumPools);

  constructor(private readonly journal: Journal) {}

  /** The next one of the actor's pool, from 1. */
  take({ pool }: Actor): number {
    const serial = this.counts[pool]! + 1;
    this.journal.word(this.counts, pool, serial);
    return serial;
  }
}
