/**
 * Apple's IOMemoryDescriptor, as task code sees it: a handle with the documented methods. Results and failures are the
 * documented ones too: codes, `false`, and null where no object could be made.
 */

import {
  kIOMapAnywhere,
  kIOMemoryTypeMask,
  kIOMemoryTypePhysical64,
  kIOMemoryTypeUPL,
  kIOMemoryTypeVirtual64,
} from '../../iokit/options.ts';
import type { IOReturn } from '../../iokit/return-codes.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { type Branded, Handle, handleBrand, handleId, isHandle, registerHandle } from '../handle.ts';
import { anyObjectOrNull, bits, descriptorId, objectOrNull, wordOf } from './arguments.ts';
import { IOMemoryMap } from './io-memory-map.ts';
import type { UPL } from './upl.ts';

/** A value that may need 64 bits: bytes of an address, a length, an offset. */
export type Size = number | bigint;

export interface AddressRange {
  readonly address: Size;
  readonly length: Size;
}

export interface PhysicalSegment {
  /** 0 when the offset is beyond the end. */
  readonly address: number;
  readonly length: number;
}

/** A task: itself, or a handle of it. */
export type TaskArgument = Branded | null;

export class IOMemoryDescriptor extends Handle {
  override readonly [handleBrand]: string = 'IOMemoryDescriptor';

  /** Describes one range of the kernel's memory. Under `semantics: 'xnu'` it is prepared at once, and stays so. */
  static withAddress(address: Size, withLength: Size, withDirection: number): IOMemoryDescriptor {
    return objectOrNull(
      currentTask().invoke(calls.withAddress, address, withLength, bits(withDirection)),
      IOMemoryDescriptor,
    );
  }

  static withPhysicalAddress(address: Size, withLength: Size, withDirection: number): IOMemoryDescriptor {
    return IOMemoryDescriptor.withAddressRange(address, withLength, withDirection, null);
  }

  /** Describes one range of `task`'s memory, or of physical memory when `task` is null. */
  static withAddressRange(address: Size, length: Size, options: number, task: TaskArgument): IOMemoryDescriptor {
    return IOMemoryDescriptor.withAddressRanges([{ address, length }], options, task);
  }

  static withAddressRanges(ranges: readonly AddressRange[], options: number, task: TaskArgument): IOMemoryDescriptor {
    const type = task === null ? kIOMemoryTypePhysical64 : kIOMemoryTypeVirtual64;
    const made = currentTask().invoke(calls.withOptions, ranges, handleId(task, 'Task', 'task'), bits(options | type));
    return objectOrNull(made, IOMemoryDescriptor);
  }

  /**
   * The general form: `options` hold the kIOMemoryType. For kIOMemoryTypeUPL `buffers` is a page list, `count` a length in bytes
   * and `offset` where in the list they begin; otherwise `count` is a number of ranges. The mapper is the system's.
   */
  static withOptions(
    buffers: readonly AddressRange[] | UPL,
    count: Size,
    offset: Size,
    task: TaskArgument,
    options: number,
    _mapper: null = null,
  ): IOMemoryDescriptor {
    if (isOfPageList(options)) {
      const list = handleId(buffers, 'UPL', 'buffers');
      return objectOrNull(currentTask().invoke(calls.withUPL, list, count, offset, bits(options)), IOMemoryDescriptor);
    }
    const made = currentTask().invoke(
      calls.withOptions,
      firstOf(buffers, count),
      handleId(task, 'Task', 'task'),
      bits(options),
    );
    return objectOrNull(made, IOMemoryDescriptor);
  }

  /**
   * `originalMD` once more while its task still has the same memory there, otherwise a new descriptor of what is there now. Null
   * when it was not made with kIOMemoryPersistent, or there is nothing any more.
   */
  static withPersistentMemoryDescriptor(originalMD: IOMemoryDescriptor): IOMemoryDescriptor {
    const made = currentTask().invoke(calls.withPersistentMemoryDescriptor, descriptorId(originalMD, 'originalMD'));
    return anyObjectOrNull(made) as IOMemoryDescriptor;
  }

  /** Makes this object describe other memory, as `withOptions`; false when that cannot be. Completes whatever was prepared. */
  initWithOptions(
    buffers: readonly AddressRange[] | UPL,
    count: Size,
    offset: Size,
    task: TaskArgument,
    options: number,
    _mapper: null = null,
  ): boolean {
    if (isOfPageList(options)) {
      const list = handleId(buffers, 'UPL', 'buffers');
      return currentTask().invoke(calls.initWithUPL, this.id, list, count, offset, bits(options));
    }
    return currentTask().invoke(
      calls.initWithOptions,
      this.id,
      firstOf(buffers, count),
      handleId(task, 'Task', 'task'),
      bits(options),
    );
  }

  getDirection(): number {
    return currentTask().invoke(calls.getDirection, this.id);
  }

  getLength(): number {
    return currentTask().invoke(calls.getLength, this.id);
  }

  /** The options it was made with, and bits of its present state. */
  getFlags(): number {
    return currentTask().invoke(calls.getFlags, this.id);
  }

  getTag(): number {
    return currentTask().invoke(calls.getTag, this.id);
  }

  setTag(tag: number): void {
    currentTask().invoke(calls.setTag, this.id, bits(tag));
  }

  /** 0 while unprepared; otherwise the same until the last `complete`. */
  getPreparationID(): number {
    return currentTask().invoke(calls.getPreparationID, this.id);
  }

  getDescriptorID(): number {
    return currentTask().invoke(calls.getDescriptorID, this.id);
  }

  setPreparationID(): void {
    currentTask().invoke(calls.setPreparationID, this.id);
  }

  setDescriptorID(): void {
    currentTask().invoke(calls.setDescriptorID, this.id);
  }

