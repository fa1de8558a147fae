import { kIODMAMapReadAccess } from '../../src/iokit/dma-options.ts';
import { kIODirectionIn, kIODirectionOut, kIODirectionOutIn, kIOMemoryMapperNone } from '../../src/iokit/options.ts';
import type { SegmentOptions } from '../../src/task/iokit/dma-arguments.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMapper, IOMapperInsertPage, IOMapperIOVMAlloc } from '../../src/task/iokit/io-mapper.ts';
import { IOMemoryCursor, IONaturalMemoryCursor } from '../../src/task/iokit/io-memory-cursor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { fill, remote, resident } from '../support/descriptors.ts';
import { contiguous, layOut, prepared } from '../support/dma.ts';
import { type FailureOptions, failureSuite } from '../support/failures.ts';
import type { TestMachine } from '../support/machine.ts';

const { fails, run } = failureSuite('return codes of DMA');
/** In the sources a command that was refused counts as active all the same; `complete` undoes it. */
const staysActive: FailureOptions = { changes: ['xnu'] };
const withMapper: FailureOptions = { machine: { mapper: { addressBits: 20 } } };

function make(options: Partial<SegmentOptions> = {}, mapping = IODMACommand.kMapped): IODMACommand {
  const whole = { fNumAddressBits: 0, fMaxSegmentSize: 0, ...options };
  return IODMACommand.withSpecification(IODMACommand.OutputHost64, whole, mapping);
}

/** A command with memory, which is wired and which it has not prepared. */
function given(m: TestMachine, command = make(), md = prepared(m, contiguous(m, 2), 2 * m.pageSize)): IODMACommand {
  command.setMemoryDescriptor(md, false);
  return command;
}

// Specifications.

for (const [when, make32] of [
  ['no output function', () => IODMACommand.withSpecification(null, 32, 0)],
  ['more bits than the function writes', () => IODMACommand.withSpecification(IODMACommand.OutputHost32, 33, 0)],
  ['fewer bits than a page has', () => IODMACommand.withSpecification(IODMACommand.OutputHost64, 11, 0)],
  ['a type of mapping that there is not', () => IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, 4)],
] as const) {
  fails('IODMACommand', 'null', when, () => make32);
  fails('prepareWithSpecification', 'kIOReturnBadArgument', when, (m) => {
    const command = given(m);
    const type = when.startsWith('a type') ? 4 : 0;
    const bits = when.startsWith('more') ? 33 : when.startsWith('fewer') ? 11 : 64;
    const output = when.startsWith('no') ? null : bits === 33 ? IODMACommand.OutputHost32 : IODMACommand.OutputHost64;
    return () => command.prepareWithSpecification(output, bits, 0, type);
  });
}
fails(
  'IODMACommand',
  'null',
  'bypassing a mapper',
  () => () => IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, IODMACommand.kBypassed),
  withMapper,
);
fails(
  'weakWithSpecification',
  'kIOReturnError',
  'more bits than the function writes',
  () => () => IODMACommand.weakWithSpecification(IODMACommand.OutputHost32, 33, 0),
);
fails('cloneCommand', 'null', 'no specification', () => {
  const command = IODMACommand.withRefCon();
  return () => command.cloneCommand();
});
fails('prepareWithSpecification', 'kIOReturnNotPermitted', 'active', (m) => {
  const command = given(m);
  command.prepare();
  return () => command.prepareWithSpecification(IODMACommand.OutputHost64, 64, 0);
});

// Memory.

fails('IODMACommand.setMemoryDescriptor', 'kIOReturnBusy', 'active with other memory', (m) => {
  const command = given(m);
  command.prepare();
  const other = prepared(m, contiguous(m, 1), 16);
  return () => command.setMemoryDescriptor(other);
});
fails(
  'IODMACommand.setMemoryDescriptor',
  'kIOReturnNotReady',
  'it prepares by itself, and has no specification',
  (m) => {
    const md = prepared(m, contiguous(m, 1), 16);
    const command = IODMACommand.withRefCon();
    return () => command.setMemoryDescriptor(md);
  },
);
fails(
  'IODMACommand.setMemoryDescriptor',
  'kIOReturnNoSpace',
  'it prepares by itself, and the memory is too long',
  (m) => {
    const md = prepared(m, contiguous(m, 1), 17);
    const command = make({ fMaxTransferSize: 16 });
    return () => command.setMemoryDescriptor(md);
  },
);
fails('clearMemoryDescriptor', 'kIOReturnNotReady', 'active', (m) => {
  const command = given(m);
  command.prepare();
  return () => command.clearMemoryDescriptor(false);
});

