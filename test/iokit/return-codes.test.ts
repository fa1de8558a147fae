/** Every code of section 1.1 of the reference is reached; a call that fails changes nothing. */
import {
  kIODirectionIn,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIODirectionPrepareNoFault,
  kIOMapAnywhere,
  kIOMemoryAutoPrepare,
  kIOMemoryBufferPageable,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryPersistent,
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableKeepCurrent,
  kIOMemoryRemote,
  kIOMemoryTypeMask,
  kIOMemoryTypePhysical,
  kIOMemoryTypeUPL,
  kIOMemoryTypeVirtual,
} from '../../src/iokit/options.ts';
import { IOInterleavedMemoryDescriptor } from '../../src/task/iokit/io-interleaved-memory-descriptor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { UPL } from '../../src/task/iokit/upl.ts';
import { VM_PROT_READ } from '../../src/task/task.ts';
import {
  describe,
  fill,
  hole,
  interleavedOf,
  multiOf,
  partOf,
  readOnly,
  remote,
  resident,
  unmapped,
} from '../support/descriptors.ts';
import { failureSuite } from '../support/failures.ts';
import type { TestMachine } from '../support/machine.ts';

const { fails, run } = failureSuite('return codes of descriptors');
const virtual = kIODirectionOutIn | kIOMemoryTypeVirtual;

// Factories.

const ranges = (address: number | bigint, length: number | bigint) => [{ address, length }];
fails(
  'withAddress',
  'null',
  'a range that wraps',
  () => () => IOMemoryDescriptor.withAddress(2n ** 64n - 8n, 16, kIODirectionOut),
);
fails(
  'withAddress',
  'null',
  'its automatic prepare finds nothing',
  () => () => IOMemoryDescriptor.withAddress(hole, 16, kIODirectionOut),
  { semantics: ['xnu'] },
);
fails(
  'withPhysicalAddress',
  'null',
  'a range that wraps',
  () => () => IOMemoryDescriptor.withPhysicalAddress(2n ** 64n - 8n, 16, kIODirectionOut),
);
fails('withAddressRange', 'null', 'beyond every address space', (m) => () => describe(m, 2 ** 47, 1));
fails('withAddressRange', 'null', 'a task that is dead', (m) => {
  m.kill(m.client);
  return () => describe(m, hole, 16);
});
fails(
  'withAddressRanges',
  'null',
  'one range of several wraps',
  (m) => () =>
    IOMemoryDescriptor.withAddressRanges([...ranges(hole, 16), ...ranges(2n ** 64n - 1n, 1)], virtual, m.client),
);
fails(
  'withOptions',
  'null',
  'a type that there is not',
  (m) => () => IOMemoryDescriptor.withOptions(ranges(hole, 16), 1, 0, m.client, kIODirectionOut | kIOMemoryTypeMask),
);
fails(
  'withOptions',
  'null',
  'virtual memory of no task',
  () => () => IOMemoryDescriptor.withOptions(ranges(hole, 16), 1, 0, null, virtual),
);
fails(
  'withOptions',
  'null',
  'more pages than memory has',
  (m) => () =>
    IOMemoryDescriptor.withOptions(ranges(hole, m.hardware.configuration.physicalMemory + 1), 1, 0, m.client, virtual),
);
fails('withOptions', 'null', 'a length that cannot be expressed', () => () => {
  const huge = ranges(0, 2 ** 52);
  const options = kIODirectionOut | kIOMemoryTypePhysical | kIOMemoryRemote;
  return IOMemoryDescriptor.withOptions([...huge, ...huge, ...huge], 3, 0, null, options);
});
fails(
  'withOptions',
  'null',
  'its automatic prepare fails',
  (m) => () => IOMemoryDescriptor.withOptions(ranges(hole, 16), 1, 0, m.client, virtual | kIOMemoryAutoPrepare),
);
fails(
  'withOptions',
  'null',
  'its memory reference cannot be had',
  (m) => () => IOMemoryDescriptor.withOptions(ranges(hole, 16), 1, 0, m.client, virtual | kIOMemoryPersistent),
);
for (const direction of [kIODirectionNone, kIODirectionOutIn])
  fails('withOptions', 'panic', `a page list with direction ${direction}`, (m) => {
    const upl = UPL.withObject(MemoryObject.withSize(m.pageSize), 0, m.pageSize);
    return () => IOMemoryDescriptor.withOptions(upl, 16, 0, null, direction | kIOMemoryTypeUPL);
  });
