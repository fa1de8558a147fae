/** Calls that change what maps show, or whether they can be reached; and that hold their pages in place. */
import { kIODirectionOutIn } from '../../iokit/options.ts';
import { redirectMap } from '../../iokit/redirect.ts';
import { allFree } from '../../vm/lock.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { KernelTask } from '../task.ts';
import { boolean, handle, size, u32 } from '../wire.ts';
import { descriptorOf, keeping } from './descriptor.ts';
import { locksOf, mapOf } from './map.ts';
import { reach } from './memory.ts';

const map = parameter('map', handle);

export const redirectCalls = {
  redirectMap: call(
    'redirect',
    [map, parameter('newBackingMemory', handle), parameter('options', u32), parameter('offset', size)],
    u32,
    function* (kernel, caller, id, descriptorId, _options, offset): Steps<number> {
      const target = mapOf(kernel, caller, id);
      const memory = descriptorId === 0 ? null : descriptorOf(kernel, caller, descriptorId);
      target.retain();
      memory?.retain();
      try {
        yield* allFree(caller, [kernel.iokit.globalLock, ...locksOf(target), ...(memory?.mapLocks ?? [])]);
        return yield* redirectMap(kernel.iokit, caller, target, memory, offset);
      } finally {
        memory?.release(caller);
        target.release(caller);
      }
    },
  ),

  /** `safeTask` is not looked at when it is 0: then nobody is safe. */
  redirectDescriptor: call(
    'redirect',
    [parameter('descriptor', handle), parameter('safeTask', handle), parameter('doRedirect', boolean)],
    u32,
    function* (kernel, caller, id, taskId, on): Steps<number> {
      const target = descriptorOf(kernel, caller, id);
      const safe = taskId === 0 ? null : (kernel.handles.lookup(taskId, 'Task', caller) as KernelTask).space;
      return yield* keeping(
        target,
        caller,
        (function* () {
          const locks = [...target.mappings].flatMap((one) => [...locksOf(one)]);
          yield* allFree(caller, [kernel.iokit.globalLock, ...locks]);
          return target.redirect(safe, on);
        })(),
      );
    },
  ),

  /** Wires the pages of a part of the map for the In and Out bits of `options`, or unwires them when there are none. */
  wireRange: call(
    'wireRange',
    [map, parameter('options', u32), parameter('offset', size), parameter('length', size)],
    u32,
    function* (kernel, caller, id, options, offset, length): Steps<number> {
      const target = mapOf(kernel, caller, id);
      target.retain();
      try {
        yield* kernel.iokit.globalLock.free(caller);
        const { space, address } = target;
        const end = Math.min(offset + length, target.length);
        if (space !== null) yield* reach(caller, space, address + offset, address + end);
        return target.wireRange(caller, options & kIODirectionOutIn, offset, length);
      } finally {
        target.release(caller);
      }
    },
  ),
};
