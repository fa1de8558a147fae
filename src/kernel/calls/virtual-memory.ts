/** Calls on memory that is copied on write, and on memory that may be purged. They came later, so their numbers do. */
import { hex } from '../../hardware/errors.ts';
import { kernReturnText } from '../../vm/kern-return.ts';
import { allFree } from '../../vm/lock.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../vm/map-entry.ts';
import { VM_PURGABLE_NONVOLATILE } from '../../vm/purgeable.ts';
import { remap, settled } from '../../vm/remap.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { boolean, count, handle, record, size, u32 } from '../wire.ts';
import { descriptorOf, liveTask } from './descriptor.ts';
import { checkPage, checkProtection } from './memory.ts';

const readWrite = VM_PROT_READ | VM_PROT_WRITE;

export const virtualMemoryCalls = {
  allocatePurgeable: call(
    'allocatePurgeable',
    [parameter('size', size), parameter('address', size), parameter('anywhere', boolean), parameter('protection', u32)],
    count,
    function* (kernel, caller, bytes, address, anywhere, protection): Steps<number> {
      if (bytes === 0) throw new RangeError('size: expected at least 1 byte, got 0');
      if (!anywhere) checkPage('address', address, kernel.hardware.pageSize);
      checkProtection(protection);
      const { space } = caller.task;
      yield* space.lock.free(caller);
      const at = anywhere ? null : address;
      return placed(space.allocate(caller, bytes, at, protection, readWrite, VM_PURGABLE_NONVOLATILE), bytes, at);
    },
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

/** The address of what was placed, or the error that minus a Mach code stands for. */
function placed(result: number, bytes: number, address: number | null): number {
  if (result >= 0) return result;
  const where = address === null ? 'anywhere' : `at ${hex(address)}`;
  throw new RangeError(`${bytes} bytes ${where}: ${kernReturnText(-result)}`);
}
