/**
 * Calls on DMA commands. Those that may copy take a buffer of the caller of `room` bytes, through which bounced data go, a step
 * for each time that it is filled.
 */

import { CopyBuffer } from '../../iokit/copy-buffer.ts';
import { IODMACommand } from '../../iokit/dma-command.ts';
import { cloneSpecification, makeSpecification } from '../../iokit/dma-specification.ts';
import { kIOReturnNotReady, kIOReturnSuccess } from '../../iokit/return-codes.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, type Decoded, handle, list, record, size, u8, u32 } from '../wire.ts';
import { descriptorOf, keeping, segment } from './descriptor.ts';
import { mapperOf } from './mapper.ts';

const command = parameter('command', handle);
const room = parameter('room', count);
const specification = record({
  segmentFunction: u8,
  numAddressBits: u8,
  maxSegmentSize: size,
  maxTransferSize: size,
  alignment: u32,
  alignmentLength: u32,
  alignmentInternalSegments: u32,
  mappingOptions: u32,
});
const specified = parameter('specification', specification);
const mapper = parameter('mapper', handle);
const offset = parameter('offset', size);
const length = parameter('length', size);
const flushCache = parameter('flushCache', boolean);
const synchronize = parameter('synchronize', boolean);

/** As many segments as one call can answer. */
export const mostSegments = 65536;

