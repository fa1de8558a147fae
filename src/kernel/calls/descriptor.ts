/** Calls on memory descriptors: making them, asking them, wiring them, copying through them. */
import { IOGeneralMemoryDescriptor } from '../../iokit/general-memory-descriptor.ts';
import { IOMemoryDescriptor, type PageCounts } from '../../iokit/memory-descriptor.ts';
import {
  kIODirectionNone,
  kIOMemoryAutoPrepare,
  kIOMemoryDirectionMask,
  kIOMemoryPersistent,
  kIOMemoryTypeVirtual,
} from '../../iokit/options.ts';
import type { AddressRange } from '../../iokit/ranges.ts';
import { kIOReturnSuccess } from '../../iokit/return-codes.ts';
import { makeSource, type Source } from '../../iokit/source.ts';
import { IOSubMemoryDescriptor } from '../../iokit/sub-memory-descriptor.ts';
import type { KernelObject } from '../../vm/kernel-object.ts';
import type { Steps } from '../../vm/steps.ts';
import { settleComplete } from '../balance.ts';
import { call, parameter } from '../call.ts';
import { asksIt, changesIt } from '../effects.ts';
import { HandleError } from '../handle-table.ts';
import type { Kernel } from '../kernel.ts';
import { KernelTask } from '../task.ts';
import type { KernelThread } from '../thread.ts';
import { address, boolean, count, handle, list, nothing, record, size, text, u32 } from '../wire.ts';

const descriptor = parameter('descriptor', handle);
export const range = record({ address: size, length: size });
const ranges = parameter('ranges', list(range));
export const segment = record({ address, length: count });

/** The class of an object, with a handle: for results that may be of any. */
export const anyObject = record({ id: handle, kind: text });