fails('withPersistentMemoryDescriptor', 'null', 'of a descriptor that is not persistent', (m) => {
  const md = resident(m, 1);
  return () => IOMemoryDescriptor.withPersistentMemoryDescriptor(md);
});
fails('withPersistentMemoryDescriptor', 'null', 'of one that is not general', (m) => {
  const part = partOf(resident(m, 1, kIODirectionOutIn | kIOMemoryPersistent));
  return () => IOMemoryDescriptor.withPersistentMemoryDescriptor(part);
});
fails('withPersistentMemoryDescriptor', 'null', 'its memory is gone', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = describe(m, address, m.pageSize, kIODirectionOutIn | kIOMemoryPersistent);
  m.client.deallocate(address, m.pageSize);
  return () => IOMemoryDescriptor.withPersistentMemoryDescriptor(md);
});

// Life cycle.

for (const [when, task, options, range] of [
  ['a type that there is not', true, kIODirectionOut | kIOMemoryTypeMask, ranges(hole, 16)],
  ['virtual memory of no task', false, virtual, ranges(hole, 16)],
  ['a range that wraps', true, virtual, ranges(2n ** 64n - 1n, 1)],
  ['more pages than memory has', true, virtual, ranges(hole, 2 ** 34)],
] as const)
  fails('initWithOptions', 'false', when, (m) => {
    const md = resident(m, 1);
    md.prepare();
    return () => md.initWithOptions(range, 1, 0, task ? m.client : null, options);
  });
fails('initWithOptions', 'false', 'a memory reference that cannot be had', (m) => {
  const md = resident(m, 1);
  md.prepare();
  return () => md.initWithOptions(ranges(hole, 16), 1, 0, m.client, virtual | kIOMemoryPersistent);
});
fails(
  'initWithOptions',
  'false',
  'an automatic prepare that fails',
  (m) => {
    const md = resident(m, 1);
    md.prepare();
    return () => md.initWithOptions(ranges(hole, 16), 1, 0, m.client, virtual | kIOMemoryAutoPrepare);
  },
  { changes: ['documented', 'xnu'] },
);
fails('initWithOptions', 'false', 'the base class’s, of a part', (m) => {
  const part = partOf(resident(m, 1));
  return () => part.initWithOptions(ranges(hole, 16), 1, 0, m.client, virtual);
});
fails(
  'initWithOptions',
  'false',
  'a descriptor that is mapped',
  (m) => {
    const md = resident(m, 1);
    md.createMappingInTask(m.other, 0, kIOMapAnywhere);
    return () => md.initWithOptions(ranges(hole, 16), 1, 0, m.client, virtual);
  },
  { semantics: ['documented'] },
);

// Wiring and data.

