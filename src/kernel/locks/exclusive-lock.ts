/** A lock that one thread at a time may hold: how it is taken, waited for and given back. */
import { type Steps, WaitQueue } from '../../vm/steps.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { KernelLock } from './kernel-lock.ts';
import { Taking } from './taking.ts';

export abstract class ExclusiveLock extends KernelLock {
  owner: KernelThread | null = null;
  /** The journal's era in which the owner was kept. */
  private ownerKeptIn = -1;
  private readonly queue: WaitQueue;
  private readonly asleep: IteratorYieldResult<WaitQueue>;

  constructor(kernel: Kernel, name: string, spins: boolean) {
    super(kernel, name);
    this.queue = new WaitQueue(
      () => this.title,
      () => this.owner,
      spins,
    );
    this.asleep = { done: false, value: this.queue };
  }

  override get isExclusive(): boolean {
    return true;
  }

  override get holders(): readonly KernelThread[] {
    return this.owner === null ? [] : [this.owner];
  }

  /** Waits for it. Whoever has it already waits for itself. Who was woken may find that another thread was faster. */
  lock(thread: KernelThread): Steps<void> {
    return new Taking(this, thread, this.asleep);
  }

  /** Takes it if nobody has it. */
  tryLock(thread: KernelThread): boolean {
    if (this.owner !== null) return false;
    this.take(thread);
    return true;
  }

  /** Gives it back. Throws KernelPanic unless `thread` has it. */
  unlock(thread: KernelThread): void {
    this.checkOwner(thread, 'unlocked');
    this.leave(thread);
  }

  protected override get queues(): readonly WaitQueue[] {
    return [this.queue];
  }

  protected checkOwner(thread: KernelThread, what: string): void {
    if (this.owner === thread) return;
    this.panic(`is ${what} by ${thread.name}, but ${this.owner === null ? 'nobody' : this.owner.name} holds it`);
  }

  protected take(thread: KernelThread): void {
    this.setOwner(thread);
    this.taken(thread);
  }

  protected leave(thread: KernelThread): void {
    this.left(thread);
    this.setOwner(null);
    this.wakeNext();
  }

  private setOwner(thread: KernelThread | null): void {
    const { journal } = this;
    if (this.ownerKeptIn !== journal.era) {
      journal.keep(this as ExclusiveLock, 'owner');
      this.ownerKeptIn = journal.era;
    }
    this.owner = thread;
  }

  /** Wakes who has waited longest. */
  wakeNext(): void {
    this.queue.waiters[0]?.woken(this.queue);
  }
}
