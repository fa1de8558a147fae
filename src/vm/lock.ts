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
    try {
      while (this.isHeldAgainst(waiter)) yield this.queue;
    } finally {
      this.passOn();
    }
  }

  *take(waiter: Waiter): Steps<void> {
    let taken = false;
    try {
      while (this.owner !== null) yield this.queue;
      this.journal.set(this as SleepLock, 'owner', waiter);
      taken = true;
    } finally {
      if (!taken) this.passOn();
    }
  }

  /** Lets go of it if `waiter` holds it: a thread that dies may or may not. */
  release(waiter: Waiter): void {
    if (this.owner !== waiter) return;
    this.journal.set(this as SleepLock, 'owner', null);
    this.passOn();
  }

  /** Wakes the next in line. Whoever was woken and does not keep the lock (or died before it could) must do so, too. */
  private passOn(): void {
    if (this.owner === null) this.queue.waiters[0]?.woken(this.queue);
  }

  isHeldAgainst(waiter: Waiter): boolean {
    return this.owner !== null && this.owner !== waiter;
  }
}

/** Waits until all of `locks` are free at the same step. */
export function* allFree(waiter: Waiter, locks: readonly SleepLock[]): Steps<void> {
  while (locks.some((lock) => lock.isHeldAgainst(waiter))) for (const lock of locks) yield* lock.free(waiter);
}