export const descriptorCalls = {
  withAddress: call(
    'withAddress',
    [parameter('address', size), parameter('withLength', size), parameter('withDirection', u32)],
    handle,
    (kernel, caller, address, length, direction): Steps<number> => {
      // The page says that it has to be prepared like any other; the sources prepare it at once.
      const automatic = kernel.iokit.semantics === 'xnu' ? kIOMemoryAutoPrepare : 0;
      const options = (direction & kIOMemoryDirectionMask) | kIOMemoryTypeVirtual | automatic;
      return make(kernel, caller, makeSource(kernel.iokit, [{ address, length }], kernel.kernelTask.space, options));
    },
  ),

  withOptions: call(
    'withOptions',
    [ranges, parameter('task', handle), parameter('options', u32)],
    handle,
    (kernel, caller, buffers, task, options): Steps<number> =>
      make(kernel, caller, sourceFor(kernel, caller, buffers, task, options)),
    (effects, [, task, options], _caller, kernel) => {
      const of = kernel.handles.find(task | 0);
      // What it takes a reference to, or wires, others see.
      if ((options & (kIOMemoryPersistent | kIOMemoryAutoPrepare)) !== 0) effects.everything();
      else if (of instanceof KernelTask) effects.readsSpace(of.space);
    },
  ),

  withSubRange: call(
    'withSubRange',
    [parameter('of', handle), parameter('offset', size), parameter('length', size), parameter('options', u32)],
    handle,
    (kernel, caller, id, offset, length, options) => {
      const sub = IOSubMemoryDescriptor.withSubRange(
        kernel.iokit,
        descriptorOf(kernel, caller, id),
        offset,
        length,
        options,
      );
      return sub === null ? 0 : kernel.handles.give(sub, caller);
    },
    changesIt,
  ),

  initWithOptions: call(
    'initWithOptions',
    [descriptor, ranges, parameter('task', handle), parameter('options', u32)],
    boolean,
    function* (kernel, caller, id, buffers, task, options): Steps<boolean> {
      const target = descriptorOf(kernel, caller, id);
      const source = sourceFor(kernel, caller, buffers, task, options);
      if (source === null || !(target instanceof IOGeneralMemoryDescriptor)) return false;
      return target.reinitialise(caller, source) && (yield* autoPrepared(caller, target));
    },
  ),

  getDirection: call(
    'getDirection',
    [descriptor],
    u32,
    (kernel, caller, id) => descriptorOf(kernel, caller, id).getDirection(),
    asksIt,
  ),
  getLength: call(
    'getLength',
    [descriptor],
    count,
    (kernel, caller, id) => descriptorOf(kernel, caller, id).getLength(),
    asksIt,
  ),
  getFlags: call(
    'getFlags',
    [descriptor],
    count,
    (kernel, caller, id) => descriptorOf(kernel, caller, id).getFlags(),
    asksIt,
  ),
  getTag: call('getTag', [descriptor], u32, (kernel, caller, id) => descriptorOf(kernel, caller, id).tag, asksIt),
  setTag: call(
    'setTag',
    [descriptor, parameter('tag', u32)],
    nothing,
    (kernel, caller, id, tag) => {
      descriptorOf(kernel, caller, id).setTag(tag);
    },
    changesIt,
  ),
  getPreparationID: call('getPreparationID', [descriptor], count, (kernel, caller, id) =>
    descriptorOf(kernel, caller, id).getPreparationID(caller),
  ),
  getDescriptorID: call(
    'getDescriptorID',
    [descriptor],
    count,
    (kernel, caller, id) => descriptorOf(kernel, caller, id).getDescriptorID(caller),
    changesIt,
  ),
  getDMAMapLength: call(
    'getDMAMapLength',
    [descriptor],
    record({ length: count, offset: count }),
    (kernel, caller, id): Steps<{ length: number; offset: number }> => {
      const target = descriptorOf(kernel, caller, id);
      return underLock(kernel, caller, target, () => ({ ...target.getDMAMapLength() }));
    },
  ),
  getPageCounts: call(
    'getPageCounts',
    [descriptor],
    record({ result: u32, residentPageCount: count, dirtyPageCount: count }),
    (kernel, caller, id): Steps<PageCounts> => {
      const target = descriptorOf(kernel, caller, id);
      return underLock(kernel, caller, target, () => ({ ...target.getPageCounts() }));
    },
  ),
  getPhysicalSegment: call(
    'getPhysicalSegment',
    [descriptor, parameter('offset', size), parameter('options', u32)],
    segment,
    (kernel, caller, id, offset, options) => {
      return { ...descriptorOf(kernel, caller, id).segmentFor(caller, offset, options) };
    },
  ),
  performOperation: call(
    'performOperation',
    [descriptor, parameter('options', u32), parameter('offset', size), parameter('length', size)],
    u32,
    (kernel, caller, id, operation, offset, length): Steps<number> => {
      const target = descriptorOf(kernel, caller, id);
      return underLock(kernel, caller, target, () => target.performOperation(caller, operation, offset, length));
    },
  ),

  prepare: call(
    'prepare',
    [descriptor, parameter('forDirection', u32)],
    u32,
    function* (kernel, caller, id, direction): Steps<number> {
      const target = wiringOf(kernel, caller, id);
      const code = yield* keeping(target, caller, target.prepare(caller, direction));
      if (code === kIOReturnSuccess) for (const one of target.wired) one.prepares.add(caller.holder, 1);
      return code;
    },
  ),
  complete: call(
    'complete',
    [descriptor, parameter('forDirection', u32)],
    u32,
    function* (kernel, caller, id, direction): Steps<number> {
      const target = wiringOf(kernel, caller, id);
      for (const one of target.wired) settleComplete(kernel, caller, one);
      return yield* keeping(target, caller, target.complete(caller, direction));
    },
  ),

  readBytes: call(
    'readBytes',
    [descriptor, parameter('offset', size), parameter('withLength', size), parameter('room', count)],
    count,
    (kernel, caller, id, offset, length, room): Steps<number> => {
      const target = descriptorOf(kernel, caller, id);
      checkRoom(target, offset, length, room);
      return target.readBytes(caller, offset, length);
    },
  ),
  writeBytes: call(
    'writeBytes',
    [descriptor, parameter('offset', size), parameter('withLength', size), parameter('room', count)],
    count,
    (kernel, caller, id, offset, length, room): Steps<number> => {
      const target = descriptorOf(kernel, caller, id);
      checkRoom(target, offset, length, room);
      return target.writeBytes(caller, offset, length);
    },
  ),
};