// Preparing.

const prepare =
  (command: IODMACommand, offset = 0, length = 0) =>
  () =>
    command.prepare(offset, length);
fails('IODMACommand.prepare', 'kIOReturnNotReady', 'no memory', () => prepare(make()));
fails('IODMACommand.prepare', 'kIOReturnNotReady', 'no specification', (m) =>
  prepare(given(m, IODMACommand.withRefCon())),
);
fails(
  'IODMACommand.prepare',
  'kIOReturnNotReady',
  'prepared for another window',
  (m) => {
    const command = given(m);
    command.prepare();
    return prepare(command, 0, 16);
  },
  staysActive,
);
fails('IODMACommand.prepare', 'kIOReturnNoSpace', 'longer than a transfer may be', (m) =>
  prepare(given(m, make({ fMaxTransferSize: 16 }))),
);
fails(
  'IODMACommand.prepare',
  'kIOReturnNotAligned',
  'a length that is not aligned',
  (m) => prepare(given(m, make({ fAlignmentLength: 4 })), 0, 6),
  staysActive,
);
fails('IODMACommand.prepare', 'kIOReturnBadArgument', 'a window beyond the memory', (m) => prepare(given(m), 1), {
  semantics: ['documented'],
});
fails(
  'IODMACommand.prepare',
  'kIOReturnNoResources',
  'no memory for a bounce buffer',
  (m) => {
    const command = given(m, make({ fAlignment: 64 }), prepared(m, contiguous(m, 1) + 1, 16));
    fill(m);
    return prepare(command);
  },
  staysActive,
);
fails(
  'IODMACommand.prepare',
  'kIOReturnNoResources',
  'no page low enough',
  (m) => {
    for (let i = 0; i < 5; i++) m.touch(m.other, m.other.allocate(m.pageSize), 1);
    return prepare(given(m, make({ fNumAddressBits: Math.log2(m.pageSize) + 2 })));
  },
  staysActive,
);
fails(
  'IODMACommand.prepare',
  'kIOReturnNoMemory',
  'no device addresses',
  (m) => {
    const pages = 2 ** 20 / m.pageSize / 2;
    while (IOMapperIOVMAlloc(1) !== 0);
    return prepare(given(m, make(), prepared(m, contiguous(m, 1), 16 * Math.min(1, pages))));
  },
  { ...withMapper, ...staysActive },
);
fails(
  'IODMACommand.prepare',
  'kIOReturnVMError',
  'memory that there is not',
  (m) =>
    prepare(
      given(m, make(), IOMemoryDescriptor.withPhysicalAddress(2 ** 30, 16, kIODirectionOut | kIOMemoryMapperNone)),
    ),
  { ...withMapper, ...staysActive },
);
fails(
  'IODMACommand.prepare',
  'kIOReturnNotAttached',
  'memory of another machine',
  (m) => prepare(given(m, make(), remote(m))),
  { ...withMapper, ...staysActive },
);

// Under way.

/** Memory that needs a bounce buffer, for both directions, but prepared for reading. */
function bouncedReadOnly(m: TestMachine): IOMemoryDescriptor {
  const md = IOMemoryDescriptor.withAddressRange(contiguous(m, 1) + 1, 16, kIODirectionOutIn, m.client);
  md.prepare(kIODirectionOut);
  return md;
}

