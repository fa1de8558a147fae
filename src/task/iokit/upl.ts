/** Mach's universal page list, as task code sees it: pages that are held in place while the list lives. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, handleId, registerHandle } from '../handle.ts';
import { objectOrNull } from './arguments.ts';
import type { Size } from './io-memory-descriptor.ts';
import type { MemoryObject } from './memory-object.ts';

export class UPL extends Handle {
  override readonly [handleBrand] = 'UPL';

  /** The pages of `size` bytes from `offset`, a multiple of the page size, of `object`; null when memory is short. */
  static withObject(object: MemoryObject, offset: Size, size: Size): UPL {
    const id = handleId(object, 'MemoryObject', 'object');
    return objectOrNull(currentTask().invoke(calls.createUPL, id, offset, size), UPL);
  }
}
registerHandle('UPL', UPL);
