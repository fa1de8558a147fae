/**
 * I/O Kit's lock for many readers or one writer. A writer that waits keeps new readers out, as XNU's does, so that a thread
 * which reads twice may wait for a writer that waits for it.
 */
import { type Steps, WaitQueue } from '../../vm/steps.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { KernelLock } from './kernel-lock.ts';

export class IORWLock extends KernelLock {
  override readonly kind = 'IORWLock';
  /** Who holds it for writing, or will once the readers have gone. */
  writer: KernelThread | null = null;
  /** Who holds it for reading, once for each time. */
  private readonly readers: KernelThread[] = [];
  /** Where readers, and writers beside the first, wait. */
  private readonly queue: WaitQueue;
  /** Where the writer waits for the readers. */
  private readonly drain: WaitQueue;
  /** What readers did happens before what writers do, and not before what other readers do. */
  private readonly readKey: number;

  constructor(kernel: Kernel, name: string) {
    super(kernel, name);
    this.readKey = kernel.newKey();
    this.queue = new WaitQueue(
      () => this.title,
      () => this.writer,
    );
    this.drain = new WaitQueue(
      () => `${this.title}'s readers`,
      () => this.readers,
    );
  }

  override get holders(): readonly KernelThread[] {
    return this.writer?.locks.includes(this) ? [this.writer] : this.readers;
  }

  /** Takes it for reading if no writer has it or waits for it. */
  tryLockRead(thread: KernelThread): boolean {
    if (this.writer !== null) return false;
    this.journal.append(this.readers, thread);
    this.taken(thread);
    return true;
  }

  /** Takes it for writing if nobody has it. */
  tryLockWrite(thread: KernelThread): boolean {
    if (this.writer !== null || this.readers.length > 0) return false;
    this.setWriter(thread);
    this.takenForWriting(thread);
    return true;
  }

  *lockRead(thread: KernelThread): Steps<void> {
    while (!this.tryLockRead(thread)) yield this.queue;
  }

  *lockWrite(thread: KernelThread): Steps<void> {
    while (this.writer !== null) yield this.queue;
    this.setWriter(thread);
    let taken = false;
    try {
      while (this.readers.length > 0) yield this.drain;
      taken = true;
    } finally {
      // It died while it kept others out.
      if (!taken) this.setWriter(null);
    }
    this.takenForWriting(thread);
  }

  /** Gives back what `thread` holds, for writing or for reading. Throws KernelPanic when it holds nothing. */
  unlock(thread: KernelThread): void {
    const at = this.readers.lastIndexOf(thread);
    if (at >= 0) {
      this.left(thread, this.readKey);
      this.journal.remove(this.readers, at);
      if (this.readers.length === 0) this.drain.waiters[0]?.woken(this.drain);
    } else if (this.writer === thread) {
      this.left(thread);
      this.setWriter(null);
    } else {
      this.panic(`is unlocked by ${thread.name}, which does not hold it`);
    }
  }

  protected override get queues(): readonly WaitQueue[] {
    return [this.queue, this.drain];
  }

  private takenForWriting(thread: KernelThread): void {
    this.taken(thread);
    this.kernel.observer.acquire(thread, this.readKey);
  }

  /** Everybody looks again once the writer has gone: any number of readers may go on. */
  private setWriter(thread: KernelThread | null): void {
    this.journal.set(this as IORWLock, 'writer', thread);
    if (thread === null) for (const waiter of [...this.queue.waiters]) waiter.woken(this.queue);
  }
}
