/** Calls on user clients: a driver offers memory by type, a task maps it. */
import { IOUserClient } from '../../iokit/io-user-client.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { handle, size, u32 } from '../wire.ts';
import { descriptorOf, liveTask } from './descriptor.ts';

const client = parameter('client', handle);
const type = parameter('type', u32);
const task = parameter('task', handle);
const address = parameter('atAddress', size);

export const userClientCalls = {
  userClientWithTask: call('userClientWithTask', [parameter('owningTask', handle)], handle, (kernel, caller, id) => {
    const owner = liveTask(kernel, caller, id);
    return owner === null ? 0 : kernel.handles.give(new IOUserClient(kernel.iokit, owner.number), caller);
  }),

  clientMemoryForType: call(
    'clientMemoryForType',
    [client, type, parameter('memory', handle), parameter('options', u32)],
    u32,
    (kernel, caller, id, kind, memory, options) =>
      clientOf(kernel, caller, id).clientMemoryForType(caller, kind, descriptorOf(kernel, caller, memory), options),
  ),

  /** The map stays the connection's: the caller gets the right to use it and no reference. */
  mapClientMemory64: call(
    'mapClientMemory64',
    [client, type, task, parameter('mapFlags', u32), address],
    handle,
    function* (kernel, caller, id, kind, taskId, mapFlags, at): Steps<number> {
      const target = clientOf(kernel, caller, id);
      const into = liveTask(kernel, caller, taskId);
      if (into === null) return 0;
      const map = yield* keeping(target, caller, target.mapClientMemory64(caller, kind, into.space, mapFlags, at));
      return map === null ? 0 : kernel.handles.grant(map, caller);
    },
  ),

  unmapClientMemory: call(
    'unmapClientMemory',
    [client, type, task, address],
    u32,
    function* (kernel, caller, id, kind, taskId, at): Steps<number> {
      const target = clientOf(kernel, caller, id);
      const { space } = kernel.handles.lookup(taskId, 'Task', caller) as KernelThread['task'];
      return yield* keeping(target, caller, target.unmapClientMemory(caller, kind, space, at));
    },
  ),

  clientClose: call('clientClose', [client], u32, (kernel, caller, id) =>
    clientOf(kernel, caller, id).clientClose(caller),
  ),
};

const clientOf = (kernel: Kernel, caller: KernelThread, id: number): IOUserClient =>
  kernel.handles.lookup(id, 'IOUserClient', caller) as IOUserClient;

/** Another thread may release the connection while this one waits. */
function* keeping<R>(target: IOUserClient, caller: KernelThread, steps: Steps<R>): Steps<R> {
  target.retain();
  try {
    return yield* steps;
  } finally {
    target.release(caller);
  }
}
