/** DriverKit's IOMemoryDescriptor and IOMemoryMap: each method answers a code, and what it made beside it (xnu-reference 1.12). */
import {
  kIOMapAnywhere,
  kIOMapCopybackCache,
  kIOMapGuardedLarge,
  kIOMapGuardedSmall,
  kIOMapInhibitCache,
  kIOMapReadOnly,
  kIOMapRealTimeCache,
  kIOMapWriteThruCache,
} from '../../iokit/options.ts';
import {
  type IOReturn,
  kIOReturnBadArgument,
  kIOReturnError,
  kIOReturnNoMemory,
  kIOReturnSuccess,
} from '../../iokit/return-codes.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand } from '../handle.ts';
import { descriptorId } from '../iokit/arguments.ts';
import type { Size } from '../iokit/io-memory-descriptor.ts';
import {
  kIOMemoryDirectionOut,
  kIOMemoryDirectionOutIn,
  kIOMemoryMapCacheModeCopyback,
  kIOMemoryMapCacheModeDefault,
  kIOMemoryMapCacheModeInhibit,
  kIOMemoryMapCacheModeRealTime,
  kIOMemoryMapCacheModeWriteThrough,
  kIOMemoryMapFixedAddress,
  kIOMemoryMapGuardedLarge,
  kIOMemoryMapGuardedMask,
  kIOMemoryMapGuardedNone,
  kIOMemoryMapReadOnly,
} from './constants.ts';

const cacheMask = 0xff00;
const cacheModes = new Map<number, number>([
  [kIOMemoryMapCacheModeDefault, 0],
  [kIOMemoryMapCacheModeInhibit, kIOMapInhibitCache],
  [kIOMemoryMapCacheModeCopyback, kIOMapCopybackCache],
  [kIOMemoryMapCacheModeWriteThrough, kIOMapWriteThruCache],
  [kIOMemoryMapCacheModeRealTime, kIOMapRealTimeCache],
]);

export class IOMemoryMap extends Handle {
  override readonly [handleBrand] = 'IOMemoryMap';

  static accepts(kind: string): boolean {
    return kind === 'IOMemoryMap';
  }

  GetAddress(): number {
    return currentTask().invoke(calls.getVirtualAddress, this.id);
  }

  GetLength(): number {
    return currentTask().invoke(calls.getMapLength, this.id);
  }

  /** Where in the descriptor it begins. */
  GetOffset(): number {
    return currentTask().invoke(calls.getMapOffset, this.id);
  }
}

export class IOMemoryDescriptor extends Handle {
  override readonly [handleBrand]: string = 'IOMemoryDescriptor';

  static accepts(kind: string): boolean {
    return kind.endsWith('MemoryDescriptor');
  }

  /** Describes `length` bytes from `offset` of `ofDescriptor`. `memoryDescriptorCreateOptions` are direction bits. */
  static CreateSubMemoryDescriptor(
    memoryDescriptorCreateOptions: number,
    offset: Size,
    length: Size,
    ofDescriptor: IOMemoryDescriptor | null,
  ): { result: IOReturn; memory: IOMemoryDescriptor | null } {
    const refused = { result: kIOReturnBadArgument, memory: null };
    if (ofDescriptor === null) return refused;
    if ((memoryDescriptorCreateOptions & ~kIOMemoryDirectionOutIn) !== 0) return refused;
    const whole = descriptorId(ofDescriptor, 'ofDescriptor');
    const task = currentTask();
    if (BigInt(offset) + BigInt(length) > BigInt(task.invoke(calls.getLength, whole))) return refused;
    const made = task.invoke(calls.withSubRange, whole, offset, length, memoryDescriptorCreateOptions);
    if (made === 0) return { result: kIOReturnNoMemory, memory: null };
    return { result: kIOReturnSuccess, memory: new IOMemoryDescriptor(made) };
  }

  GetLength(): { result: IOReturn; returnLength: number } {
    return { result: kIOReturnSuccess, returnLength: currentTask().invoke(calls.getLength, this.id) };
  }

  /**
   * Maps `length` bytes from `offset` into the calling task, with guard pages unless `options` say otherwise. Memory that is only
   * for devices to read is mapped for reading. `alignment` is ignored.
   */
  CreateMapping(
    options: number,
    address: Size,
    offset: Size,
    length: Size,
    _alignment: Size = 0,
  ): { result: IOReturn; map: IOMemoryMap | null } {
    const task = currentTask();
    const cache = cacheModes.get(options & cacheMask);
    if (cache === undefined) return { result: kIOReturnBadArgument, map: null };
    const fixed = (options & kIOMemoryMapFixedAddress) !== 0;
    const direction = task.invoke(calls.getDirection, this.id) & kIOMemoryDirectionOutIn;
    const readOnly = (options & kIOMemoryMapReadOnly) !== 0 || direction === kIOMemoryDirectionOut;
    const place = fixed ? 0 : kIOMapAnywhere | guards(options & kIOMemoryMapGuardedMask);
    const bits = (cache | place | (readOnly ? kIOMapReadOnly : 0)) >>> 0;
    const made = task.invoke(calls.createMappingInTask, this.id, task.id, fixed ? address : 0, bits, offset, length);
    if (made === 0) return { result: kIOReturnError, map: null };
    return { result: kIOReturnSuccess, map: new IOMemoryMap(made) };
  }
}

function guards(field: number): number {
  if (field === kIOMemoryMapGuardedNone) return 0;
  return field === kIOMemoryMapGuardedLarge ? kIOMapGuardedLarge : kIOMapGuardedSmall;
}