/** The descriptor that `id` names for `caller`, of whatever class. */
export function descriptorOf(kernel: Kernel, caller: KernelThread, id: number): IOMemoryDescriptor {
  const object = kernel.handles.lookup(id, null, caller);
  if (object instanceof IOMemoryDescriptor) return object;
  throw new HandleError(`${caller.name}: the handle names a ${object.kind}, not an IOMemoryDescriptor`, false);
}

/** The task that `id` names, null when it is dead. */
export function liveTask(kernel: Kernel, caller: KernelThread, id: number): KernelTask | null {
  const task = kernel.handles.lookup(id, 'Task', caller) as KernelTask;
  return task.dead ? null : task;
}

/** Without a task the ranges are physical; with one that is dead there is nothing to describe. */
function sourceFor(
  kernel: Kernel,
  caller: KernelThread,
  buffers: readonly AddressRange[],
  id: number,
  options: number,
): Source | null {
  if (id === 0) return makeSource(kernel.iokit, buffers, null, options);
  const task = liveTask(kernel, caller, id);
  return task === null ? null : makeSource(kernel.iokit, buffers, task.space, options);
}

export function* make(kernel: Kernel, caller: KernelThread, source: Source | null): Steps<number> {
  if (source === null) return 0;
  const made = new IOGeneralMemoryDescriptor(kernel.iokit, source);
  if (made.initialise(caller) && (yield* autoPrepared(caller, made))) return kernel.handles.give(made, caller);
  made.release(caller);
  return 0;
}

export function* autoPrepared(caller: KernelThread, target: IOGeneralMemoryDescriptor): Steps<boolean> {
  if ((target.getFlags() & kIOMemoryAutoPrepare) === 0) return true;
  return (yield* target.prepare(caller, kIODirectionNone)) === kIOReturnSuccess;
}

/** The descriptor, with word to the observer that its wiring is being changed without a lock. */
function wiringOf(kernel: Kernel, caller: KernelThread, id: number): IOMemoryDescriptor {
  const target = descriptorOf(kernel, caller, id);
  for (const one of target.wired) if (one.mustBeSerialised) kernel.observer.touch(caller, one);
  return target;
}

/** A call on a thread-safe descriptor that the real system makes under the global lock: it waits for whoever has that. */
function* underLock<R>(kernel: Kernel, caller: KernelThread, target: IOMemoryDescriptor, work: () => R): Steps<R> {
  if (!target.threadSafe) return work();
  return yield* keeping(target, caller, afterLock(kernel, caller, work));
}

function* afterLock<R>(kernel: Kernel, caller: KernelThread, work: () => R): Steps<R> {
  yield* kernel.iokit.globalLock.free(caller);
  return work();
}

/** Runs a call of several steps on an object that others might release meanwhile. */
export function* keeping<R>(target: KernelObject, caller: KernelThread, steps: Steps<R>): Steps<R> {
  target.retain();
  try {
    return yield* steps;
  } finally {
    target.release(caller);
  }
}

/** A length beyond the descriptor is the descriptor's to answer; one beyond the buffer must not reach it. */
function checkRoom(target: IOMemoryDescriptor, offset: number, length: number, room: number): void {
  const most = Math.min(length, Math.max(0, target.getLength() - offset));
  if (most > room) throw new RangeError(`bytes: expected room for ${most} bytes, got ${room}`);
}
