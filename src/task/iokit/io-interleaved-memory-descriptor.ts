/** Apple's IOInterleavedMemoryDescriptor: parts of other descriptors, added one by one and prepared together. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { bits, descriptorId, objectOrNull } from './arguments.ts';
import { IOMemoryDescriptor, type Size } from './io-memory-descriptor.ts';

export class IOInterleavedMemoryDescriptor extends IOMemoryDescriptor {
  override readonly [handleBrand] = 'IOInterleavedMemoryDescriptor';

  /** Room for `capacity` parts, none yet. */
  static withCapacity(capacity: number, direction: number): IOInterleavedMemoryDescriptor {
    const made = currentTask().invoke(calls.interleavedWithCapacity, capacity, bits(direction));
    return objectOrNull(made, IOInterleavedMemoryDescriptor);
  }

  /** Adds a part at the end; false when this is prepared or full, or when the part reaches beyond `descriptor`. */
  setMemoryDescriptor(descriptor: IOMemoryDescriptor, offset: Size, length: Size): boolean {
    const part = descriptorId(descriptor, 'descriptor');
    return currentTask().invoke(calls.interleavedSetMemoryDescriptor, this.id, part, offset, length);
  }

  /** Completes every part, when prepared, and lets it go. After that it takes parts again only once it was completed itself. */
  clearMemoryDescriptors(direction = 0): void {
    currentTask().invoke(calls.clearMemoryDescriptors, this.id, bits(direction));
  }
}
registerHandle('IOInterleavedMemoryDescriptor', IOInterleavedMemoryDescriptor);
