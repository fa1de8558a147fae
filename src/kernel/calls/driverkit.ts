/** Calls that only DriverKit's classes make. */
import { completeDMA, type DextPreparation, prepareForDMA } from '../../iokit/dext-dma.ts';
import { wiredParts } from '../../iokit/dma-memory.ts';
import type { IOMemoryMap } from '../../iokit/io-memory-map.ts';
import type { IOMemoryDescriptor } from '../../iokit/memory-descriptor.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import { asksIt } from '../effects.ts';
import type { KernelThread } from '../thread.ts';
import { count, handle, list, record, size, u32 } from '../wire.ts';
import { descriptorOf, keeping, segment } from './descriptor.ts';
import { checkCopyRoom, commandOf } from './dma-command.ts';

/** Elements of an array that a dext passes. */
export const mostElements = 32;

export const driverkitCalls = {
  getMapOffset: call(
    'getMapOffset',
    [parameter('map', handle)],
    count,
    (kernel, caller, id) => {
      return (kernel.handles.lookup(id, 'IOMemoryMap', caller) as IOMemoryMap).offset;
    },
    asksIt,
  ),

  prepareForDMA: call(
    'prepareForDMA',
    [
      parameter('command', handle),
      parameter('memory', handle),
      parameter('offset', size),
      parameter('length', size),
      parameter('segmentsCount', u32),
      parameter('room', count),
    ],
    record({ result: u32, flags: u32, segments: list(segment, mostElements) }),
    function* (kernel, caller, id, memory, offset, length, most, room) {
      checkCopyRoom(room);
      const target = commandOf(kernel, caller, id);
      const descriptor = descriptorOf(kernel, caller, memory);
      for (const part of wiredParts(descriptor)) if (part.mustBeSerialised) kernel.observer.touch(caller, part);
      const segmentsCount = Math.min(most, mostElements);
      const counted = counting(caller);
      const steps = prepareForDMA(caller, target, descriptor, offset, length, segmentsCount, room, counted);
      const { result, flags, segments }: DextPreparation = yield* keeping(
        target,
        caller,
        keeping(descriptor, caller, steps),
      );
      return { result, flags, segments: segments.map(({ address, length: bytes }) => ({ address, length: bytes })) };
    },
  ),

  completeDMA: call(
    'completeDMA',
    [parameter('command', handle), parameter('room', count)],
    u32,
    (kernel, caller, id, room): Steps<number> => {
      checkCopyRoom(room);
      const target = commandOf(kernel, caller, id);
      const steps = completeDMA(caller, target, room, counting(caller));
      return keeping(target, caller, steps);
    },
  ),
};

/** Notes for `caller` each prepare of memory, and each complete that has one to undo. */
function counting(caller: KernelThread): (memory: IOMemoryDescriptor, change: number) => void {
  return (memory, change) => {
    for (const part of wiredParts(memory)) if (part.wireCount > 0) part.prepares.add(caller.holder, change);
  };
}
