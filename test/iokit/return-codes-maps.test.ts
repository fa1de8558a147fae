/** Every way in which maps, and the calls that make them, fail (xnu-reference 1.2, 1.5 to 1.7, 1.13, 3.4); nothing changes then. */
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapGuardedSmall,
  kIOMapOverwrite,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapUnique,
  kIOMemoryMapCopyOnWrite,
} from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOUserClient } from '../../src/task/iokit/io-user-client.ts';
import {
  describe,
  fill,
  interleavedOf,
  multiOf,
  partOf,
  readOnly,
  resident,
  unmapped,
} from '../support/descriptors.ts';
import { failureSuite } from '../support/failures.ts';
import type { TestMachine } from '../support/machine.ts';

const { fails, run } = failureSuite('return codes of maps');
const place = 2 ** 34;

const mapped = (m: TestMachine, md: IOMemoryDescriptor, options = kIOMapAnywhere) =>
  md.createMappingInTask(m.other, 0, options);

// createMappingInTask has no codes: null is all that a caller learns.
for (const [when, make, options] of [
  ['nothing is mapped at the source', unmapped, kIOMapAnywhere],
  ['a source that may not be written', (m: TestMachine) => readOnly(m, kIODirectionIn), kIOMapAnywhere],
  ['an interleaved descriptor', (m: TestMachine) => interleavedOf(resident(m, 1)), kIOMapAnywhere],
  ['no bytes', (m: TestMachine) => describe(m, place, 0), kIOMapAnywhere],
  ['Reference, and there is no map yet', (m: TestMachine) => resident(m, 1), kIOMapAnywhere | kIOMapReference],
  ['guards at an address that was asked for', (m: TestMachine) => resident(m, 1), kIOMapGuardedSmall],
  ['Overwrite anywhere', (m: TestMachine) => resident(m, 1), kIOMapAnywhere | kIOMapOverwrite],
] as const)
  fails('createMappingInTask', 'null', when, (m) => {
    const md = make(m);
    return () => md.createMappingInTask(m.other, place, options);
  });
fails('createMappingInTask', 'null', 'no task', (m) => {
  const md = resident(m, 1);
  return () => md.createMappingInTask(null, 0, kIOMapAnywhere);
});
fails('createMappingInTask', 'null', 'a task that is dead', (m) => {
  const md = resident(m, 1);
  m.kill(m.other);
  return () => mapped(m, md);
});
fails(
  'createMappingInTask',
  'null',
  'Prefault of what is not prepared',
  (m) => {
    const md = resident(m, 1);
    return () => mapped(m, md, kIOMapAnywhere | kIOMapPrefault);
  },
  { changes: ['xnu'] },
);
fails(
  'createMappingInTask',
  'null',
  'pieces that do not end with their page',
  (m) => {
    const md = multiOf(describe(m, m.client.allocate(16), 16), resident(m, 1));
    return () => mapped(m, md);
  },
  { semantics: ['documented'], only: 'counts' },
);
fails(
  'createMappingInTask',
  'null',
  'a piece that cannot be mapped',
  (m) => {
    const md = multiOf(resident(m, 1), unmapped(m));
    return () => mapped(m, md);
  },
  { changes: ['xnu'], only: 'counts' },
);
fails(
  'createMappingInTask',
  'null',
  'addresses that are taken',
  (m) => {
    const md = resident(m, 2);
    m.other.allocate(m.pageSize, { address: place + m.pageSize });
    return () => md.createMappingInTask(m.other, place, 0);
  },
  { only: 'counts' },
);
for (const [when, address] of [
  ['page 0', 0],
  ['beyond the address space', 2 ** 47 - 4096],
  ['far beyond', 2n ** 64n - 1n],
] as const)
  fails(
    'createMappingInTask',
    'null',
    `addresses that there are not: ${when}`,
    (m) => {
      const md = resident(m, 2);
      return () => md.createMappingInTask(m.other, address, 0);
    },
    { only: 'counts' },
  );
for (const [when, offset, length] of [
  ['begins at the end', 1, 0],
  ['begins beyond it', 2, 1],
  ['reaches over it', 0.5, 1],
] as const)
  for (const [kind, make] of [
    ['a descriptor', (m: TestMachine) => resident(m, 1)],
    ['a snapshot', (m: TestMachine) => resident(m, 1, kIODirectionOutIn | kIOMemoryMapCopyOnWrite)],
    [
      'device memory',
      (m: TestMachine) => IOMemoryDescriptor.withPhysicalAddress(m.pageSize, m.pageSize, kIODirectionOut),
    ],
  ] as const)
    fails('createMappingInTask', 'null', `a range of ${kind} that ${when}`, (m) => {
      const md = make(m);
      return () => md.createMappingInTask(m.other, 0, kIOMapAnywhere, offset * m.pageSize, length * m.pageSize);
    });