for (const [which, make] of [
  ['itself', remote],
  ['its parent', (m: TestMachine) => partOf(remote(m))],
  ['a part', (m: TestMachine) => multiOf(resident(m, 1), remote(m))],
  ['a piece', (m: TestMachine) => interleavedOf(remote(m))],
] as const) {
  fails('prepare', 'kIOReturnNotAttached', `${which} is memory of another machine`, (m) => {
    const md = make(m);
    return () => md.prepare();
  });
  fails('complete', 'kIOReturnNotAttached', `${which} is memory of another machine`, (m) => {
    const md = make(m);
    return () => md.complete();
  });
}
fails('prepare', 'kIOReturnNotWritable', 'prepared for reading already', (m) => {
  const md = resident(m, 1);
  md.prepare(kIODirectionOut);
  return () => md.prepare(kIODirectionIn);
});
fails('prepare', 'kIOReturnCannotWire', 'nothing is mapped at the second of two ranges', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.touch(m.client, address, 1, true);
  const two = [...ranges(address, m.pageSize), ...ranges(hole, m.pageSize)];
  const md = IOMemoryDescriptor.withAddressRanges(two, kIODirectionOutIn, m.client);
  return () => md.prepare();
});
fails('prepare', 'kIOReturnNoResources', 'NoFault, and a page is not resident', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.touch(m.client, address, m.pageSize, true);
  const md = describe(m, address, 2 * m.pageSize);
  return () => md.prepare(kIODirectionPrepareNoFault);
});
fails('prepare', 'kIOReturnNoResources', 'the memory of a device that is not there', (m) => {
  const device = IOMemoryDescriptor.withPhysicalAddress(2 ** 32, m.pageSize, kIODirectionOutIn);
  const map = device.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const md = describe(m, map.getVirtualAddress(), m.pageSize);
  return () => md.prepare();
});
fails('prepare', 'kIOReturnNoMemory', 'memory is used up', (m) => {
  const md = describe(m, m.client.allocate(2 * m.pageSize), 2 * m.pageSize);
  fill(m);
  return () => md.prepare();
});
fails(
  'prepare',
  'kIOReturnNoMemory',
  'memory is used up by the copy of a page',
  (m) => {
    const address = m.client.allocate(m.pageSize);
    m.touch(m.client, address, 1, true);
    m.other.remap(m.client, address, m.pageSize, { copy: true });
    const md = describe(m, address, m.pageSize);
    fill(m);
    return () => md.prepare();
  },
  { only: 'counts' },
);
fails('prepare', 'KERN_PROTECTION_FAILURE', 'the task may not write', (m) => {
  const md = readOnly(m, kIODirectionIn);
  return () => md.prepare();
});
fails('prepare', 'KERN_INVALID_RIGHT', 'the memory reference lacks permission', (m) => {
  const md = readOnly(m, kIODirectionOut);
  md.createMappingInTask(m.other, 0, kIOMapAnywhere | 0x1000);
  return () => md.prepare(kIODirectionIn);
});
fails('prepare', 'kIOReturnInternalError', 'a multi descriptor of nothing', () => {
  const md = IOMultiMemoryDescriptor.withDescriptors([], kIODirectionOutIn);
  return () => md.prepare();
});
fails('prepare', 'kIOReturnInternalError', 'an interleaved descriptor of nothing', () => {
  const md = IOInterleavedMemoryDescriptor.withCapacity(1, kIODirectionOutIn);
  return () => md.prepare();
});
for (const [kind, make, hazards] of [
  ['multi', multiOf, []],
  ['interleaved', interleavedOf, ['xnu']],
] as const)
  fails(
    'prepare',
    'kIOReturnCannotWire',
    `the third part of a ${kind} descriptor fails`,
    (m) => {
      const md = make(resident(m, 1), resident(m, 2), unmapped(m));
      return () => md.prepare();
    },
    { changes: hazards },
  );
fails('readBytes', 0, 'memory of another machine', (m) => {
  const md = remote(m);
  return () => md.readBytes(0, new Uint8Array(4));
});
fails('writeBytes', 0, 'memory of another machine', (m) => {
  const md = remote(m);
  return () => md.writeBytes(0, new Uint8Array(4));
});
fails('writeBytes', 0, 'prepared for reading', (m) => {
  const md = resident(m, 1);
  md.prepare(kIODirectionOut);
  return () => md.writeBytes(0, new Uint8Array(4));
});
fails(
  'readBytes',
  0,
  'prepared for writing',
  (m) => {
    const md = resident(m, 1);
    md.prepare(kIODirectionIn);
    return () => md.readBytes(0, new Uint8Array(4));
  },
  { semantics: ['documented'] },
);
for (const [call, copy] of [
  ['readBytes', (md: IOMemoryDescriptor, offset: number, n: number) => md.readBytes(offset, new Uint8Array(n))],
  ['writeBytes', (md: IOMemoryDescriptor, offset: number, n: number) => md.writeBytes(offset, new Uint8Array(n))],
] as const) {
  fails(call, 0, 'beyond the end', (m) => {
    const md = resident(m, 1);
    md.prepare();
    return () => copy(md, m.pageSize, 1);
  });
  fails(
    call,
    0,
    'over the end',
    (m) => {
      const md = resident(m, 1);
      md.prepare();
      return () => copy(md, m.pageSize - 1, 2);
    },
    { semantics: ['xnu'] },
  );
  fails(call, 'panic', 'not prepared', (m) => {
    const md = resident(m, 1);
    return () => copy(md, 0, 1);
  });
}
fails('getPhysicalSegment', 'panic', 'not prepared', (m) => {
  const md = resident(m, 1);
  return () => md.getPhysicalSegment(0);
});
for (const [failure, when, operation, make, offset] of [
  ['kIOReturnNotAttached', 'memory of another machine', kIOMemoryIncoherentIOFlush, remote, 0],
  ['kIOReturnUnsupported', 'an operation that there is not', 99, (m: TestMachine) => resident(m, 1), 0],
  ['kIOReturnUnderrun', 'beyond the end', kIOMemoryIncoherentIOFlush, (m: TestMachine) => resident(m, 1), 1],
] as const)
  fails('performOperation', failure, when, (m) => {
    const md = make(m);
    md.prepare();
    return () => md.performOperation(operation, md.getLength() + offset, 1);
  });

