/** Calls of IOBufferMemoryDescriptor. */
import { IOBufferMemoryDescriptor } from '../../iokit/buffer-memory-descriptor.ts';
import { kIOMemoryPageable } from '../../iokit/options.ts';
import { allFree } from '../../vm/lock.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { asksIt, changesIt } from '../effects.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, handle, nothing, size, u32 } from '../wire.ts';
import { autoPrepared, keeping, liveTask } from './descriptor.ts';
import { reach } from './memory.ts';

const buffer = parameter('buffer', handle);

export const bufferCalls = {
  /** Every factory of new memory. `limit`: all of it lies below this physical address; 0 stands for anywhere. */
  bufferInTask: call(
    'bufferInTask',
    [
      parameter('inTask', handle),
      parameter('options', u32),
      parameter('capacity', size),
      parameter('alignment', size),
      parameter('limit', size),
      parameter('guarded', boolean),
    ],
    handle,
    function* (kernel, caller, taskId, options, capacity, alignment, below, guarded): Steps<number> {
      const task = taskId === 0 ? null : liveTask(kernel, caller, taskId);
      if (taskId !== 0 && task === null) return 0;
      const space = task?.space ?? null;
      const limit = below === 0 ? Number.POSITIVE_INFINITY : below;
      yield* (space ?? kernel.kernelTask.space).lock.free(caller);
      const request = { space, options, capacity, alignment, limit, guarded, copied: null };
      return yield* finished(kernel, caller, IOBufferMemoryDescriptor.create(kernel.iokit, caller, request));
    },
  ),

  bufferWithCopy: call(
    'bufferWithCopy',
    [
      parameter('inTask', handle),
      parameter('options', u32),
      parameter('sourceTask', handle),
      parameter('source', size),
      parameter('size', size),
    ],
    handle,
    function* (kernel, caller, taskId, options, sourceId, source, bytes): Steps<number> {
      const task = taskId === 0 ? null : liveTask(kernel, caller, taskId);
      const from = sourceId === 0 ? null : liveTask(kernel, caller, sourceId);
      if (task === null || from === null || bytes === 0 || bytes > kernel.hardware.memory.size) return 0;
      if ((options & kIOMemoryPageable) === 0 || !from.space.reaches(source + bytes)) return 0;
      const { space } = task;
      yield* reach(caller, from.space, source, source + bytes);
      yield* allFree(caller, [space.lock, from.space.lock]);
      const copied = { space: from.space, address: source };
      const limit = Number.POSITIVE_INFINITY;
      const request = { space, options, capacity: bytes, alignment: 1, limit, guarded: false, copied };
      return yield* finished(kernel, caller, IOBufferMemoryDescriptor.create(kernel.iokit, caller, request));
    },
  ),

  getCapacity: call(
    'getCapacity',
    [buffer],
    count,
    (kernel, caller, id) => bufferOf(kernel, caller, id).capacity,
    asksIt,
  ),
  setLength: call(
    'setLength',
    [buffer, parameter('length', size)],
    nothing,
    (kernel, caller, id, length) => {
      bufferOf(kernel, caller, id).setLength(length);
    },
    changesIt,
  ),
  setDirection: call(
    'setDirection',
    [buffer, parameter('direction', u32)],
    nothing,
    (kernel, caller, id, direction) => {
      bufferOf(kernel, caller, id).setDirection(direction);
    },
    changesIt,
  ),
  getBufferAddress: call(
    'getBufferAddress',
    [buffer],
    count,
    (kernel, caller, id) => bufferOf(kernel, caller, id).memory.address,
    asksIt,
  ),
  /** 0 where there is no such part. */
  getBytesNoCopy: call(
    'getBytesNoCopy',
    [buffer, parameter('start', size), parameter('withLength', size)],
    count,
    (kernel, caller, id, start, length) => bufferOf(kernel, caller, id).bytesAt(start, length) ?? 0,
    asksIt,
  ),
  appendBytes: call(
    'appendBytes',
    [buffer, parameter('withLength', size), parameter('room', count)],
    boolean,
    function* (kernel, caller, id, length, room): Steps<boolean> {
      const target = bufferOf(kernel, caller, id);
      const most = Math.min(length, target.capacity - target.getLength());
      if (most > room) throw new RangeError(`bytes: expected ${most} bytes, got ${room}`);
      yield* keeping(target, caller, target.appendBytes(caller, Math.min(length, room)));
      return true;
    },
  ),
};

/** The second half of making one: what it refers to, and its automatic `prepare`. */
export function* finished(kernel: Kernel, caller: KernelThread, made: IOBufferMemoryDescriptor | null): Steps<number> {
  if (made === null) return 0;
  if (made.initialise(caller) && (yield* autoPrepared(caller, made))) return kernel.handles.give(made, caller);
  made.release(caller);
  return 0;
}

export function bufferOf(kernel: Kernel, caller: KernelThread, id: number): IOBufferMemoryDescriptor {
  return kernel.handles.lookup(id, 'IOBufferMemoryDescriptor', caller) as IOBufferMemoryDescriptor;
}
