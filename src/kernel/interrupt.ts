/** An interrupt by its name: how often it was raised since a task last took it, and who waits for it. */
import type { Journal } from '../hardware/journal.ts';
import { WaitQueue } from '../vm/steps.ts';

export class Interrupt {
  pending = 0;
  readonly queue: WaitQueue;

  /** @param key what its device did happens before what a task does that took it */
  constructor(
    private readonly journal: Journal,
    name: string,
    readonly key: number,
  ) {
    this.queue = new WaitQueue(`the interrupt ${JSON.stringify(name)}`);
  }

  raise(): void {
    this.journal.set(this as Interrupt, 'pending', this.pending + 1);
  }

  /** How often it was raised; none of them is pending any more. */
  take(): number {
    const { pending } = this;
    this.journal.set(this as Interrupt, 'pending', 0);
    return pending;
  }
}
