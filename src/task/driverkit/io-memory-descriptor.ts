/** DriverKit's IOMemoryDescriptor and IOMemoryMap: each method answers a code, and what it made beside it (xnu-reference 1.12). */
import { kIOMemoryDirectionOutIn } from '../../iokit/dext-options.ts';
import { type IOReturn, kIOReturnBadArgument, kIOReturnNoMemory, kIOReturnSuccess } from '../../iokit/return-codes.ts';
import { mostElements } from '../../kernel/calls/driverkit.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand } from '../handle.ts';
import { descriptorId, wordOf } from '../iokit/arguments.ts';
import type { Size } from '../iokit/io-memory-descriptor.ts';
import { hasOther, lowBits } from './arguments.ts';

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
    memoryDescriptorCreateOptions: Size,
    offset: Size,
    length: Size,
    ofDescriptor: IOMemoryDescriptor | null,
  ): { result: IOReturn; memory: IOMemoryDescriptor | null } {
    const refused = { result: kIOReturnBadArgument, memory: null };
    if (ofDescriptor === null) return refused;
    if (hasOther(memoryDescriptorCreateOptions, kIOMemoryDirectionOutIn)) return refused;
    const whole = descriptorId(ofDescriptor, 'ofDescriptor');
    const task = currentTask();
    if (wordOf(offset, 'offset') + wordOf(length, 'length') > task.invoke(calls.getLength, whole)) return refused;
    const options = lowBits(memoryDescriptorCreateOptions);
    return madeMemory(task.invoke(calls.withSubRange, whole, offset, length, options));
  }

  /**
   * Describes up to 32 descriptors as one, in their order. `memoryDescriptorCreateOptions` are direction bits. kIOReturnNoMemory when
   * they do not go together: some are pageable buffers and others are not.
   */
  static CreateWithMemoryDescriptors(
    memoryDescriptorCreateOptions: Size,
    withDescriptors: readonly (IOMemoryDescriptor | null)[] | null,
  ): { result: IOReturn; memory: IOMemoryDescriptor | null } {
    const refused = { result: kIOReturnBadArgument, memory: null };
    if (withDescriptors === null || withDescriptors.length === 0 || withDescriptors.length > mostElements)
      return refused;
    if (hasOther(memoryDescriptorCreateOptions, kIOMemoryDirectionOutIn)) return refused;
    if (withDescriptors.includes(null)) return refused;
    const ids = withDescriptors.map((one, i) => descriptorId(one, `withDescriptors[${i}]`));
    const options = lowBits(memoryDescriptorCreateOptions);
    return madeMemory(currentTask().invoke(calls.withDescriptors, ids, options, false));
  }

  GetLength(): { result: IOReturn; returnLength: number } {
    return { result: kIOReturnSuccess, returnLength: currentTask().invoke(calls.getLength, this.id) };
  }

  /**
   * Maps `length` bytes from `offset` into the calling task, with guard pages unless `options` say otherwise. Memory that is only
   * for devices to read is mapped for reading, unless the calling task created it; who created it may always write.
   * `alignment` is ignored.
   */
  CreateMapping(
    options: Size,
    address: Size,
    offset: Size,
    length: Size,
    _alignment: Size = 0,
  ): { result: IOReturn; map: IOMemoryMap | null } {
    const { result, id } = currentTask().invoke(
      calls.createDextMapping,
      this.id,
      lowBits(options),
      address,
      offset,
      length,
    );
    return { result, map: id === 0 ? null : new IOMemoryMap(id) };
  }
}

function madeMemory(id: number): { result: IOReturn; memory: IOMemoryDescriptor | null } {
  if (id === 0) return { result: kIOReturnNoMemory, memory: null };
  return { result: kIOReturnSuccess, memory: new IOMemoryDescriptor(id) };
}
