/**
 * A lock that kernel code may hold from one step to the next. Whoever wants it sleeps until it is free, so code that takes one
 * is a generator.
 */
import type { Journal } from '../hardware/journal.ts';
import { type Steps, type Waiter, WaitQueue } from './steps.ts';

export class SleepLock {
  owner: Waiter | null = null;
  private readonly queue: WaitQueue;

  /** @param subject what is waited for, in words: "the map lock of client" */
  constructor(
    private readonly journal: Journal,
    subject: string,
  ) {
    this.queue = new WaitQueue(subject, () => this.owner);
  }

  /** Waits until nobody else holds it. Enough for work that then ends within the same step. */
  *free(waiter: Waiter): Steps<void> {
    while (this.isHeldAgainst(waiter)) yield* this.wait(false);
  }

  *take(waiter: Waiter): Steps<void> {
    while (this.owner !== null) yield* this.wait(true);
    this.journal.set(this as SleepLock, 'owner', waiter);
  }

  /** Lets go of it if `waiter` holds it: a thread that dies may or may not. */
  release(waiter: Waiter): void {
    if (this.owner !== waiter) return;
    this.journal.set(this as SleepLock, 'owner', null);
    this.wakeNext();
  }

  isHeldAgainst(waiter: Waiter): boolean {
    return this.owner !== null && this.owner !== waiter;
  }

  /** Sleeps until it is let go of. One that does not keep it, or that died after it was woken, hands the wakeup on. */
  private *wait(keeps: boolean): Steps<void> {
    let running = false;
    try {
      yield this.queue;
      running = true;
    } finally {
      if (this.owner === null && !(running && keeps)) this.wakeNext();
    }
  }

  private wakeNext(): void {
    this.queue.waiters[0]?.woken(this.queue);
  }
}

/** Waits until all of `locks` are free at the same step. */
export function* allFree(waiter: Waiter, locks: readonly SleepLock[]): Steps<void> {
  while (locks.some((lock) => lock.isHeldAgainst(waiter))) for (const lock of locks) yield* lock.free(waiter);
}
