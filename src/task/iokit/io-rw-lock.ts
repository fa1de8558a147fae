/** I/O Kit's lock for many readers or one writer (IOLocks.h), as task code sees it. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { LockHandle } from './lock-handle.ts';

export class IORWLock extends LockHandle {
  override readonly [handleBrand] = 'IORWLock';

  /** @param name for messages; I/O Kit's locks have none */
  static alloc(name = ''): IORWLock {
    return new IORWLock(currentTask().invoke(calls.rwAlloc, name));
  }

  /** Waits until nobody writes or waits to write. Reading twice at a time is a deadlock once a writer comes between. */
  lockRead(): void {
    currentTask().invoke(calls.lockRead, this.id);
  }

  /** Waits until nobody else writes, keeps new readers out, and waits until the others have gone. */
  lockWrite(): void {
    currentTask().invoke(calls.lockWrite, this.id);
  }

  /** Gives back what this thread holds, for reading or for writing. Panics when it holds nothing. */
  unlock(): void {
    currentTask().invoke(calls.rwUnlock, this.id);
  }
}
registerHandle('IORWLock', IORWLock);