fails('IODMACommand.complete', 'kIOReturnNotReady', 'inactive', (m) => {
  const command = given(m);
  return () => command.complete();
});
fails(
  'IODMACommand.complete',
  'kIOReturnUnderrun',
  'the memory may not be written',
  (m) => {
    const command = given(m, make({ fAlignment: 64 }), bouncedReadOnly(m));
    command.prepare();
    return () => command.complete();
  },
  // The command is complete all the same.
  { changes: ['documented', 'xnu'] },
);
fails('synchronize', 'kIOReturnUnderrun', 'the memory may not be written', (m) => {
  const command = given(m, make({ fAlignment: 64 }), bouncedReadOnly(m));
  command.prepare();
  return () => command.synchronize(kIODirectionIn);
});
fails('synchronize', 'kIOReturnBadArgument', 'both directions', (m) => {
  const command = given(m);
  command.prepare();
  return () => command.synchronize(kIODirectionOutIn);
});
fails('synchronize', 'kIOReturnNotReady', 'inactive', (m) => {
  const command = given(m);
  return () => command.synchronize(kIODirectionOut);
});
const generate = (command: IODMACommand, offset: number, most: number) => () => command.gen64IOVMSegments(offset, most);
const active = (m: TestMachine, command = given(m)) => {
  command.prepare();
  return command;
};
fails('genIOVMSegments', 'kIOReturnNotReady', 'inactive', (m) => generate(given(m), 0, 1));
fails('genIOVMSegments', 'kIOReturnBadArgument', 'no room', (m) => generate(active(m), 0, 0));
fails('genIOVMSegments', 'kIOReturnOverrun', 'at the end', (m) => generate(active(m), 2 * m.pageSize, 1));
fails('genIOVMSegments', 'kIOReturnMessageTooLarge', 'an address that the device cannot express', (m) => {
  for (let i = 0; i < 5; i++) m.touch(m.other, m.other.allocate(m.pageSize), 1);
  const command = make({ fNumAddressBits: Math.log2(m.pageSize) + 2 }, IODMACommand.kIterateOnly);
  return generate(active(m, given(m, command)), 0, 1);
});
fails('genIOVMSegments', 'kIOReturnNotAligned', 'a segment that is not aligned', (m) => {
  const command = make({ fAlignment: 64 }, IODMACommand.kIterateOnly);
  return generate(active(m, given(m, command, prepared(m, contiguous(m, 1) + 1, 16))), 0, 1);
});
fails('genIOVMSegments', 'kIOReturnNotAligned', 'a later one', (m) => {
  const address = layOut(m, [1, 0]);
  const command = make({ fAlignmentInternalSegments: 2 * m.pageSize * 2 ** 4 }, IODMACommand.kIterateOnly);
  m.touch(m.client, m.client.allocate(m.pageSize), 1);
  return generate(active(m, given(m, command, prepared(m, address, 2 * m.pageSize))), 0, 2);
});
fails('getPreparedOffsetAndLength', 'kIOReturnNotReady', 'inactive', (m) => {
  const command = given(m);
  return () => command.getPreparedOffsetAndLength();
});
for (const [call, copy] of [
  ['IODMACommand.readBytes', (command: IODMACommand, at: number) => command.readBytes(at, new Uint8Array(1))],
  ['IODMACommand.writeBytes', (command: IODMACommand, at: number) => command.writeBytes(at, new Uint8Array(1))],
] as const) {
  fails(call, 0, 'inactive', (m) => {
    const command = given(m);
    return () => copy(command, 0);
  });
  fails(call, 0, 'at the end', (m) => {
    const command = active(m);
    return () => copy(command, 2 * m.pageSize);
  });
}
fails('createCopyBuffer', 'null', 'memory is used up', (m) => {
  const command = make();
  fill(m);
  return () => command.createCopyBuffer(kIODirectionOut, 16);
});
fails('createCopyBuffer', 'null', 'no bytes', () => {
  const command = make();
  return () => command.createCopyBuffer(kIODirectionOut, 0);
});
fails('complete', 'panic', 'a command has the memory', (m) => {
  const md = prepared(m, contiguous(m, 1), 16);
  given(m, make(), md);
  return () => md.complete();
});

// Mappers.

