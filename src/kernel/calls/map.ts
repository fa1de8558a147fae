/** Calls that map descriptors into tasks, and calls on the maps. */
import type { IOMemoryMap } from '../../iokit/io-memory-map.ts';
import { allFree, type SleepLock } from '../../vm/lock.ts';
import type { Steps } from '../../vm/steps.ts';
import { checkUnmap } from '../balance.ts';
import { call, parameter } from '../call.ts';
import { asksIt } from '../effects.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { address, count, handle, size, u32 } from '../wire.ts';
import { anyObject, descriptorOf, liveTask, segment } from './descriptor.ts';

const descriptor = parameter('descriptor', handle);
const map = parameter('map', handle);

export const mapCalls = {
  createMappingInTask: call(
    'createMappingInTask',
    [
      descriptor,
      parameter('intoTask', handle),
      parameter('atAddress', size),
      parameter('options', u32),
      parameter('offset', size),
      parameter('length', size),
    ],
    handle,
    function* (kernel, caller, id, taskId, atAddress, options, offset, length): Steps<number> {
      const target = descriptorOf(kernel, caller, id);
      const task = liveTask(kernel, caller, taskId);
      if (task === null) return 0;
      // Another thread may release the descriptor while this one waits for the map lock.
      target.retain();
      try {
        yield* allFree(caller, [task.space.lock, kernel.iokit.globalLock, ...target.mapLocks]);
        const made = target.createMapping(caller, { space: task.space, atAddress, options, offset, length });
        return made === null ? 0 : kernel.handles.give(made, caller);
      } finally {
        target.release(caller);
      }
    },
  ),

  setMapping: call(
    'setMapping',
    [descriptor, parameter('task', handle), parameter('mapAddress', size), parameter('options', u32)],
    handle,
    function* (kernel, caller, id, taskId, address, options): Steps<number> {
      const target = descriptorOf(kernel, caller, id);
      const task = liveTask(kernel, caller, taskId);
      if (task === null) return 0;
      target.retain();
      try {
        yield* kernel.iokit.globalLock.free(caller);
        return kernel.handles.give(target.setMapping(task.space, address, options), caller);
      } finally {
        target.release(caller);
      }
    },
  ),

  getVirtualAddress: call(
    'getVirtualAddress',
    [map],
    address,
    (kernel, caller, id) => mapOf(kernel, caller, id).address,
    asksIt,
  ),
  getMapLength: call('getMapLength', [map], count, (kernel, caller, id) => mapOf(kernel, caller, id).length, asksIt),
  getMapOptions: call('getMapOptions', [map], u32, (kernel, caller, id) => mapOf(kernel, caller, id).options, asksIt),
  getAddressTask: call('getAddressTask', [map], handle, (kernel, caller, id) => {
    const number = mapOf(kernel, caller, id).getAddressTask();
    return number === null ? 0 : kernel.handles.grant(kernel.tasks[number]!, caller);
  }),
  getMemoryDescriptor: call('getMemoryDescriptor', [map], anyObject, (kernel, caller, id) => {
    const { descriptor: mapped } = mapOf(kernel, caller, id);
    return { id: kernel.handles.grant(mapped, caller), kind: mapped.kind };
  }),
  getMapPhysicalSegment: call(
    'getMapPhysicalSegment',
    [map, parameter('offset', size), parameter('options', u32)],
    segment,
    (kernel, caller, id, offset, options) => {
      return { ...mapOf(kernel, caller, id).getPhysicalSegment(caller, offset, options) };
    },
  ),
  unmap: call('unmap', [map], u32, function* (kernel, caller, id): Steps<number> {
    const target = mapOf(kernel, caller, id);
    target.retain();
    try {
      yield* allFree(caller, [kernel.iokit.globalLock, ...locksOf(target)]);
      checkUnmap(kernel, caller, target);
      return target.unmap(caller);
    } finally {
      target.release(caller);
    }
  }),
};

/** Of the address space it is in, while it is in one. */
export function locksOf(target: IOMemoryMap): readonly SleepLock[] {
  return target.space === null ? [] : [target.space.lock];
}

export function mapOf(kernel: Kernel, caller: KernelThread, id: number): IOMemoryMap {
  return kernel.handles.lookup(id, 'IOMemoryMap', caller) as IOMemoryMap;
}
