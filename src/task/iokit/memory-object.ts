/** Mach's memory object, as task code sees it: memory without an address, for `task.map`. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, registerHandle } from '../handle.ts';

export class MemoryObject extends Handle {
  override readonly [handleBrand] = 'MemoryObject';

  /** `size` bytes of zero-filled memory, rounded up to pages. */
  static withSize(size: number): MemoryObject {
    return new MemoryObject(currentTask().invoke(calls.memoryObject, size));
  }
}
registerHandle('MemoryObject', MemoryObject);
