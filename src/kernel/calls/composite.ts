/** Calls that make descriptors of others, and those of IOInterleavedMemoryDescriptor, which are filled one by one. */
import { IOGuardPageMemoryDescriptor } from '../../iokit/guard-page-memory-descriptor.ts';
import { IOInterleavedMemoryDescriptor } from '../../iokit/interleaved-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../iokit/multi-memory-descriptor.ts';
import type { IOSubMemoryDescriptor } from '../../iokit/sub-memory-descriptor.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, handle, list, nothing, size, u32 } from '../wire.ts';
import { descriptorOf, keeping } from './descriptor.ts';

const interleaved = parameter('interleaved', handle);

export const compositeCalls = {
  withDescriptors: call(
    'withDescriptors',
    [parameter('descriptors', list(handle)), parameter('withDirection', u32), parameter('asReference', boolean)],
    handle,
    (kernel, caller, ids, direction, asReference) => {
      const parts = ids.map((id) => descriptorOf(kernel, caller, id));
      const made = IOMultiMemoryDescriptor.withDescriptors(kernel.iokit, parts, direction, asReference);
      return made === null ? 0 : kernel.handles.give(made, caller);
    },
  ),

  initSubRange: call(
    'initSubRange',
    [
      parameter('sub', handle),
      parameter('parent', handle),
      parameter('offset', size),
      parameter('length', size),
      parameter('direction', u32),
    ],
    boolean,
    (kernel, caller, id, parent, offset, length, direction) => {
      const sub = kernel.handles.lookup(id, 'IOSubMemoryDescriptor', caller) as IOSubMemoryDescriptor;
      return sub.initSubRange(caller, descriptorOf(kernel, caller, parent), offset, length, direction);
    },
  ),

  interleavedWithCapacity: call(
    'interleavedWithCapacity',
    [parameter('capacity', u32), parameter('direction', u32)],
    handle,
    (kernel, caller, capacity, direction) =>
      kernel.handles.give(new IOInterleavedMemoryDescriptor(kernel.iokit, capacity, direction), caller),
  ),

  interleavedSetMemoryDescriptor: call(
    'setMemoryDescriptor',
    [interleaved, parameter('descriptor', handle), parameter('offset', size), parameter('length', size)],
    boolean,
    (kernel, caller, id, part, offset, length) =>
      interleavedOf(kernel, caller, id).setMemoryDescriptor(descriptorOf(kernel, caller, part), offset, length),
  ),

  clearMemoryDescriptors: call(
    'clearMemoryDescriptors',
    [interleaved, parameter('direction', u32)],
    nothing,
    (kernel, caller, id, direction): Steps<void> => {
      const target = interleavedOf(kernel, caller, id);
      if (target.prepared)
        for (const one of target.wired) {
          if (one.mustBeSerialised) kernel.observer.touch(caller, one);
          if (one.wireCount > 0) one.prepares.add(caller.holder, -1);
        }
      return keeping(target, caller, target.clearMemoryDescriptors(caller, direction));
    },
  ),

  guardPagesWithSize: call(
    'guardPagesWithSize',
    [parameter('size', size)],
    handle,
    function* (kernel, caller, bytes): Steps<number> {
      yield* kernel.kernelTask.space.lock.free(caller);
      const made = IOGuardPageMemoryDescriptor.withSize(kernel.iokit, caller, bytes);
      return made === null ? 0 : kernel.handles.give(made, caller);
    },
  ),
};

function interleavedOf(kernel: Kernel, caller: KernelThread, id: number): IOInterleavedMemoryDescriptor {
  return kernel.handles.lookup(id, 'IOInterleavedMemoryDescriptor', caller) as IOInterleavedMemoryDescriptor;
}
