/** Virtual time, and waiting on words of memory: what may end by the clock. */
import { hex, MemoryFault } from '../../hardware/errors.ts';
import { pteFrameShift, pteRead } from '../../hardware/page-table.ts';
import { KERN_SUCCESS } from '../../vm/kern-return.ts';
import { type Steps, WaitQueue } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { count, duration, nothing, size, u8, u32 } from '../wire.ts';
import { faultIn } from './memory.ts';

/** Results of `atomicWait`, in the order of `Atomics.wait`'s words. */
export const waitResults = ['ok', 'not-equal', 'timed-out'] as const;

export const timeCalls = {
  now: call('now', [], count, (kernel) => Math.floor(kernel.time)),

  sleep: call(
    'sleep',
    [parameter('nanoseconds', duration)],
    nothing,
    function* (kernel, caller, nanoseconds): Steps<void> {
      kernel.journal.set(caller, 'deadline', kernel.time + nanoseconds);
      yield caller.sleep;
    },
  ),

  atomicWait: call(
    'atomicWait',
    [parameter('address', size), parameter('expected', u32), parameter('timeout', duration)],
    u8,
    function* (kernel, caller, address, expected, timeout): Steps<number> {
      const physical = yield* physicalWord(kernel, caller, address);
      if (kernel.hardware.memory.load32(physical) !== expected) return 1;
      let queue = kernel.addressQueues.get(physical);
      if (queue === undefined) {
        queue = new WaitQueue(`a notify of the word at ${hex(address)}`);
        kernel.addressQueues.set(physical, queue);
        kernel.journal.undo(() => kernel.addressQueues.delete(physical));
      }
      kernel.journal.set(caller, 'deadline', kernel.time + timeout);
      yield queue;
      return caller.timedOut ? 2 : 0;
    },
  ),

  atomicNotify: call(
    'atomicNotify',
    [parameter('address', size), parameter('count', duration)],
    count,
    function* (kernel, caller, address, most): Steps<number> {
      const queue = kernel.addressQueues.get(yield* physicalWord(kernel, caller, address));
      return queue === undefined ? 0 : kernel.wakeFrom(queue, Math.floor(most), caller);
    },
  ),
};

/** The caller has touched the word before it calls, so that its page is there unless somebody took it away since. */
function* physicalWord(kernel: Kernel, caller: KernelThread, address: number): Steps<number> {
  if (address % 4 !== 0) throw new RangeError(`address: expected a multiple of 4, got ${hex(address)}`);
  const pageSize = kernel.hardware.pageSize;
  const page = Math.floor(address / pageSize);
  const { number } = caller.task.space;
  let entry = address < 2 ** 47 ? kernel.hardware.tables.entry(number, page) : 0;
  if ((entry & pteRead) === 0 && (yield* faultIn(caller, address, pteRead)) === KERN_SUCCESS)
    entry = kernel.hardware.tables.entry(number, page);
  if ((entry & pteRead) === 0) throw new MemoryFault(address, 'read', 4, caller.task.name, 'not mapped');
  return (entry >>> pteFrameShift) * pageSize + (address - page * pageSize);
}
