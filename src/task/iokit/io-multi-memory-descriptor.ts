/** Apple's IOMultiMemoryDescriptor: several descriptors one after the other, as one. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { bits, descriptorId, objectOrNull } from './arguments.ts';
import { IOMemoryDescriptor } from './io-memory-descriptor.ts';

export class IOMultiMemoryDescriptor extends IOMemoryDescriptor {
  override readonly [handleBrand] = 'IOMultiMemoryDescriptor';

  /** Null when some are pageable buffers and others are not, or when they are too long together. */
  static withDescriptors(
    descriptors: readonly IOMemoryDescriptor[],
    withDirection: number,
    asReference = false,
  ): IOMultiMemoryDescriptor {
    if (!Array.isArray(descriptors)) throw new TypeError(`descriptors: expected an array, got ${String(descriptors)}`);
    const ids = descriptors.map((descriptor, i) => descriptorId(descriptor, `descriptors[${i}]`));
    const made = currentTask().invoke(calls.withDescriptors, ids, bits(withDirection), asReference);
    return objectOrNull(made, IOMultiMemoryDescriptor);
  }
}
registerHandle('IOMultiMemoryDescriptor', IOMultiMemoryDescriptor);