  /** 16 bits for mapper drivers, who alone know what they mean. */
  getMapperOptions(): number {
    return currentTask().invoke(calls.getMapperOptions, this.id);
  }

  setMapperOptions(options: number): void {
    currentTask().invoke(calls.setMapperOptions, this.id, options);
  }

  /** Keeps an object alive with the descriptor, in place of the one before; null for none. */
  setContext(context: Branded | null): void {
    const id = isHandle(context) ? context.id : handleId(context, 'any class', 'context');
    currentTask().invoke(calls.setContext, this.id, id);
  }

  /** What `setContext` was given last, with a reference for the caller; null for nothing. */
  copyContext(): Branded | null {
    return anyObjectOrNull(currentTask().invoke(calls.copyContext, this.id));
  }

  /** Wires the memory. `forDirection` is kIODirectionNone for the descriptor's own, and may hold kIODirectionPrepare bits. */
  prepare(forDirection = 0): IOReturn {
    return currentTask().invoke(calls.prepare, this.id, bits(forDirection));
  }

  complete(forDirection = 0): IOReturn {
    return currentTask().invoke(calls.complete, this.id, bits(forDirection));
  }

  getPhysicalAddress(): number {
    return this.getPhysicalSegment(0).address;
  }

  /**
   * The memory at `offset`, as far as it goes on without a gap: device addresses where the machine has a mapper, unless `options`
   * are kIOMemoryMapperNone.
   */
  getPhysicalSegment(offset: Size, options = 0): PhysicalSegment {
    return currentTask().invoke(calls.getPhysicalSegment, this.id, offset, bits(options));
  }

  /** Bytes of device addresses that a mapping of it takes, and the offset of its first byte in the first page. */
  getDMAMapLength(): { length: number; offset: number } {
    return currentTask().invoke(calls.getDMAMapLength, this.id);
  }

  getPageCounts(): { result: IOReturn; residentPageCount: number; dirtyPageCount: number } {
    return currentTask().invoke(calls.getPageCounts, this.id);
  }

  /** Changes whether the contents may be given up: a kIOMemoryPurgeable word. `oldState` is one as well, or 0 on errors. */
  setPurgeable(newState: number): { result: IOReturn; oldState: number } {
    return currentTask().invoke(calls.setPurgeable, this.id, bits(newState));
  }

  performOperation(options: number, offset: Size, length: Size): IOReturn {
    return currentTask().invoke(calls.performOperation, this.id, bits(options), offset, length);
  }

  /** Copies memory into `bytes`; returns how many. Each page is a step. */
  readBytes(offset: Size, bytes: Uint8Array, withLength: Size = bytes.length): number {
    checkBuffer(bytes);
    return currentTask().transfer(calls.readBytes, bytes, this.id, offset, withLength, bytes.length);
  }

  /** Copies `bytes` into memory, or zeroes when `bytes` is null; returns how many. Each page is a step. */
  writeBytes(offset: Size, bytes: Uint8Array | null, withLength: Size = bytes?.length ?? 0): number {
    if (bytes !== null) checkBuffer(bytes);
    const source = bytes ?? new Uint8Array(Math.min(Number(wordOf(withLength, 'withLength')), this.getLength()));
    return currentTask().transfer(calls.writeBytes, source, this.id, offset, withLength, source.length);
  }

  /** Maps `length` bytes from `offset` into `intoTask`; length 0 stands for all of it. Null when that cannot be done. */
  createMappingInTask(
    intoTask: TaskArgument,
    atAddress: Size,
    options: number,
    offset: Size = 0,
    length: Size = 0,
  ): IOMemoryMap {
    const task = handleId(intoTask, 'Task', 'intoTask');
    if (task === 0) return objectOrNull(0, IOMemoryMap);
    const made = currentTask().invoke(
      calls.createMappingInTask,
      this.id,
      task,
      atAddress,
      bits(options),
      offset,
      length,
    );
    return objectOrNull(made, IOMemoryMap);
  }

  /** Maps all of it into the kernel. */
  map(options = 0): IOMemoryMap {
    return this.createMappingInTask(currentTask().kernelTask, 0, options | kIOMapAnywhere);
  }

  /**
   * Holds back accesses through its maps, but for those in `safeTask`, until it is called with false. Memory of devices waits; other
   * memory only faults once.
   */
  redirect(safeTask: TaskArgument, doRedirect: boolean): IOReturn {
    return currentTask().invoke(calls.redirectDescriptor, this.id, handleId(safeTask, 'Task', 'safeTask'), doRedirect);
  }

  /** Makes a map object for a mapping that exists already, so that later requests can share it. */
  setMapping(task: TaskArgument, mapAddress: Size, options = 0): IOMemoryMap {
    const id = handleId(task, 'Task', 'task');
    if (id === 0) return objectOrNull(0, IOMemoryMap);
    return objectOrNull(currentTask().invoke(calls.setMapping, this.id, id, mapAddress, bits(options)), IOMemoryMap);
  }
}
registerHandle('IOMemoryDescriptor', IOMemoryDescriptor);

function isOfPageList(options: number): boolean {
  return (options & kIOMemoryTypeMask) === kIOMemoryTypeUPL;
}

function firstOf(buffers: unknown, count: Size): readonly AddressRange[] {
  if (!Array.isArray(buffers))
    throw new TypeError(`buffers: expected an array of { address, length }, got ${String(buffers)}`);
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > buffers.length) {
    throw new RangeError(`count: expected 0 to ${buffers.length}, the ranges given, got ${String(count)}`);
  }
  return buffers.slice(0, count);
}

function checkBuffer(bytes: unknown): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes: expected a Uint8Array, got ${String(bytes)}`);
}