const mapper = (): IOMapper => IOMapper.gSystem!;
/** A call once the caller has its right to the mapper, which the first question for it gives. */
const knowing = (call: (system: IOMapper) => unknown) => () => {
  const system = mapper();
  return () => call(system);
};
fails(
  'iovmMapMemory',
  'kIOReturnBadArgument',
  'no bytes',
  (m) => {
    const md = prepared(m, contiguous(m, 1), 16);
    const system = mapper();
    return () => system.iovmMapMemory(md, 0, 0, kIODMAMapReadAccess);
  },
  withMapper,
);
fails(
  'iovmMapMemory',
  'kIOReturnBadArgument',
  'beyond the memory',
  (m) => {
    const md = prepared(m, contiguous(m, 1), 16);
    const system = mapper();
    return () => system.iovmMapMemory(md, 1, 16, kIODMAMapReadAccess);
  },
  withMapper,
);
fails(
  'iovmMapMemory',
  'kIOReturnVMError',
  'memory that there is not',
  () => {
    const md = IOMemoryDescriptor.withPhysicalAddress(2 ** 30, 16, kIODirectionOut | kIOMemoryMapperNone);
    const system = mapper();
    return () => system.iovmMapMemory(md, 0, 16, kIODMAMapReadAccess);
  },
  withMapper,
);
fails(
  'iovmMapMemory',
  'kIOReturnNoMemory',
  'no addresses',
  (m) => {
    const md = prepared(m, contiguous(m, 1), 16);
    const system = mapper();
    return () => system.iovmMapMemory(md, 0, 16, kIODMAMapReadAccess, { numAddressBits: Math.log2(m.pageSize) });
  },
  withMapper,
);
fails(
  'iovmMapMemory',
  'panic',
  'memory that is not prepared',
  (m) => {
    const md = resident(m, 1);
    const system = mapper();
    return () => system.iovmMapMemory(md, 0, 16, kIODMAMapReadAccess);
  },
  withMapper,
);
for (const [when, change] of [
  ['another address', [1, 0]],
  ['another length', [0, 1]],
] as const)
  fails(
    'iovmUnmapMemory',
    'kIOReturnBadArgument',
    when,
    (m) => {
      const md = prepared(m, contiguous(m, 2), 2 * m.pageSize);
      const { mapAddress, mapLength } = mapper().iovmMapMemory(md, 0, 2 * m.pageSize, kIODMAMapReadAccess);
      const [address, length] = change;
      const system = mapper();
      return () => system.iovmUnmapMemory(mapAddress + address * m.pageSize, mapLength + length * m.pageSize);
    },
    withMapper,
  );
for (const [when, offset, physical, length] of [
  ['beyond what was taken', 1, 1, 1],
  ['no bytes', 0, 1, 0],
  ['half a page', 0, 1, 0.5],
  ['memory that there is not', 0, 2 ** 20, 1],
] as const)
  fails(
    'iovmInsert',
    'kIOReturnBadArgument',
    when,
    (m) => {
      const at = IOMapperIOVMAlloc(1) * m.pageSize;
      const system = mapper();
      return () =>
        system.iovmInsert(kIODMAMapReadAccess, at, offset * m.pageSize, physical * m.pageSize, length * m.pageSize);
    },
    withMapper,
  );
fails(
  'iovmInsert',
  'panic',
  'device page 0',
  (m) => () => mapper().iovmInsert(kIODMAMapReadAccess, 0, 0, m.pageSize, m.pageSize),
  withMapper,
);
fails('IOMapperIOVMAlloc', 0, 'no mapper', () => () => IOMapperIOVMAlloc(1));
fails(
  'IOMapperIOVMAlloc',
  0,
  'no pages',
  knowing(() => IOMapperIOVMAlloc(0)),
  withMapper,
);
fails(
  'IOMapperIOVMAlloc',
  0,
  'more than there are',
  knowing(() => IOMapperIOVMAlloc(2 ** 32 - 1)),
  withMapper,
);
fails(
  'IOMapperInsertPage',
  0,
  'an address that was not taken',
  knowing(() => IOMapperInsertPage(1, 0, 1)),
  withMapper,
);
fails(
  'mapToPhysicalAddress',
  0,
  'an address that is not mapped',
  knowing((system) => system.mapToPhysicalAddress(2 ** 47)),
  withMapper,
);

// Cursors.

fails('IOMemoryCursor', 'null', 'no output function', () => () => IOMemoryCursor.withSpecification(0, 16));
fails(
  'IOMemoryCursor',
  'null',
  'a transfer of 2^32 bytes',
  () => () => IONaturalMemoryCursor.withSpecification(16, 2 ** 32),
);
fails('IOMemoryCursor', 'null', 'segments of no bytes', () => () => IONaturalMemoryCursor.withSpecification(0), {
  semantics: ['documented'],
});
const counted = (cursor: IONaturalMemoryCursor, md: IOMemoryDescriptor | null, from: number, most: number) => () =>
  cursor.genPhysicalSegments(md, from, most).count;
for (const [when, nothing, from, most] of [
  ['no descriptor', true, 0, 1],
  ['at the end', false, 16, 1],
  ['beyond the end', false, 17, 1],
  ['no room', false, 0, 0],
] as const)
  fails('genPhysicalSegments', 0, when, (m) => {
    const md = nothing ? null : prepared(m, contiguous(m, 1), 16);
    return counted(IONaturalMemoryCursor.withSpecification(16), md, from, most);
  });

run();
