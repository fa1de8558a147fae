/** Apple's IOGuardPageMemoryDescriptor: pages that nobody may touch, for use between the parts of an IOMultiMemoryDescriptor. */
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, registerHandle } from '../handle.ts';
import { objectOrNull } from './arguments.ts';
import { IOMemoryDescriptor, type Size } from './io-memory-descriptor.ts';

export class IOGuardPageMemoryDescriptor extends IOMemoryDescriptor {
  override readonly [handleBrand] = 'IOGuardPageMemoryDescriptor';

  /** `size` bytes, rounded up to pages. */
  static withSize(size: Size): IOGuardPageMemoryDescriptor {
    return objectOrNull(currentTask().invoke(calls.guardPagesWithSize, size), IOGuardPageMemoryDescriptor);
  }
}
registerHandle('IOGuardPageMemoryDescriptor', IOGuardPageMemoryDescriptor);