fails('createMappingInTask', 'null', 'a unique map of device memory in pieces', (m) => {
  const pieces = [1, 3].map((page) => ({ address: page * m.pageSize, length: m.pageSize }));
  const md = IOMemoryDescriptor.withAddressRanges(pieces, kIODirectionOut, null);
  return () => mapped(m, md, kIOMapAnywhere | kIOMapUnique);
});
fails('map', 'null', 'nothing is mapped at the source', (m) => {
  const md = unmapped(m);
  return () => md.map();
});
fails('setMapping', 'null', 'no task', (m) => {
  const md = resident(m, 1);
  return () => md.setMapping(null, place);
});
fails('setMapping', 'null', 'a task that is dead', (m) => {
  const md = resident(m, 1);
  m.kill(m.other);
  return () => md.setMapping(m.other, place);
});

// Maps.

for (const [when, make] of [
  ['a map that registers what was there', (m: TestMachine, md: IOMemoryDescriptor) => md.setMapping(m.other, place)],
  [
    'a part of another map',
    (m: TestMachine, md: IOMemoryDescriptor) => {
      mapped(m, md);
      return md.createMappingInTask(m.other, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
    },
  ],
] as const)
  fails(
    'redirect',
    'kIOReturnError',
    when,
    (m) => {
      const map = make(m, resident(m, 2));
      const other = resident(m, 2);
      return () => map.redirect(other);
    },
    { semantics: ['documented'] },
  );
for (const [when, make] of [
  ['memory that is too short', (m: TestMachine) => resident(m, 1)],
  ['memory that is not there', (m: TestMachine) => describe(m, place, 2 * m.pageSize)],
] as const)
  fails(
    'redirect',
    'kIOReturnError',
    when,
    (m) => {
      const map = mapped(m, resident(m, 2));
      const other = make(m);
      return () => map.redirect(other);
    },
    { changes: ['xnu'] },
  );
fails(
  'redirect',
  'kIOReturnError',
  'memory that lies otherwise in its page',
  (m) => {
    const map = mapped(m, partOf(resident(m, 1)));
    const other = describe(m, m.client.allocate(m.pageSize) + 8, 16);
    return () => map.redirect(other);
  },
  { semantics: ['documented'], only: 'counts' },
);
const both = kIODirectionOutIn;
fails('wireRange', 'KERN_INVALID_ARGUMENT', 'an unmapped map', (m) => {
  const map = mapped(m, resident(m, 1));
  map.unmap();
  return () => map.wireRange(both, 0, 1);
});
fails('wireRange', 'KERN_INVALID_ARGUMENT', 'unwiring what is not wired', (m) => {
  const map = mapped(m, resident(m, 2));
  map.wireRange(both, 0, m.pageSize);
  return () => map.wireRange(0, 0, 2 * m.pageSize);
});
fails(
  'wireRange',
  'KERN_INVALID_ADDRESS',
  'over the end of the map',
  (m) => {
    const map = mapped(m, resident(m, 1));
    return () => map.wireRange(both, 1, m.pageSize);
  },
  { only: 'counts' },
);
fails('wireRange', 'KERN_PROTECTION_FAILURE', 'a read-only map, for writing', (m) => {
  const map = mapped(m, resident(m, 1), kIOMapAnywhere | kIOMapReadOnly);
  return () => map.wireRange(both, 0, m.pageSize);
});
fails('wireRange', 'KERN_RESOURCE_SHORTAGE', 'memory is used up at the second page', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.touch(m.client, address, 1);
  const map = mapped(m, describe(m, address, 2 * m.pageSize));
  m.touch(m.other, map.getVirtualAddress(), 1, true);
  fill(m);
  return () => map.wireRange(both, 0, 2 * m.pageSize);
});

// User clients.

const connected = (m: TestMachine, md = resident(m, 1)) => {
  const client = IOUserClient.withTask(m.client);
  client.clientMemoryForType(0, md);
  return client;
};
fails('IOUserClient', 'null', 'a task that is dead', (m) => {
  m.kill(m.client);
  return () => IOUserClient.withTask(m.client);
});
fails('clientMemoryForType', 'kIOReturnNotAttached', 'closed', (m) => {
  const md = resident(m, 1);
  const client = connected(m, md);
  client.clientClose();
  return () => client.clientMemoryForType(1, md);
});
for (const [when, spoil, type] of [
  ['nothing is offered', () => {}, 1],
  ['closed', (_m: TestMachine, client: IOUserClient) => client.clientClose(), 0],
  ['the task is dead', (m: TestMachine) => m.kill(m.other), 0],
] as const)
  fails('mapClientMemory64', 'null', when, (m) => {
    const client = connected(m);
    spoil(m, client);
    return () => client.mapClientMemory64(type, m.other);
  });
fails('mapClientMemory64', 'null', 'memory that cannot be mapped', (m) => {
  const client = connected(m, unmapped(m));
  return () => client.mapClientMemory64(0, m.other);
});
fails('unmapClientMemory', 'kIOReturnBadArgument', 'there is no map', (m) => {
  const client = connected(m);
  return () => client.unmapClientMemory(0, m.other);
});
fails('unmapClientMemory', 'kIOReturnBadArgument', 'nothing is offered', (m) => {
  const client = connected(m);
  client.mapClientMemory64(0, m.other);
  return () => client.unmapClientMemory(1, m.other);
});

run();
