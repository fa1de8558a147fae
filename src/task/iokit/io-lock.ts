/** I/O Kit's mutex (IOLocks.h), as task code sees it. */
import { calls } from '../../kernel/calls/index.ts';
import { THREAD_UNINT } from '../../vm/wait-result.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { eventNumber, type LockEvent, LockHandle } from './lock-handle.ts';

export class IOLock extends LockHandle {
  override readonly [handleBrand] = 'IOLock';

  /** @param name for messages; I/O Kit's locks have none */
  static alloc(name = ''): IOLock {
    return new IOLock(currentTask().invoke(calls.lockAlloc, name));
  }

  /** Waits until it is free and takes it. A thread that has it already waits for ever. */
  lock(): void {
    currentTask().invoke(calls.lock, this.id);
  }

  /** Takes it if it is free; says whether it did. */
  tryLock(): boolean {
    return currentTask().invoke(calls.tryLock, this.id);
  }

  /** Gives it back. Panics unless this thread holds it. */
  unlock(): void {
    currentTask().invoke(calls.unlock, this.id);
  }

  /**
   * Gives it back, sleeps until somebody wakes `event`, and takes it again. Nobody interrupts sleeps here, so `interType` has no
   * effect. Returns THREAD_AWAKENED. Panics unless this thread holds it.
   */
  sleep(event: LockEvent, interType = THREAD_UNINT): number {
    return this.sleepDeadline(event, Number.POSITIVE_INFINITY, interType);
  }

  /** The same until `deadline` in nanoseconds of `task.now()` at most: then it returns THREAD_TIMED_OUT. */
  sleepDeadline(event: LockEvent, deadline: number, interType = THREAD_UNINT): number {
    return currentTask().invoke(calls.lockSleep, this.id, eventNumber(event), deadline, interType);
  }

  /** Wakes one thread that sleeps until `event`, or all of them. */
  wakeup(event: LockEvent, oneThread: boolean): void {
    currentTask().invoke(calls.wakeup, eventNumber(event), oneThread);
  }
}
registerHandle('IOLock', IOLock);
