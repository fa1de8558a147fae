/** Calls of DriverKit's descriptors, maps and user clients. They came later than those on its commands, so their numbers do. */
import { IOBufferMemoryDescriptor } from '../../iokit/buffer-memory-descriptor.ts';
import { createDextMapping, type DextMapping } from '../../iokit/dext-mapping.ts';
import { kIOMemoryDirectionOutIn, kIOMemoryDisableCopyOnWrite } from '../../iokit/dext-options.ts';
import { IOUserClient } from '../../iokit/io-user-client.ts';
import type { IOMemoryDescriptor } from '../../iokit/memory-descriptor.ts';
import {
  kIOMemoryKernelUserShared,
  kIOMemoryMapCopyOnWrite,
  kIOMemoryThreadSafe,
  kIOMemoryTypeVirtual,
} from '../../iokit/options.ts';
import {
  type IOReturn,
  kIOReturnBadArgument,
  kIOReturnNoMemory,
  kIOReturnNotReady,
  kIOReturnSuccess,
} from '../../iokit/return-codes.ts';
import { makeSource } from '../../iokit/source.ts';
import { allFree } from '../../vm/lock.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { count, handle, list, record, size, u32 } from '../wire.ts';
import { bufferOf, finished } from './buffer.ts';
import { descriptorOf, keeping, make, range } from './descriptor.ts';
import { mostElements } from './driverkit.ts';

const made = record({ result: u32, id: handle });

export const dextMemoryCalls = {
  createDextMapping: call(
    'createDextMapping',
    [
      parameter('descriptor', handle),
      parameter('options', u32),
      parameter('address', size),
      parameter('offset', size),
      parameter('length', size),
    ],
    made,
    function* (kernel, caller, id, options, address, offset, length): Steps<{ result: IOReturn; id: number }> {
      const target = descriptorOf(kernel, caller, id);
      const { result, map } = yield* dextMapping(kernel, caller, target, options, address, offset, length);
      return { result, id: map === null ? 0 : kernel.handles.give(map, caller) };
    },
  ),

  /** The first call of a task maps the buffer there. */
  getAddressRange: call(
    'getAddressRange',
    [parameter('buffer', handle)],
    record({ result: u32, address: count, length: count }),
    function* (kernel, caller, id): Steps<{ result: IOReturn; address: number; length: number }> {
      const buffer = bufferOf(kernel, caller, id);
      const { number } = caller.task;
      const known = buffer.dextMaps.of(number);
      if (known !== null && known.space !== null)
        return { result: kIOReturnSuccess, address: known.address, length: known.length };
      const { result, map } = yield* dextMapping(kernel, caller, buffer, 0, 0, 0, 0);
      if (map === null) return { result, address: 0, length: 0 };
      buffer.dextMaps.keep(caller, number, map);
      return { result, address: map.address, length: map.length };
    },
  ),

  createDextBuffer: call(
    'createDextBuffer',
    [parameter('options', u32), parameter('capacity', size), parameter('alignment', size)],
    made,
    function* (kernel, caller, direction, capacity, alignment): Steps<{ result: IOReturn; id: number }> {
      const space = kernel.iokit.kernelSpace;
      yield* space.lock.free(caller);
      const options = direction | kIOMemoryKernelUserShared | kIOMemoryThreadSafe;
      const limit = Number.POSITIVE_INFINITY;
      const request = { space, options, capacity, alignment, limit, guarded: false, copied: null };
      const buffer = IOBufferMemoryDescriptor.create(kernel.iokit, caller, request, caller.task.number);
      return answer(yield* finished(kernel, caller, buffer));
    },
  ),

  createMemoryDescriptorFromClient: call(
    'createMemoryDescriptorFromClient',
    [parameter('client', handle), parameter('options', u32), parameter('segments', list(range, mostElements))],
    made,
    function* (kernel, caller, id, asked, segments): Steps<{ result: IOReturn; id: number }> {
      const client = kernel.handles.lookup(id, null, caller);
      if (!(client instanceof IOUserClient)) return { result: kIOReturnBadArgument, id: 0 };
      const task = kernel.tasks[client.owner]!;
      if (client.closed || task.dead) return { result: kIOReturnNotReady, id: 0 };
      const snapshot = (asked & kIOMemoryDisableCopyOnWrite) === 0 ? kIOMemoryMapCopyOnWrite : 0;
      const options = (asked & kIOMemoryDirectionOutIn) | snapshot | kIOMemoryTypeVirtual | kIOMemoryThreadSafe;
      return answer(yield* make(kernel, caller, makeSource(kernel.iokit, segments, task.space, options)));
    },
  ),
};

const answer = (id: number) => ({ result: id === 0 ? kIOReturnNoMemory : kIOReturnSuccess, id });

/** A map in the caller's own task, made when nobody changes what it needs. */
function* dextMapping(
  kernel: Kernel,
  caller: KernelThread,
  target: IOMemoryDescriptor,
  options: number,
  atAddress: number,
  offset: number,
  length: number,
): Steps<DextMapping> {
  const { space } = caller.task;
  return yield* keeping(
    target,
    caller,
    (function* (): Steps<DextMapping> {
      yield* allFree(caller, [space.lock, kernel.iokit.globalLock, ...target.mapLocks]);
      return createDextMapping(target, caller, { space, atAddress, options, offset, length });
    })(),
  );
}