export const dmaCommandCalls = {
  commandWithSpecification: call(
    'commandWithSpecification',
    [specified, mapper],
    handle,
    (kernel, caller, request, mapperId) => {
      const accepted = specify(kernel, caller, request, mapperId);
      return accepted === null ? 0 : kernel.handles.give(new IODMACommand(kernel.iokit, accepted), caller);
    },
  ),
  commandWithRefCon: call('commandWithRefCon', [], handle, (kernel, caller) =>
    kernel.handles.give(new IODMACommand(kernel.iokit, null), caller),
  ),
  cloneCommand: call('cloneCommand', [command], handle, (kernel, caller, id) => {
    const { specification: original } = commandOf(kernel, caller, id);
    if (original === null) return 0;
    return kernel.handles.give(new IODMACommand(kernel.iokit, cloneSpecification(kernel.iokit, original)), caller);
  }),
  getCommandSpecification: call(
    'getCommandSpecification',
    [command],
    record({ numAddressBits: u8, alignment: u32, alignmentLength: u32, alignmentInternalSegments: u32 }),
    (kernel, caller, id) => {
      const {
        numAddressBits = 0,
        alignment = 1,
        alignmentLength = 1,
        alignmentInternalSegments = 1,
      } = commandOf(kernel, caller, id).specification ?? {};
      return { numAddressBits, alignment, alignmentLength, alignmentInternalSegments };
    },
  ),

  setMemoryDescriptor: call(
    'setMemoryDescriptor',
    [command, parameter('mem', handle), parameter('autoPrepare', boolean), room],
    u32,
    (kernel, caller, id, memory, autoPrepare, bytes): Steps<number> => {
      checkCopyRoom(bytes);
      const target = commandOf(kernel, caller, id);
      const descriptor = memory === 0 ? null : descriptorOf(kernel, caller, memory);
      const steps = target.setMemoryDescriptor(caller, descriptor, autoPrepare, bytes);
      return using(target, caller, descriptor === null ? steps : keeping(descriptor, caller, steps));
    },
  ),
  clearMemoryDescriptor: call(
    'clearMemoryDescriptor',
    [command, parameter('autoComplete', boolean), room],
    u32,
    (kernel, caller, id, autoComplete, bytes): Steps<number> => {
      checkCopyRoom(bytes);
      const target = commandOf(kernel, caller, id);
      return using(target, caller, target.clearMemoryDescriptor(caller, autoComplete, bytes));
    },
  ),
  /** The client's descriptor, or with `used` the one that the device uses. */
  getCommandDescriptor: call(
    'getCommandDescriptor',
    [command, parameter('used', boolean)],
    handle,
    (kernel, caller, id, used) => {
      const target = commandOf(kernel, caller, id);
      const descriptor = used ? target.used : target.memory;
      return descriptor === null ? 0 : kernel.handles.grant(descriptor, caller);
    },
  ),

  commandPrepare: call(
    'commandPrepare',
    [command, offset, length, flushCache, synchronize, room],
    u32,
    (kernel, caller, id, from, bytes, flush, copies, most): Steps<number> => {
      checkCopyRoom(most);
      const target = commandOf(kernel, caller, id);
      return using(target, caller, target.prepare(caller, from, bytes, flush, copies, most));
    },
  ),
  prepareWithSpecification: call(
    'prepareWithSpecification',
    [command, specified, mapper, offset, length, flushCache, synchronize, room],
    u32,
    function* (kernel, caller, id, request, mapperId, from, bytes, flush, copies, most): Steps<number> {
      checkCopyRoom(most);
      const target = commandOf(kernel, caller, id);
      const code = target.specify(specify(kernel, caller, request, mapperId));
      if (code !== kIOReturnSuccess) return code;
      return yield* using(target, caller, target.prepare(caller, from, bytes, flush, copies, most));
    },
  ),
  commandComplete: call(
    'commandComplete',
    [command, parameter('invalidateCache', boolean), synchronize, room],
    u32,
    (kernel, caller, id, invalidate, copies, most): Steps<number> => {
      checkCopyRoom(most);
      const target = commandOf(kernel, caller, id);
      return using(target, caller, target.complete(caller, invalidate, copies, most));
    },
  ),
  commandSynchronize: call(
    'commandSynchronize',
    [command, parameter('options', u32), room],
    u32,
    (kernel, caller, id, options, most): Steps<number> => {
      checkCopyRoom(most);
      const target = commandOf(kernel, caller, id);
      return using(target, caller, target.synchronize(caller, options, most));
    },
  ),
  getPreparedOffsetAndLength: call(
    'getPreparedOffsetAndLength',
    [command],
    record({ result: u32, offset: count, length: count }),
    (kernel, caller, id) => {
      const prepared = commandOf(kernel, caller, id).preparation;
      return prepared.active === 0
        ? { result: kIOReturnNotReady, offset: 0, length: 0 }
        : { result: kIOReturnSuccess, offset: expressible(prepared.offset), length: expressible(prepared.length) };
    },
  ),

  genIOVMSegments: call(
    'genIOVMSegments',
    [command, offset, parameter('numSegments', u32)],
    record({ result: u32, offset: count, segmentFunction: u8, segments: list(segment, mostSegments) }),
    function* (kernel, caller, id, from, most) {
      const target = commandOf(kernel, caller, id);
      const generated = target.genIOVMSegments(caller, from, Math.min(most, mostSegments));
      const { result, offset: next, segments } = yield* using(target, caller, generated);
      return {
        result,
        offset: result === kIOReturnSuccess ? next : 0,
        segmentFunction: target.specification?.segmentFunction ?? 0,
        segments: segments.map(({ address, length: bytes }) => ({ address, length: bytes })),
      };
    },
  ),

  commandReadBytes: call(
    'commandReadBytes',
    [command, offset, length, room],
    count,
    (kernel, caller, id, from, bytes, most): Steps<number> => {
      const target = commandOf(kernel, caller, id);
      checkRoom(target, from, bytes, most);
      return using(target, caller, target.copyBytes(caller, from, Math.min(bytes, most), false));
    },
  ),
  commandWriteBytes: call(
    'commandWriteBytes',
    [command, offset, length, room],
    count,
    (kernel, caller, id, from, bytes, most): Steps<number> => {
      const target = commandOf(kernel, caller, id);
      checkRoom(target, from, bytes, most);
      return using(target, caller, target.copyBytes(caller, from, Math.min(bytes, most), true));
    },
  ),

  createCopyBuffer: call(
    'createCopyBuffer',
    [command, parameter('direction', u32), length],
    handle,
    (kernel, caller, id, direction, bytes) => {
      commandOf(kernel, caller, id);
      const mask = 2 ** 32 - kernel.vm.pageSize;
      const made = CopyBuffer.make(kernel.iokit, caller, direction, bytes, mask);
      return made === null ? 0 : kernel.handles.give(made, caller);
    },
  ),
};

export function commandOf(kernel: Kernel, caller: KernelThread, id: number): IODMACommand {
  return kernel.handles.lookup(id, 'IODMACommand', caller) as IODMACommand;
}

/** The sources take windows that no memory has. */
const expressible = (value: number): number => Math.min(value, Number.MAX_SAFE_INTEGER);

/** A buffer without room would be asked for more of it for ever. */
export function checkCopyRoom(room: number): void {
  if (room === 0) throw new RangeError('room: expected a buffer to copy through, got none');
}

/** Runs a call on a command that others might release, or use, meanwhile. */
function using<R>(target: IODMACommand, caller: KernelThread, steps: Steps<R>): Steps<R> {
  return keeping(target, caller, target.exclusively(caller, steps));
}

function specify(kernel: Kernel, caller: KernelThread, request: Decoded<typeof specification>, mapperId: number) {
  return makeSpecification(kernel.iokit, request, mapperId === 0 ? null : mapperOf(kernel, caller, mapperId));
}

function checkRoom(target: IODMACommand, from: number, bytes: number, most: number): void {
  const needed = Math.min(bytes, Math.max(0, target.preparation.length - from));
  if (needed > most) throw new RangeError(`bytes: expected room for ${needed} bytes, got ${most}`);
}
