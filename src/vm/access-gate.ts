/**
 * A gate before memory that is being exchanged: while it is shut, whoever touches what lies behind it sleeps, and looks again
 * when woken. It is shut by a redirected map; map entries and memory objects only point to it.
 */
import { WaitQueue } from './steps.ts';

export class AccessGate {
  readonly queue: WaitQueue;

  /**
   * @param subject what is waited for, in words: "the map of client at 0x1000, which kernel redirected to nothing"
   * @param pages how many pages of a memory object lie behind it, from its first; of no meaning before a map entry
   */
  constructor(
    subject: string,
    readonly pages = Number.POSITIVE_INFINITY,
  ) {
    this.queue = new WaitQueue(subject);
  }

  /** Lets everybody look again, first come first served. */
  wake(): void {
    for (const waiter of [...this.queue.waiters]) waiter.woken(this.queue);
  }
}
