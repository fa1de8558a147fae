/** A part of another descriptor; wiring and mapping are the parent's. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { bits, descriptorId, objectOrNull } from './arguments.ts';
import { IOMemoryDescriptor, type Size } from './io-memory-descriptor.ts';

export class IOSubMemoryDescriptor extends IOMemoryDescriptor {
  override readonly [handleBrand] = 'IOSubMemoryDescriptor';

  /** Describes `length` bytes from `offset` of `of`; null when they reach beyond it. */
  static withSubRange(of: IOMemoryDescriptor, offset: Size, length: Size, options: number): IOSubMemoryDescriptor {
    const made = currentTask().invoke(calls.withSubRange, descriptorId(of, 'of'), offset, length, bits(options));
    return objectOrNull(made, IOSubMemoryDescriptor);
  }

  /** Makes this another part, maybe of another descriptor; false, and nothing changes, when they reach beyond it. */
  initSubRange(parent: IOMemoryDescriptor, offset: Size, length: Size, direction: number): boolean {
    const id = descriptorId(parent, 'parent');
    return currentTask().invoke(calls.initSubRange, this.id, id, offset, length, bits(direction));
  }
}
registerHandle('IOSubMemoryDescriptor', IOSubMemoryDescriptor);
