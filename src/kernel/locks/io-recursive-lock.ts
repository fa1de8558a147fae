/** I/O Kit's mutex that its holder may take again; it is free once it was given back as often. */
import type { Steps } from '../../vm/steps.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { ExclusiveLock } from './exclusive-lock.ts';
import { sleepUntil } from './sleeping.ts';

export class IORecursiveLock extends ExclusiveLock {
  override readonly kind = 'IORecursiveLock';
  /** How often its owner has taken it. */
  count = 0;

  constructor(kernel: Kernel, name: string) {
    super(kernel, name, false);
  }

  /** Its holder never waits for it. */
  override mayWait(thread: KernelThread): boolean {
    return this.owner !== thread && super.mayWait(thread);
  }

  override tryLock(thread: KernelThread): boolean {
    if (this.owner !== thread && !super.tryLock(thread)) return false;
    this.setCount(this.count + 1);
    return true;
  }

  override unlock(thread: KernelThread): void {
    this.checkOwner(thread, 'unlocked');
    this.setCount(this.count - 1);
    if (this.count === 0) this.leave(thread);
  }

  /** Lets go of it, however often it was taken, sleeps until `event`, and takes it again as often. */
  *sleep(thread: KernelThread, event: number, deadline: number): Steps<number> {
    this.checkOwner(thread, 'slept on');
    const { count } = this;
    this.setCount(0);
    this.leave(thread);
    const result = yield* sleepUntil(this.kernel, thread, event, deadline);
    yield* this.lock(thread);
    this.setCount(count);
    return result;
  }

  private setCount(count: number): void {
    this.journal.set(this as IORecursiveLock, 'count', count);
  }
}