// Paging attributes.

const purge =
  (md: IOMemoryDescriptor, state = kIOMemoryPurgeableEmpty) =>
  () =>
    md.setPurgeable(state);
const purgeable = (m: TestMachine) => m.client.allocate(2 * m.pageSize, { purgeable: true });
for (const state of [0, 5, 15])
  for (const mapped of [false, true])
    fails('setPurgeable', 'kIOReturnBadArgument', `state ${state}, ${mapped ? 'mapped' : 'never mapped'}`, (m) => {
      const md = describe(m, purgeable(m), 2 * m.pageSize);
      if (mapped) md.createMappingInTask(m.other, 0, kIOMapAnywhere);
      return purge(md, state);
    });
fails('setPurgeable', 'kIOReturnNotReady', 'an interleaved descriptor', (m) => purge(interleavedOf(resident(m, 1))));
fails('setPurgeable', 'kIOReturnNotReady', 'pageable memory of the kernel, never mapped', (m) => {
  const address = m.kernel.allocate(m.pageSize, { purgeable: true });
  const options = kIODirectionOutIn | kIOMemoryBufferPageable;
  return purge(IOMemoryDescriptor.withAddressRange(address, m.pageSize, options, m.kernel));
});
fails('setPurgeable', 'kIOReturnUnsupported', 'physical memory', (m) =>
  purge(IOMemoryDescriptor.withPhysicalAddress(m.pageSize, 16, kIODirectionOut)),
);
fails('setPurgeable', 'kIOReturnNotAttached', 'memory of another machine', (m) => purge(remote(m)));
fails('setPurgeable', 'KERN_INVALID_ADDRESS', 'nothing is mapped', (m) => purge(unmapped(m)));
fails('setPurgeable', 'KERN_PROTECTION_FAILURE', 'the task may not write', (m) => {
  const address = purgeable(m);
  m.client.protect(address, 2 * m.pageSize, VM_PROT_READ);
  return purge(describe(m, address, 2 * m.pageSize));
});
fails('setPurgeable', 'KERN_INVALID_ARGUMENT', 'memory that is not purgeable', (m) => purge(resident(m, 1)));
fails('setPurgeable', 'KERN_INVALID_ARGUMENT', 'part of an object, through its reference', (m) => {
  const md = describe(m, purgeable(m), m.pageSize);
  md.createMappingInTask(m.other, 0, kIOMapAnywhere);
  return purge(md, kIOMemoryPurgeableKeepCurrent);
});
fails('getPageCounts', 'kIOReturnNotReady', 'never mapped', (m) => {
  const md = resident(m, 1);
  return () => md.getPageCounts();
});
fails('getPageCounts', 'kIOReturnNotReady', 'an interleaved descriptor', (m) => {
  const md = interleavedOf(resident(m, 1));
  return () => md.getPageCounts();
});
fails('getPageCounts', 'kIOReturnNotAttached', 'memory of another machine', (m) => {
  const md = remote(m);
  return () => md.getPageCounts();
});

run();
