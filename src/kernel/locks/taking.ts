/**
 * A thread's way to a lock that another one holds: asleep until it is woken, and again where somebody was faster. While it waits the
 * lock is kept, also where its task dies. Written by hand: generators in generators are most of what a wait would cost, and every
 * contended lock of every execution takes this way.
 */
import type { Pause, Steps, WaitQueue } from '../../vm/steps.ts';
import type { KernelThread } from '../thread.ts';
import type { ExclusiveLock } from './exclusive-lock.ts';

const taken: IteratorReturnResult<void> = { done: true, value: undefined };

export class Taking implements Steps<void> {
  private waits = false;

  constructor(
    private readonly lock: ExclusiveLock,
    private readonly thread: KernelThread,
    /** What the lock has everybody answer who is to sleep. */
    private readonly asleep: IteratorYieldResult<WaitQueue>,
  ) {}

  [Symbol.iterator](): Steps<void> {
    return this;
  }

  next(): IteratorResult<Pause, void> {
    const { lock, thread } = this;
    if (lock.tryLock(thread)) {
      this.stopWaiting();
      return taken;
    }
    if (!this.waits) lock.retain();
    this.waits = true;
    return this.asleep;
  }

  /** The thread dies. One that was woken and has not taken the lock yet hands the wakeup on. */
  return(): IteratorResult<Pause, void> {
    if (this.waits && this.lock.owner === null) this.lock.wakeNext();
    this.stopWaiting();
    return taken;
  }

  private stopWaiting(): void {
    if (this.waits) this.lock.release(this.thread);
    this.waits = false;
  }
}
