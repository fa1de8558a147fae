/**
 * Mach's universal page list, `upl_t`: pages of a memory object that somebody holds in place until the list is let go. File
 * systems get one from the VM and hand it to I/O Kit, which then describes those very pages.
 */
import { KernelObject } from './kernel-object.ts';
import { type MemoryObject, noFrame } from './memory-object.ts';
import type { Actor } from './steps.ts';
import type { VirtualMemory } from './virtual-memory.ts';

export class UniversalPageList extends KernelObject {
  override readonly kind = 'UPL';

  private constructor(
    vm: VirtualMemory,
    readonly object: MemoryObject,
    /** Index of the first page in the object. */
    readonly first: number,
    readonly frames: readonly number[],
  ) {
    super(vm.journal);
    object.retain();
  }

  /** Holds the pages from `offset`, a multiple of the page size, for `size` bytes; null when memory is short. */
  static create(
    vm: VirtualMemory,
    actor: Actor,
    object: MemoryObject,
    offset: number,
    size: number,
  ): UniversalPageList | null {
    const first = offset / vm.pageSize;
    const frames: number[] = [];
    for (let page = 0; page < Math.ceil(size / vm.pageSize); page++) {
      const frame = object.page(actor, first + page);
      if (frame === noFrame) {
        for (const held of frames) object.unwire(actor, held);
        return null;
      }
      object.wire(frame);
      frames.push(frame);
    }
    return new UniversalPageList(vm, object, first, frames);
  }

  protected override dispose(actor: Actor): void {
    for (const frame of this.frames) this.object.unwire(actor, frame);
    this.object.release(actor);
  }
}
