/** Calls on memory cursors. */
import { IOMemoryCursor } from '../../iokit/memory-cursor.ts';
import { call, parameter } from '../call.ts';
import { count, handle, list, record, size, u8, u32 } from '../wire.ts';
import { descriptorOf, segment } from './descriptor.ts';
import { mostSegments } from './dma-command.ts';

export const cursorCalls = {
  cursorWithSpecification: call(
    'cursorWithSpecification',
    [parameter('outSegFunc', u8), parameter('maxSegmentSize', size), parameter('maxTransferSize', size)],
    handle,
    (kernel, caller, segmentFunction, maxSegmentSize, maxTransferSize) => {
      const { iokit } = kernel;
      const cursor = IOMemoryCursor.withSpecification(iokit, segmentFunction, maxSegmentSize, maxTransferSize);
      return cursor === null ? 0 : kernel.handles.give(cursor, caller);
    },
  ),
  genPhysicalSegments: call(
    'genPhysicalSegments',
    [
      parameter('cursor', handle),
      parameter('descriptor', handle),
      parameter('fromPosition', size),
      parameter('maxSegments', u32),
      parameter('maxTransferSize', u32),
    ],
    record({ segmentFunction: u8, transferSize: count, segments: list(segment, mostSegments) }),
    (kernel, caller, id, descriptorId, from, maxSegments, maxTransferSize) => {
      const cursor = kernel.handles.lookup(id, 'IOMemoryCursor', caller) as IOMemoryCursor;
      const descriptor = descriptorId === 0 ? null : descriptorOf(kernel, caller, descriptorId);
      const most = Math.min(maxSegments, mostSegments);
      const generated = cursor.genPhysicalSegments(caller, descriptor, from, most, maxTransferSize);
      return {
        segmentFunction: cursor.segmentFunction,
        transferSize: generated.transferSize,
        segments: generated.segments.map(({ address, length }) => ({ address, length })),
      };
    },
  ),
};
