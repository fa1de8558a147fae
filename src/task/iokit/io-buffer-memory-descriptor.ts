/** Apple's IOBufferMemoryDescriptor: a descriptor with memory of its own, all of it zero at first. */
import { kIOMemoryPhysicallyContiguous, kIOMemoryUnshared } from '../../iokit/options.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { handleBrand, handleId, registerHandle } from '../handle.ts';
import { bits, objectOrNull } from './arguments.ts';
import { IOMemoryDescriptor, type Size, type TaskArgument } from './io-memory-descriptor.ts';

const anywhere = 0;

/** Without the factories of the base class: those of this one have their names and other parameters, as in C++. */
const Base = IOMemoryDescriptor as unknown as new (id: number) => IOMemoryDescriptor;

export class IOBufferMemoryDescriptor extends Base {
  override readonly [handleBrand] = 'IOBufferMemoryDescriptor';

  /**
   * `options` are those of buffers: kIODirection bits, kIOMemoryPageable, kIOMemoryPhysicallyContiguous, a cache mode. Memory that is
   * not pageable lies in the kernel, and is wired for life. Null when the options contradict each other or memory is short.
   */
  static inTaskWithOptions(
    inTask: TaskArgument,
    options: number,
    capacity: Size,
    alignment: Size = 1,
  ): IOBufferMemoryDescriptor {
    return allocate(inTask, options, capacity, alignment, anywhere, false);
  }

  static withOptions(options: number, capacity: Size, alignment: Size = 1): IOBufferMemoryDescriptor {
    return IOBufferMemoryDescriptor.inTaskWithOptions(currentTask().kernelTask, options, capacity, alignment);
  }

  static withCapacity(capacity: Size, inDirection: number, inContiguous = false): IOBufferMemoryDescriptor {
    const options = inDirection | kIOMemoryUnshared | (inContiguous ? kIOMemoryPhysicallyContiguous : 0);
    return IOBufferMemoryDescriptor.withOptions(options, capacity, inContiguous ? capacity : 1);
  }

  /** With the contents of `bytes`. */
  static withBytes(bytes: Uint8Array, inDirection: number, inContiguous = false): IOBufferMemoryDescriptor {
    checkBytes(bytes);
    const options = inDirection | kIOMemoryUnshared | (inContiguous ? kIOMemoryPhysicallyContiguous : 0);
    const made = IOBufferMemoryDescriptor.withOptions(options, bytes.length);
    if (made === null) return made;
    made.setLength(0);
    made.appendBytes(bytes);
    return made;
  }

  /** Pageable memory of `inTask` with a copy of `size` bytes that `sourceTask` has at `source`. */
  static withCopy(
    inTask: TaskArgument,
    options: number,
    sourceTask: TaskArgument,
    source: Size,
    size: Size,
  ): IOBufferMemoryDescriptor {
    const target = handleId(inTask, 'Task', 'inTask');
    const from = handleId(sourceTask, 'Task', 'sourceTask');
    const made = currentTask().invoke(calls.bufferWithCopy, target, bits(options), from, source, size);
    return objectOrNull(made, IOBufferMemoryDescriptor);
  }

  /** All of its physical addresses have bits of `physicalMask` only; its low zero bits are an alignment. */
  static inTaskWithPhysicalMask(
    inTask: TaskArgument,
    options: number,
    capacity: Size,
    physicalMask: Size,
  ): IOBufferMemoryDescriptor {
    if (typeof physicalMask !== 'bigint' && !Number.isSafeInteger(physicalMask))
      throw new TypeError(`physicalMask: expected a whole number or a bigint, got ${String(physicalMask)}`);
    const mask = BigInt(physicalMask);
    if (mask !== BigInt.asUintN(64, mask))
      throw new RangeError(`physicalMask: expected 0 to 2^64 - 1, got ${physicalMask}`);
    if (mask === 0n) return allocate(inTask, options, capacity, 1, anywhere, false);
    const lowest = mask & -mask;
    const limit = mask >> 63n === 0n ? 1n << BigInt(mask.toString(2).length) : 0n;
    return allocate(inTask, options, capacity, lowest, limit, false);
  }

  /** Whole pages, with an inaccessible one on each side. */
  static inTaskWithGuardPages(inTask: TaskArgument, options: number, capacity: Size): IOBufferMemoryDescriptor {
    return allocate(inTask, options, capacity, 1, anywhere, true);
  }

  /** Bytes that the length can grow to. */
  getCapacity(): number {
    return currentTask().invoke(calls.getCapacity, this.id);
  }

  /** Ignored when it is beyond the capacity. Maps that exist keep their lengths. */
  setLength(length: Size): void {
    currentTask().invoke(calls.setLength, this.id, length);
  }

  setDirection(direction: number): void {
    currentTask().invoke(calls.setDirection, this.id, bits(direction));
  }

  /** Address of its memory in the task it was made in; 0 when there is none. */
  getBytesNoCopy(): number;
  /** Address of byte `start`, or null when `withLength` bytes from there are not in it. */
  getBytesNoCopy(start: Size, withLength: Size): number | null;
  getBytesNoCopy(start?: Size, withLength: Size = 0): number | null {
    if (start === undefined) return currentTask().invoke(calls.getBufferAddress, this.id);
    return currentTask().invoke(calls.getBytesNoCopy, this.id, start, withLength) || null;
  }

  /** Adds bytes at the end of its length, as many as there is room for. Always true. */
  appendBytes(bytes: Uint8Array, withLength: Size = bytes.length): boolean {
    checkBytes(bytes);
    return currentTask().transfer(calls.appendBytes, bytes, this.id, withLength, bytes.length);
  }
}
registerHandle('IOBufferMemoryDescriptor', IOBufferMemoryDescriptor);

function allocate(
  inTask: TaskArgument,
  options: number,
  capacity: Size,
  alignment: Size,
  limit: Size,
  guarded: boolean,
): IOBufferMemoryDescriptor {
  const task = handleId(inTask, 'Task', 'inTask');
  const made = currentTask().invoke(calls.bufferInTask, task, bits(options), capacity, alignment, limit, guarded);
  return objectOrNull(made, IOBufferMemoryDescriptor);
}

function checkBytes(bytes: unknown): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes: expected a Uint8Array, got ${String(bytes)}`);
}
