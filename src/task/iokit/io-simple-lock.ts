/** I/O Kit's spin lock (IOLocks.h), as task code sees it. Whoever holds it must not sleep: that panics. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { LockHandle } from './lock-handle.ts';

export class IOSimpleLock extends LockHandle {
  override readonly [handleBrand] = 'IOSimpleLock';

  /** @param name for messages; I/O Kit's locks have none */
  static alloc(name = ''): IOSimpleLock {
    return new IOSimpleLock(currentTask().invoke(calls.simpleAlloc, name));
  }

  lock(): void {
    currentTask().invoke(calls.simpleLock, this.id);
  }

  tryLock(): boolean {
    return currentTask().invoke(calls.simpleTryLock, this.id);
  }

  /** Gives it back. Panics unless this thread holds it. */
  unlock(): void {
    currentTask().invoke(calls.simpleUnlock, this.id);
  }
}
registerHandle('IOSimpleLock', IOSimpleLock);
