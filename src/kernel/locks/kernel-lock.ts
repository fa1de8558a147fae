/**
 * What I/O Kit's locks have in common: a name for messages, who is told when they change hands, and what happens to code that
 * breaks their rules, which is a panic in all of them.
 *
 * A lock belongs to the thread that took it and to nobody else. No death releases it: the real kernel does not know what the
 * lock protected, or in which state (a map lock is the kernel's own, and that it does release: execution.md, rule 4).
 */
import { hex, KernelPanic } from '../../hardware/errors.ts';
import { KernelObject } from '../../vm/kernel-object.ts';
import type { Waiter, WaitQueue } from '../../vm/steps.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';

export abstract class KernelLock extends KernelObject {
  /** Whether waiting for it keeps the processor, and holding it forbids to sleep. */
  readonly spins: boolean = false;
  /** What was done under it happens before what is done under it later. */
  protected readonly key: number;

  /** @param name for messages; may be empty */
  constructor(
    protected readonly kernel: Kernel,
    readonly name: string,
  ) {
    super(kernel.journal);
    this.key = kernel.newKey();
  }

  /** In words: 'the IOLock "queue"'. */
  get title(): string {
    return `the ${this.kind} ${this.name === '' ? hex(this.handle) : JSON.stringify(this.name)}`;
  }

  /** Whether it is for one thread at a time, and nothing but its holder keeps others out. */
  get isExclusive(): boolean {
    return false;
  }

  /** Whether `thread`, which wants it, would sleep while somebody holds it: a panic is no sleep. */
  mayWait(thread: KernelThread): boolean {
    return this.spins || !thread.locks.some((lock) => lock.spins);
  }

  /** Everybody who holds it, each as often as it does. */
  abstract get holders(): readonly KernelThread[];
  protected abstract get queues(): readonly WaitQueue[];

  get waiters(): readonly Waiter[] {
    return this.queues.flatMap((queue) => queue.waiters);
  }

  /** Before it is freed. Throws KernelPanic. */
  checkFree(): void {
    const holder = this.holders[0];
    if (holder !== undefined) this.panic(`is freed while ${holder.name} holds it`);
    const waiter = this.waiters[0];
    if (waiter !== undefined) this.panic(`is freed while ${waiter.name} waits for it`);
  }

  protected panic(what: string): never {
    throw new KernelPanic(`${this.title} ${what}`);
  }

  /** `thread` has it now, once more. */
  protected taken(thread: KernelThread, key = this.key): void {
    thread.hold(this, this.journal);
    this.kernel.observer.acquire(thread, key);
  }

  /** `thread` is about to let go of it, once. */
  protected left(thread: KernelThread, key = this.key): void {
    thread.letGo(this, this.journal);
    this.kernel.observer.release(thread, key);
  }

  /** Nobody but handles needs it: what it protects is the tasks'. */
  protected dispose(): void {}
}
