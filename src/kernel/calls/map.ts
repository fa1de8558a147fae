/** Calls that map descriptors into tasks, and calls on the maps. */
import type { IOMemoryMap } from '../../iokit/io-memory-map.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { count, handle, size, u32 } from '../wire.ts';
import { descriptorOf, liveTask, segment } from './descriptor.ts';

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
        yield* target.readyToMap(caller, task.space);
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
    (kernel, caller, id, taskId, address, options) => {
      const target = descriptorOf(kernel, caller, id);
      const task = liveTask(kernel, caller, taskId);
      return task === null ? 0 : kernel.handles.give(target.setMapping(task.space, address, options), caller);
    },
  ),

  getVirtualAddress: call('getVirtualAddress', [map], count, (kernel, caller, id) => mapOf(kernel, caller, id).address),
  getMapLength: call('getMapLength', [map], count, (kernel, caller, id) => mapOf(kernel, caller, id).length),
  getMapOptions: call('getMapOptions', [map], u32, (kernel, caller, id) => mapOf(kernel, caller, id).options),
  getAddressTask: call('getAddressTask', [map], handle, (kernel, caller, id) => {
    const number = mapOf(kernel, caller, id).getAddressTask();
    return number === null ? 0 : kernel.handles.grant(kernel.tasks[number]!, caller);
  }),
  getMemoryDescriptor: call('getMemoryDescriptor', [map], handle, (kernel, caller, id) =>
    kernel.handles.grant(mapOf(kernel, caller, id).descriptor, caller),
  ),
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
      if (target.space !== null) yield* target.space.lock.free(caller);
      return target.unmap(caller);
    } finally {
      target.release(caller);
    }
  }),
};

function mapOf(kernel: Kernel, caller: KernelThread, id: number): IOMemoryMap {
  return kernel.handles.lookup(id, 'IOMemoryMap', caller) as IOMemoryMap;
}
