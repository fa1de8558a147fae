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

  /**
   * An object above this one, with a reference for the running task: it shows what is here, but for pages that were stored to in
   * it. Whoever stores here afterwards breaks it. For the kernel alone.
   */
  shadow(): MemoryObject {
    return new MemoryObject(currentTask().invoke(calls.objectShadow, this.id));
  }

  /**
   * What is here now, as an object with a reference for the running task; each page is copied before the first store here. Enter it
   * with `needsCopy` where it is stored to. For the kernel alone. Throws RangeError when memory is used up.
   */
  copy(): MemoryObject {
    const copied = currentTask().invoke(calls.objectCopy, this.id);
    if (copied === 0) throw new RangeError('copy: memory is used up');
    return new MemoryObject(copied);
  }

  /** `size` bytes of zero-filled memory, rounded up to pages. */
  static withSize(size: number): MemoryObject {
    return new MemoryObject(currentTask().invoke(calls.memoryObject, size));
  }
}
registerHandle('MemoryObject', MemoryObject);
