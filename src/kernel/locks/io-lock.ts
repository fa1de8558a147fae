/**
 * I/O Kit's mutex. Taking it twice is a deadlock of the thread with itself, as IOLocks.h has it; giving it back without having
 * it is a panic.
 */
import type { Steps } from '../../vm/steps.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { ExclusiveLock } from './exclusive-lock.ts';
import { sleepUntil } from './sleeping.ts';

export class IOLock extends ExclusiveLock {
  override readonly kind = 'IOLock';

  constructor(kernel: Kernel, name: string) {
    super(kernel, name, false);
  }

  /** Lets go of it, sleeps until `event`, and takes it again. Returns how the sleep ended. */
  *sleep(thread: KernelThread, event: number, deadline: number): Steps<number> {
    this.checkOwner(thread, 'slept on');
    this.leave(thread);
    const result = yield* sleepUntil(this.kernel, thread, event, deadline);
    yield* this.lock(thread);
    return result;
  }
}
