/** DriverKit's IOBufferMemoryDescriptor: memory of the kernel's that the dext which created it may write to (xnu-reference 1.12). */
import { kIOMemoryDirectionOutIn } from '../../iokit/dext-options.ts';
import { type IOReturn, kIOReturnBadArgument, kIOReturnSuccess } from '../../iokit/return-codes.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand } from '../handle.ts';
import type { Size } from '../iokit/io-memory-descriptor.ts';
import { hasOther, lowBits } from './arguments.ts';
import type { IOAddressSegment } from './io-dma-command.ts';
import { IOMemoryDescriptor } from './io-memory-descriptor.ts';

export class IOBufferMemoryDescriptor extends IOMemoryDescriptor {
  override readonly [handleBrand] = 'IOBufferMemoryDescriptor';

  static override accepts(kind: string): boolean {
    return kind === 'IOBufferMemoryDescriptor';
  }

  /**
   * `capacity` bytes of zero-filled memory, wired for life, in whole pages. `options` are direction bits. The length is the capacity
   * at first: DriverKit's header says 0, its code does not.
   */
  static Create(
    options: Size,
    capacity: Size,
    alignment: Size = 0,
  ): { result: IOReturn; memory: IOBufferMemoryDescriptor | null } {
    if (hasOther(options, kIOMemoryDirectionOutIn)) return { result: kIOReturnBadArgument, memory: null };
    const { result, id } = currentTask().invoke(calls.createDextBuffer, lowBits(options), capacity, alignment);
    return { result, memory: id === 0 ? null : new IOBufferMemoryDescriptor(id) };
  }

  /** Ignored when it is beyond the capacity. Maps that exist keep their lengths. */
  SetLength(length: Size): IOReturn {
    currentTask().invoke(calls.setLength, this.id, length);
    return kIOReturnSuccess;
  }

  /**
   * Where the calling task has the buffer. The first call maps it there, as `CreateMapping` without options does, as long as it is then;
   * the map goes with the task's last reference to the buffer.
   */
  GetAddressRange(): { result: IOReturn; range: IOAddressSegment } {
    const { result, address, length } = currentTask().invoke(calls.getAddressRange, this.id);
    return { result, range: { address, length } };
  }
}
