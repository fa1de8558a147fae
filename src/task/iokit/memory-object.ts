/** Mach's memory object, as task code sees it: memory without an address, for `task.map`. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, registerHandle } from '../handle.ts';

export class MemoryObject extends Handle {
  override readonly [handleBrand] = 'MemoryObject';

  /** Takes one more reference for the running task: `retain`, as Mach names it. */
  reference(): void {
    this.retain();
  }

  /** The frame of the page at `offset`, made resident. For the kernel alone. Throws RangeError when memory is used up. */
  page(offset: number): number {
    const frame = currentTask().invoke(calls.objectPage, this.id, offset);
    if (frame === 0) throw new RangeError(`page: memory is used up`);
    return frame;
  }

  /** `size` bytes of zero-filled memory, rounded up to pages. */
  static withSize(size: number): MemoryObject {
    return new MemoryObject(currentTask().invoke(calls.memoryObject, size));
  }
}
registerHandle('MemoryObject', MemoryObject);
