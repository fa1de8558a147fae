/** DriverKit's IOUserClient, as far as memory goes: a dext describes memory of the client it serves (xnu-reference 1.12). */
import { type IOReturn, kIOReturnBadArgument } from '../../iokit/return-codes.ts';
import { mostElements } from '../../kernel/calls/driverkit.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand } from '../handle.ts';
import type { AddressRange, Size } from '../iokit/io-memory-descriptor.ts';
import { lowBits } from './arguments.ts';
import { IOMemoryDescriptor } from './io-memory-descriptor.ts';

export class IOUserClient extends Handle {
  override readonly [handleBrand] = 'IOUserClient';

  static accepts(kind: string): boolean {
    return kind === 'IOUserClient';
  }

  /**
   * Describes up to 32 ranges of the client's memory. Maps show a snapshot of it, taken with the first one, unless `options` (beside
   * direction bits) hold kIOMemoryDisableCopyOnWrite. kIOReturnNotReady once the client is closed or its task dead;
   * kIOReturnNoMemory for ranges that cannot be described.
   */
  CreateMemoryDescriptorFromClient(
    options: Size,
    segments: readonly AddressRange[],
  ): { result: IOReturn; memory: IOMemoryDescriptor | null } {
    if (segments.length > mostElements) return { result: kIOReturnBadArgument, memory: null };
    const { result, id } = currentTask().invoke(
      calls.createMemoryDescriptorFromClient,
      this.id,
      lowBits(options),
      segments,
    );
    return { result, memory: id === 0 ? null : new IOMemoryDescriptor(id) };
  }
}
