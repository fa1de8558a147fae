/** Virtual time, and waiting on words of memory: what may end by the clock. */
import { policyOf } from '../../hardware/cache-policy.ts';
import { hex, MemoryFault } from '../../hardware/errors.ts';
import { pteCacheMode, pteFrameShift, pteRead, pteWrite } from '../../hardware/page-table.ts';
import { KERN_SUCCESS } from '../../vm/kern-return.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../vm/map-entry.ts';
import { type Steps, WaitQueue } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { type Effects, Shared } from '../effects.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { count, duration, nothing, size, u8, u32 } from '../wire.ts';
import { faultIn } from './memory.ts';

/** Results of `atomicWait`, in the order of `Atomics.wait`'s words. */
export const waitResults = ['ok', 'not-equal', 'timed-out'] as const;

export const timeCalls = {
  // Time moves in steps of the clock, which commute with nothing.
  now: call(
    'now',
    [],
    count,
    (kernel) => Math.floor(kernel.sleepers.time),
    () => {},
  ),

  sleep: call(
    'sleep',
    [parameter('nanoseconds', duration)],
    nothing,
    function* (kernel, caller, nanoseconds): Steps<void> {
      kernel.sleepers.limit(caller, kernel.sleepers.time + nanoseconds);
      yield caller.sleep;
    },
    (effects, [nanoseconds]) => effects.sleeps(nanoseconds),
  ),

  atomicWait: call(
    'atomicWait',
    [parameter('address', size), parameter('expected', u32), parameter('timeout', duration)],
    u8,
    function* (kernel, caller, address, expected, timeout): Steps<number> {
      const physical = yield* physicalWord(kernel, caller, address);
      if (wordAt(kernel, caller, address, physical) !== expected) return 1;
      let queue = kernel.addressQueues.get(physical);
      if (queue === undefined) {
        queue = new WaitQueue(`a notify of the word at ${hex(address)}`);
        kernel.addressQueues.set(physical, queue);
        kernel.journal.undo(() => kernel.addressQueues.delete(physical));
      }
      kernel.sleepers.limit(caller, kernel.sleepers.time + timeout);
      yield queue;
      return caller.timedOut ? 2 : 0;
    },
    (effects, [address, , timeout], caller, kernel) => {
      const physical = waitersOn(address, effects, caller, kernel);
      if (physical >= 0) effects.readsMemory(physical, 4);
      effects.sleeps(timeout);
    },
  ),

  atomicNotify: call(
    'atomicNotify',
    [parameter('address', size), parameter('count', duration)],
    count,
    function* (kernel, caller, address, most): Steps<number> {
      const queue = kernel.addressQueues.get(yield* physicalWord(kernel, caller, address));
      return queue === undefined ? 0 : kernel.sleepers.wake(queue, Math.floor(most), caller);
    },
    (effects, [address], caller, kernel) => waitersOn(address, effects, caller, kernel),
  ),
};

/** What has to do with the waiters on a word, whose physical address is returned; -1 where its page has to come first. */
function waitersOn(address: number, effects: Effects, caller: KernelThread, kernel: Kernel): number {
  const { pageSize, tables } = kernel.hardware;
  const page = Math.floor(address / pageSize);
  const entry = address < 2 ** 47 && address % 4 === 0 ? tables.entry(caller.task.space.number, page) : 0;
  if ((entry & pteRead) === 0 || (entry & pteWrite) === 0) {
    effects.everything();
    return -1;
  }
  const physical = (entry >>> pteFrameShift) * pageSize + (address - page * pageSize);
  effects.changes(Shared.Waiters, effects.names.of(physical));
  effects.findsPage(physical);
  return physical;
}

/** What the caller finds in the word. */
function wordAt({ hardware }: Kernel, { task }: KernelThread, address: number, physical: number): number {
  const { memory, caches, tables, pageSize } = hardware;
  if (caches === null) return memory.load32(physical);
  const mode = pteCacheMode(tables.entry(task.space.number, Math.floor(address / pageSize)));
  return caches.look32(physical, policyOf(mode));
}

/**
 * The caller has touched the word before it calls; its page may have been taken away since, or be shared with a copy still. A
 * thread that waits must wait on the word that the task's next store goes to.
 */
function* physicalWord(kernel: Kernel, caller: KernelThread, address: number): Steps<number> {
  if (address % 4 !== 0) throw new RangeError(`address: expected a multiple of 4, got ${hex(address)}`);
  const { pageSize, tables } = kernel.hardware;
  const page = Math.floor(address / pageSize);
  const { space } = caller.task;
  yield* space.lock.free(caller);
  const shown = address < 2 ** 47 ? space.lookup(address) : null;
  let entry = address < 2 ** 47 ? tables.entry(space.number, page) : 0;
  const rights = (shown?.protection ?? 0) & (VM_PROT_READ | VM_PROT_WRITE);
  if ((entry & rights) !== rights && (yield* faultIn(caller, address, rights)) === KERN_SUCCESS)
    entry = tables.entry(space.number, page);
  if ((entry & pteRead) === 0) throw new MemoryFault(address, 'read', 4, caller.task.name, 'not mapped');
  return (entry >>> pteFrameShift) * pageSize + (address - page * pageSize);
}
