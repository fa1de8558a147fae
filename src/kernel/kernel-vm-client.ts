/** What the VM asks and tells, passed on: to threads that sleep, the observer, whoever wants to know effects, and the watched invariants. */
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor, WaitQueue } from '../vm/steps.ts';
import type { VMClient } from '../vm/vm-client.ts';
import type { Kernel } from './kernel.ts';
import type { KernelThread } from './thread.ts';

export class KernelVMClient implements VMClient {
  constructor(private readonly kernel: Kernel) {}

  /** Threads wait on a word by its physical address, so its page must stay. */
  isWaitedOn(frame: number): boolean {
    const { addressQueues, hardware } = this.kernel;
    for (const [physical, { waiters }] of addressQueues)
      if (waiters.length > 0 && Math.floor(physical / hardware.pageSize) === frame) return true;
    return false;
  }

  wakeAll(actor: Actor, queue: WaitQueue): void {
    this.kernel.sleepers.wake(queue, queue.waiters.length, actor as KernelThread);
  }

  recycled(actor: Actor, frame: number): void {
    this.kernel.observer.recycled(actor as KernelThread, frame);
  }

  resident(object: MemoryObject, index: number, frame: number): void {
    this.kernel.effects?.comes(object, index, frame);
  }

  moved(actor: Actor, from: number, to: number): void {
    this.kernel.observer.moved(actor as KernelThread, from, to);
  }

  pagedOut(actor: Actor, frame: number): number {
    const key = this.kernel.newKey();
    this.kernel.observer.pagedOut(actor as KernelThread, frame, key);
    return key;
  }

  pagedIn(actor: Actor, frame: number, key: number): void {
    this.kernel.observer.pagedIn(actor as KernelThread, frame, key);
  }

  reclaimed(frame: number): void {
    this.kernel.observer.reclaimed(frame);
  }

  maintained(actor: Actor, physical: number, length: number, operation: number): void {
    this.kernel.observer.maintained(actor as KernelThread, physical, length, operation);
  }

  displaced(actor: Actor, frame: number): void {
    this.kernel.pageWatch.displaced(actor as KernelThread, frame);
  }

  freed(actor: Actor, frame: number): void {
    this.kernel.translationWatch.freed(actor as KernelThread, frame);
  }

  copied(object: MemoryObject, first: number, end: number): void {
    this.kernel.snapshotWatch.copied(object, first, end);
  }

  lost(actor: Actor, frame: number, address: number): void {
    this.kernel.pageWatch.lost(actor as KernelThread, frame, address);
  }

  lostWrite(actor: Actor, frame: number): void {
    this.kernel.pageWatch.lostWrite(actor as KernelThread, frame);
  }

  misplaced(actor: Actor, isQueued: boolean): void {
    this.kernel.pageWatch.misplaced(actor as KernelThread, isQueued);
  }
}
