/**
 * `task.kernel`: what the kernel itself stands on, each operation a step that the schedule orders. It is there so that kernel
 * races can be written down as they were, and for threads of `kernel` and in `kernelMode` alone: all others get a PrivilegeError.
 */
import { calls } from '../../kernel/calls/index.ts';
import { type Branded, handleId } from '../handle.ts';
import { eventNumber, type LockEvent } from '../iokit/lock-handle.ts';
import { MemoryObject } from '../iokit/memory-object.ts';
import type { Task } from '../task.ts';
import { PrivilegedCache } from './privileged-cache.ts';
import { PrivilegedFrames } from './privileged-frames.ts';
import { PrivilegedIommu } from './privileged-iommu.ts';
import { PrivilegedSpace, PrivilegedTranslations } from './privileged-space.ts';

export class PrivilegedKernel {
  readonly frames: PrivilegedFrames;
  readonly iommu: PrivilegedIommu;
  readonly cache: PrivilegedCache;

  constructor(private readonly task: Task) {
    this.frames = new PrivilegedFrames(task);
    this.iommu = new PrivilegedIommu(task);
    this.cache = new PrivilegedCache(task);
  }

  /** The address space of `of`: its lock, its entries. */
  addressSpace(of: Branded): PrivilegedSpace {
    return new PrivilegedSpace(this.task, handleId(of, 'Task', 'task'));
  }

  /** The page table of `of`, past its entries. */
  translations(of: Branded): PrivilegedTranslations {
    return new PrivilegedTranslations(this.task, handleId(of, 'Task', 'task'));
  }

  /**
   * Makes every processor forget what it knows of the pages that `length` bytes at `address` of `of` touch: they ask the page table
   * again. Only on a machine with `lateShootdown` do they know anything that it does not say.
   */
  shootDown(of: Branded, address: number, length: number): void {
    this.task.invoke(calls.shootDown, handleId(of, 'Task', 'task'), address, length);
  }

  /** `size` bytes of zero-filled memory without an address, with a reference for this task. */
  memoryObject(size: number): MemoryObject {
    return new MemoryObject(this.task.invoke(calls.memoryObject, size));
  }

  /** Sleeps until somebody wakes the event. A wakeup that comes before is lost. */
  wait(event: LockEvent): void {
    this.task.invoke(calls.eventWait, eventNumber(event));
  }

  /** Wakes all that sleep until the event, or one of them. */
  wake(event: LockEvent, oneThread = false): void {
    this.task.invoke(calls.wakeup, eventNumber(event), oneThread);
  }
}
