/** Calls on universal page lists, and on descriptors of their pages. */
import { KernelPanic } from '../../hardware/errors.ts';
import { IOGeneralMemoryDescriptor } from '../../iokit/general-memory-descriptor.ts';
import { kIODirectionIn, kIODirectionOut, kIOMemoryDirectionMask } from '../../iokit/options.ts';
import { makeListSource } from '../../iokit/source.ts';
import type { MemoryObject } from '../../vm/memory-object.ts';
import type { Steps } from '../../vm/steps.ts';
import { UniversalPageList } from '../../vm/universal-page-list.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, handle, size, u32 } from '../wire.ts';
import { autoPrepared, descriptorOf, make } from './descriptor.ts';

const list = [
  parameter('buffers', handle),
  parameter('count', size),
  parameter('offset', size),
  parameter('options', u32),
] as const;

export const pageListCalls = {
  createUPL: call(
    'createUPL',
    [parameter('object', handle), parameter('offset', size), parameter('size', size)],
    handle,
    (kernel, caller, id, offset, bytes) => {
      const object = kernel.handles.lookup(id, 'MemoryObject', caller) as MemoryObject;
      if (offset % kernel.vm.pageSize !== 0 || bytes === 0 || offset + bytes > object.size)
        throw new RangeError(`offset, size: expected whole pages of the object's ${object.size} bytes`);
      const made = UniversalPageList.create(kernel.vm, caller, object, offset, bytes);
      return made === null ? 0 : kernel.handles.give(made, caller);
    },
  ),

  withUPL: call('withUPL', list, handle, (kernel, caller, id, length, offset, options): Steps<number> => {
    const upl = listOf(kernel, caller, id, options);
    return make(kernel, caller, makeListSource(kernel.iokit, upl, offset, length, options));
  }),

  initWithUPL: call(
    'initWithUPL',
    [parameter('descriptor', handle), ...list],
    boolean,
    function* (kernel, caller, target, id, length, offset, options): Steps<boolean> {
      const object = descriptorOf(kernel, caller, target);
      const source = makeListSource(kernel.iokit, listOf(kernel, caller, id, options), offset, length, options);
      if (source === null || !(object instanceof IOGeneralMemoryDescriptor)) return false;
      return object.reinitialise(caller, source) && (yield* autoPrepared(caller, object));
    },
  ),
};

/** Pages that are held are on their way either in or out; the real kernel stops where that is not said. */
function listOf(kernel: Kernel, caller: KernelThread, id: number, options: number): UniversalPageList {
  const direction = options & kIOMemoryDirectionMask;
  const upl = kernel.handles.lookup(id, 'UPL', caller) as UniversalPageList;
  if (direction !== kIODirectionIn && direction !== kIODirectionOut)
    throw new KernelPanic(`a descriptor of a page list needs kIODirectionIn or kIODirectionOut, not ${direction}`);
  return upl;
}
