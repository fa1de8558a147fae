/** Calls on memory that is copied on write, that may be purged, or that is not paged. They came later, so their numbers do. */
import { allFree } from '../../vm/lock.ts';
import { remap, settled } from '../../vm/remap.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { boolean, count, handle, record, size, u32 } from '../wire.ts';
import { descriptorOf, liveTask } from './descriptor.ts';
import { allocatingCall, checkPage, placed } from './memory.ts';

export const virtualMemoryCalls = {
  allocatePurgeable: allocatingCall('allocatePurgeable', (vm, caller, bytes) =>
    vm.createPurgeableObject(caller, bytes),
  ),

  remap: call(
    'remap',
    [
      parameter('from', handle),
      parameter('source', size),
      parameter('size', size),
      parameter('copy', boolean),
      parameter('address', size),
      parameter('anywhere', boolean),
      parameter('overwrite', boolean),
    ],
    count,
    function* (kernel, caller, from, source, bytes, copy, address, anywhere, overwrite): Steps<number> {
      const task = liveTask(kernel, caller, from);
      if (task === null) throw new RangeError('from: the task is dead');
      if (bytes === 0 || source + bytes > 2 ** 47)
        throw new RangeError(`size: expected 1 byte or more, up to the end of the address space, got ${bytes}`);
      if (!anywhere) checkPage('address', address, kernel.hardware.pageSize);
      if (anywhere && overwrite) throw new RangeError('overwrite: expected an address to overwrite at');
      const { vm } = kernel;
      const { space } = caller.task;
      yield* allFree(caller, [space.lock, task.space.lock]);
      if (copy) {
        yield* settled(vm, task.space, vm.truncatePage(source), vm.roundPage(source + bytes));
        yield* allFree(caller, [space.lock, task.space.lock]);
      }
      const at = anywhere ? null : address;
      return placed(remap(vm, caller, task.space, source, bytes, copy, { space, address: at, overwrite }), bytes, at);
    },
  ),

  setPurgeable: call(
    'setPurgeable',
    [parameter('descriptor', handle), parameter('newState', u32)],
    record({ result: u32, oldState: u32 }),
    function* (kernel, caller, id, newState): Steps<{ result: number; oldState: number }> {
      const target = descriptorOf(kernel, caller, id);
      target.retain();
      try {
        if (target.threadSafe) yield* kernel.iokit.globalLock.free(caller);
        return { ...target.setPurgeable(caller, newState) };
      } finally {
        target.release(caller);
      }
    },
  ),
};

/** Later still. */
export const wiredMemoryCalls = {
  allocateWired: allocatingCall('allocateWired', (vm, caller, bytes) => vm.createWiredObject(caller, bytes), null),
};
