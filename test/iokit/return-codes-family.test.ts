/** Every way in which the calls of sections 1.3 to 1.8 of the reference fail is reached; each leaves everything as it was. */
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMemoryKernelUserShared,
  kIOMemoryMapCopyOnWrite,
  kIOMemoryPageable,
  kIOMemoryPhysicallyContiguous,
} from '../../src/iokit/options.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IODeviceMemory } from '../../src/task/iokit/io-device-memory.ts';
import { IOGuardPageMemoryDescriptor } from '../../src/task/iokit/io-guard-page-memory-descriptor.ts';
import { IOInterleavedMemoryDescriptor } from '../../src/task/iokit/io-interleaved-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { fill, hole, interleavedOf, partOf, resident } from '../support/descriptors.ts';
import { failureSuite } from '../support/failures.ts';
import type { TestMachine } from '../support/machine.ts';

const { fails, run } = failureSuite('return codes of the family');

// Buffers.

const pageable = kIODirectionOutIn | kIOMemoryPageable;
const buffer = IOBufferMemoryDescriptor;
for (const [when, make] of [
  ['a capacity of 0', () => buffer.withOptions(kIODirectionOut, 0)],
  [
    'memory of a task that is not pageable',
    (m: TestMachine) => buffer.inTaskWithOptions(m.client, kIODirectionOut, 16),
  ],
  ['memory of no task that is not pageable', () => buffer.inTaskWithOptions(null, kIODirectionOut, 16)],
  [
    'a capacity that rounds beyond 2^64',
    (m: TestMachine) => buffer.inTaskWithOptions(m.client, pageable, 2n ** 64n - 1n),
  ],
  ['more than there is', (m: TestMachine) => buffer.withOptions(kIODirectionOut, 2 ** 20 + m.pageSize)],
  ['contiguous memory that there is not', () => buffer.withCapacity(2 ** 20, kIODirectionOut, true)],
  ['frames below a page', (m: TestMachine) => buffer.inTaskWithPhysicalMask(m.kernel, kIODirectionOut, 16, 0xff)],
  ['a copy of what is not mapped', (m: TestMachine) => buffer.withCopy(m.client, pageable, m.other, hole, 16)],
  ['a copy that is not pageable', (m: TestMachine) => buffer.withCopy(m.client, kIODirectionOut, m.other, hole, 16)],
  ['a copy for no task', (m: TestMachine) => buffer.withCopy(null, pageable, m.other, hole, 16)],
  ['guards around pageable memory', (m: TestMachine) => buffer.inTaskWithGuardPages(m.client, pageable, 16)],
  [
    'guards around contiguous memory',
    (m: TestMachine) => buffer.inTaskWithGuardPages(m.kernel, kIODirectionOut | kIOMemoryPhysicallyContiguous, 16),
  ],
] as const)
  fails('IOBufferMemoryDescriptor', 'null', when, (m) => () => make(m));
fails(
  'IOBufferMemoryDescriptor',
  'null',
  'memory is short',
  (m) => {
    fill(m, 1);
    return () => buffer.withOptions(kIODirectionOut | kIOMemoryKernelUserShared, 2 * m.pageSize);
  },
  { only: 'counts' },
);
for (const [when, start, length] of [
  ['at the end', 16, 0],
  ['over the end', 15, 2],
  ['a sum that wraps', 1, 2n ** 64n - 1n],
] as const)
  fails('getBytesNoCopy', 'null', when, () => {
    const md = buffer.withCapacity(16, kIODirectionOut);
    return () => md.getBytesNoCopy(start, length);
  });

// Parts, several, pieces, guards, devices.

fails('IOSubMemoryDescriptor', 'null', 'beyond its parent', (m) => {
  const md = resident(m, 1);
  return () => IOSubMemoryDescriptor.withSubRange(md, 1, m.pageSize, kIODirectionOut);
});
fails('initSubRange', 'false', 'beyond its parent', (m) => {
  const part = partOf(resident(m, 1));
  const other = resident(m, 1);
  return () => part.initSubRange(other, 1, m.pageSize, kIODirectionOut);
});
fails('initSubRange', 'false', 'a part of itself', (m) => {
  const part = partOf(resident(m, 1));
  const smaller = IOSubMemoryDescriptor.withSubRange(part, 0, 8, kIODirectionOut);
  return () => part.initSubRange(smaller, 0, 4, kIODirectionOut);
});
fails('IOMultiMemoryDescriptor', 'null', 'pageable buffers and others', (m) => {
  const parts = [resident(m, 1), buffer.inTaskWithOptions(m.client, pageable, 16)];
  return () => IOMultiMemoryDescriptor.withDescriptors(parts, kIODirectionOut);
});
fails('setMemoryDescriptor', 'false', 'prepared', (m) => {
  const md = resident(m, 1);
  const made = interleavedOf(md);
  made.prepare();
  return () => made.setMemoryDescriptor(md, 0, 1);
});
fails('setMemoryDescriptor', 'false', 'full', (m) => {
  const md = resident(m, 1);
  const made = interleavedOf(md);
  return () => made.setMemoryDescriptor(md, 0, 1);
});
fails('setMemoryDescriptor', 'false', 'beyond the other descriptor', (m) => {
  const md = resident(m, 1);
  const made = IOInterleavedMemoryDescriptor.withCapacity(2, kIODirectionOut);
  return () => made.setMemoryDescriptor(md, 1, m.pageSize);
});
fails('IOGuardPageMemoryDescriptor', 'null', 'no pages', () => () => IOGuardPageMemoryDescriptor.withSize(0));
fails(
  'IOGuardPageMemoryDescriptor',
  'null',
  'more than fits',
  () => () => IOGuardPageMemoryDescriptor.withSize(2n ** 64n - 1n),
);
fails(
  'IODeviceMemory',
  'null',
  'an element that wraps',
  () => () =>
    IODeviceMemory.arrayFromList([
      { start: 0, length: 16, tag: 1 },
      { start: 2n ** 64n - 1n, length: 2, tag: 2 },
    ]),
  { only: 'counts' },
);
// A snapshot needs memory when it is taken, not when its descriptor is made.
fails(
  'createMappingInTask',
  'null',
  'memory for a snapshot is short',
  (m) => {
    const md = resident(m, 1, kIODirectionOutIn | kIOMemoryMapCopyOnWrite);
    md.prepare();
    fill(m);
    return () => md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  },
  { only: 'counts' },
);

run();
