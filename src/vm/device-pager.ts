/**
 * A memory object over given physical memory. It lends frames to mappings and owns none of them: physical addresses may name
 * device registers, or memory that belongs to somebody else, and whoever describes it that way must see to it that it stays.
 */
import { inhibitCache } from '../hardware/cache-policy.ts';
import { KERN_MEMORY_ERROR, type KernReturn } from './kern-return.ts';
import { MemoryObject, noFrame } from './memory-object.ts';
import type { Actor } from './steps.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Frames that follow one another. */
export interface FrameRun {
  readonly frame: number;
  readonly count: number;
}

export class DevicePager extends MemoryObject {
  constructor(
    vm: VirtualMemory,
    actor: Actor,
    private readonly runs: readonly FrameRun[],
  ) {
    super(vm, actor, runs.reduce((pages, run) => pages + run.count, 0) * vm.pageSize);
    const first = runs[0]?.frame ?? noFrame;
    const { caches, frames } = vm.hardware;
    // Memory that belongs to nobody is a device's: its registers must not be cached.
    if (caches !== null && first >= 0 && first < frames.frames && frames.owners(first) === 0)
      this.cacheMode = inhibitCache;
  }

  override get shortage(): KernReturn {
    return KERN_MEMORY_ERROR;
  }

  override get pageable(): boolean {
    return false;
  }

  override get exchangeable(): boolean {
    return false;
  }

  /** Memory without an owner is never taken away, so there is nothing to hold on to. */
  override wire(_frame: number): void {}
  override unwire(_actor: Actor, _frame: number): void {}

  /** It shows pages in a way of its own: another mapping of the same memory may have another mode, which is what aliasing is. */
  protected override noteMode(_frame: number): void {}

  override setCacheMode(_actor: Actor, mode: number): void {
    if (mode === this.cacheMode) return;
    this.journal.set(this as DevicePager, 'cacheMode', mode);
    if (this.vm.hardware.caches !== null) this.vm.disconnectAll(this);
  }

  /** The frame that page `index` shows, or `noFrame` where the machine has no memory. */
  frameAt(index: number): number {
    let first = 0;
    for (const run of this.runs) {
      if (index < first + run.count) {
        const frame = run.frame + (index - first);
        return frame < this.vm.hardware.frames.frames ? frame : noFrame;
      }
      first += run.count;
    }
    return noFrame;
  }

  protected override supply(_actor: Actor, index: number): number {
    return this.frameAt(index);
  }

  protected override dispose(): void {}
}
