/**
 * Apple's IODeviceMemory: ways to describe the registers of a device. It is a name only; what they return are descriptors like
 * any other, of physical memory and of parts of it.
 */
import { kIODirectionNone, kIOMemoryMapperNone } from '../../iokit/options.ts';
import { IOMemoryDescriptor, type Size } from './io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from './io-sub-memory-descriptor.ts';

/** An entry of `arrayFromList`. */
export interface InitElement {
  readonly start: Size;
  readonly length: Size;
  readonly tag: number;
}

export const IODeviceMemory = {
  withRange(start: Size, length: Size): IOMemoryDescriptor {
    return IOMemoryDescriptor.withAddressRange(start, length, kIODirectionNone | kIOMemoryMapperNone, null);
  },

  withSubRange(of: IOMemoryDescriptor, offset: Size, length: Size): IOSubMemoryDescriptor {
    return IOSubMemoryDescriptor.withSubRange(of, offset, length, kIODirectionNone);
  },

  /** A tagged descriptor for each element; null when one of them cannot be made. */
  arrayFromList(list: readonly InitElement[]): IOMemoryDescriptor[] {
    const made: IOMemoryDescriptor[] = [];
    for (const { start, length, tag } of list) {
      const one = IODeviceMemory.withRange(start, length);
      if (one === null) {
        for (const earlier of made) earlier.release();
        return null as unknown as IOMemoryDescriptor[];
      }
      one.setTag(tag);
      made.push(one);
    }
    return made;
  },
} as const;
