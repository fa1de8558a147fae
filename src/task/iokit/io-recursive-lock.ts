/** I/O Kit's recursive mutex (IOLocks.h), as task code sees it. */
import { calls } from '../../kernel/calls/index.ts';
import { THREAD_UNINT } from '../../vm/wait-result.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { eventNumber, type LockEvent, LockHandle } from './lock-handle.ts';

export class IORecursiveLock extends LockHandle {
  override readonly [handleBrand] = 'IORecursiveLock';

  /** @param name for messages; I/O Kit's locks have none */
  static alloc(name = ''): IORecursiveLock {
    return new IORecursiveLock(currentTask().invoke(calls.recursiveAlloc, name));
  }

  /** Waits until no other thread has it and takes it, once more. */
  lock(): void {
    currentTask().invoke(calls.recursiveLock, this.id);
  }

  tryLock(): boolean {
    return currentTask().invoke(calls.recursiveTryLock, this.id);
  }

  /** Gives it back once. Panics unless this thread holds it. */
  unlock(): void {
    currentTask().invoke(calls.recursiveUnlock, this.id);
  }

  haveLock(): boolean {
    return currentTask().invoke(calls.recursiveHaveLock, this.id);
  }

  /** Gives it back entirely, sleeps until somebody wakes `event`, and takes it again as often as it had it. */
  sleep(event: LockEvent, interType = THREAD_UNINT): number {
    return this.sleepDeadline(event, Number.POSITIVE_INFINITY, interType);
  }

  /** The same until `deadline` in nanoseconds of `task.now()` at most: then it returns THREAD_TIMED_OUT. */
  sleepDeadline(event: LockEvent, deadline: number, interType = THREAD_UNINT): number {
    return currentTask().invoke(calls.recursiveSleep, this.id, eventNumber(event), deadline, interType);
  }

  /** Wakes one thread that sleeps until `event`, or all of them. */
  wakeup(event: LockEvent, oneThread: boolean): void {
    currentTask().invoke(calls.wakeup, eventNumber(event), oneThread);
  }
}
registerHandle('IORecursiveLock', IORecursiveLock);
