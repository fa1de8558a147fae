/** The edges of addresses, lengths and offsets in DMA commands, mappers and cursors (xnu-reference 1.9 to 1.11, 3.12, 3.13). */
import { kIODMAMapReadAccess } from '../../src/iokit/dma-options.ts';
import { kIODirectionOut, kIODirectionOutIn } from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnNoSpace,
  kIOReturnOverrun,
  kIOReturnSuccess,
} from '../../src/iokit/return-codes.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMapper, IOMapperIOVMAlloc } from '../../src/task/iokit/io-mapper.ts';
import { IONaturalMemoryCursor } from '../../src/task/iokit/io-memory-cursor.ts';
import type { Size } from '../../src/task/iokit/io-memory-descriptor.ts';
import { contiguous, prepared } from '../support/dma.ts';
import { edgeSuite } from '../support/edges.ts';
import type { TestMachine } from '../support/machine.ts';

const { edge, run } = edgeSuite('edges of DMA');
const pages = 2;
const both = ['documented', 'xnu'] as const;
const withMapper = { mapper: { addressBits: 20 } } as const;
const whole = (m: TestMachine) => BigInt(pages * m.pageSize);
const memory = (m: TestMachine) => prepared(m, contiguous(m, pages), pages * m.pageSize, kIODirectionOutIn);
const made = (object: { release(): void } | null) => {
  object?.release();
  return object === null ? null : 'made';
};

function command(m: TestMachine, active: boolean): IODMACommand {
  const one = IODMACommand.withSpecification(IODMACommand.OutputHost64, { fNumAddressBits: 0, fMaxSegmentSize: 0 });
  one.setMemoryDescriptor(memory(m), active);
  return one;
}

// Specifications: 0 is no limit, and so is what no memory reaches.

for (const [name, specify] of [
  ['maxSegmentSize', (value: Size) => IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, value)],
  ['maxTransferSize', (value: Size) => IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, 0, value)],
] as const)
  edge(`IODMACommand: ${name}`, () => ({ act: (value) => made(specify(value)), legal: () => true, otherwise: null }));
edge('IODMACommand: a segment of every size', (m) => {
  const md = memory(m);
  return {
    act: (value) => {
      const one = IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, value);
      one.setMemoryDescriptor(md);
      const [first] = one.gen64IOVMSegments(0, 1).segments;
      one.clearMemoryDescriptor();
      one.release();
      return first!.fLength;
    },
    legal: () => true,
    otherwise: null,
    answer: (value) => Number(value === 0n || value > whole(m) ? whole(m) : value),
  };
});
edge('IODMACommand.prepare: no more than a transfer of every size', (m) => {
  const md = memory(m);
  const spare = (value: Size) => IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, 0, value);
  return {
    act: (value) => {
      const one = spare(value);
      one.setMemoryDescriptor(md, false);
      const code = one.prepare();
      one.clearMemoryDescriptor();
      one.release();
      return code === kIOReturnNoSpace ? 'too long' : code;
    },
    legal: () => true,
    otherwise: null,
    answer: (value) => (value === 0n || value >= whole(m) ? kIOReturnSuccess : 'too long'),
  };
});

// Windows.

for (const [name, window, end] of [
  ['offset', (value: Size): [Size, Size] => [value, 1], 1n],
  ['length', (value: Size): [Size, Size] => [0, value], 0n],
] as const)
  edge(
    `IODMACommand.prepare: ${name}`,
    (m) => {
      const one = command(m, false);
      return {
        act: (value) => {
          const code = one.prepare(...window(value));
          if (code === kIOReturnSuccess) one.complete();
          return code;
        },
        legal: (value) => value + end <= whole(m),
        otherwise: kIOReturnBadArgument,
        answer: () => kIOReturnSuccess,
      };
    },
    ['documented'],
  );
edge('genIOVMSegments: offset', (m) => {
  const one = command(m, true);
  return {
    act: (offset) => one.gen64IOVMSegments(offset, 1),
    legal: (offset) => offset < whole(m),
    otherwise: kIOReturnOverrun,
    answer: () => kIOReturnSuccess,
  };
});
for (const [name, copy] of [
  ['readBytes', (one: IODMACommand, offset: Size) => one.readBytes(offset, new Uint8Array(4))],
  ['writeBytes', (one: IODMACommand, offset: Size) => one.writeBytes(offset, new Uint8Array(4))],
] as const)
  edge(`IODMACommand.${name}: offset`, (m) => {
    const one = command(m, true);
    return {
      act: (offset) => copy(one, offset),
      legal: (offset) => offset < whole(m),
      otherwise: 0,
      answer: (offset) => Math.min(4, Number(whole(m) - offset)),
    };
  });
edge('createCopyBuffer: length', (m) => {
  const one = command(m, false);
  return {
    act: (length) => made(one.createCopyBuffer(kIODirectionOut, length)),
    legal: (length) => length > 0n && length <= whole(m),
    otherwise: null,
  };
});

// Mappers.

const read = kIODMAMapReadAccess;
for (const [name, range, end] of [
  ['offset', (value: Size): [Size, Size] => [value, 1], 1n],
  ['length', (value: Size): [Size, Size] => [0, value], 0n],
] as const)
  edge(
    `iovmMapMemory: ${name}`,
    (m) => {
      const md = memory(m);
      const mapper = IOMapper.gSystem!;
      return {
        act: (value) => {
          const { result, mapAddress, mapLength } = mapper.iovmMapMemory(md, ...range(value), read);
          if (result === kIOReturnSuccess) mapper.iovmUnmapMemory(mapAddress - (mapAddress % m.pageSize), mapLength);
          return result;
        },
        legal: (value) => value + end <= whole(m) && (name === 'offset' || value > 0n),
        otherwise: kIOReturnBadArgument,
        answer: () => kIOReturnSuccess,
      };
    },
    both,
    withMapper,
  );
for (const [name, unmap] of [
  [
    'address',
    (mapper: IOMapper, m: TestMachine, _at: number, value: Size) => mapper.iovmUnmapMemory(value, m.pageSize),
  ],
  ['length', (mapper: IOMapper, _m: TestMachine, at: number, value: Size) => mapper.iovmUnmapMemory(at, value)],
] as const)
  edge(
    `iovmUnmapMemory: ${name}`,
    (m) => {
      const mapper = IOMapper.gSystem!;
      const at = IOMapperIOVMAlloc(2) * m.pageSize;
      return { act: (value) => unmap(mapper, m, at, value), legal: () => false, otherwise: kIOReturnBadArgument };
    },
    both,
    withMapper,
  );
/** What is inserted where; page 1 of memory is free to be shown. */
for (const [name, insert, legal] of [
  [
    'offset',
    (value: Size): [Size, number, number] => [value, 1, 1],
    (value: bigint, page: bigint) => value % page === 0n && value < 2n * page,
  ],
  [
    'physicalAddress',
    (value: Size): [number, Size, number] => [0, value, 1],
    (value: bigint, page: bigint) => value % page === 0n && value + page <= 2n ** 20n,
  ],
  ['length', (value: Size): [number, number, Size] => [0, 1, value], (value: bigint, page: bigint) => value === page],
] as const)
  edge(
    `iovmInsert: ${name}`,
    (m) => {
      const mapper = IOMapper.gSystem!;
      const at = IOMapperIOVMAlloc(2) * m.pageSize;
      const scale = (value: Size, given: Size) => (value === given ? value : Number(value) * m.pageSize);
      return {
        act: (value) => {
          const [offset, physical, length] = insert(value);
          return mapper.iovmInsert(read, at, scale(offset, value), scale(physical, value), scale(length, value));
        },
        legal: (value) => legal(value, BigInt(m.pageSize)),
        otherwise: kIOReturnBadArgument,
        answer: () => kIOReturnSuccess,
      };
    },
    both,
    withMapper,
  );
edge(
  'mapToPhysicalAddress: address',
  (m) => {
    const mapper = IOMapper.gSystem!;
    mapper.iovmMapMemory(memory(m), 0, pages * m.pageSize, read);
    return { act: (address) => mapper.mapToPhysicalAddress(address), legal: () => false, otherwise: 0 };
  },
  both,
  withMapper,
);

// Cursors.

edge('IOMemoryCursor: maxTransferSize', () => ({
  act: (value) => made(IONaturalMemoryCursor.withSpecification(16, value)),
  legal: (value) => value < 2n ** 32n,
  otherwise: null,
}));
edge('IOMemoryCursor: a segment of every size', (m, semantics) => {
  const md = memory(m);
  return {
    act: (value) => {
      const cursor = IONaturalMemoryCursor.withSpecification(value);
      if (cursor === null) return null;
      const { transferSize } = cursor.genPhysicalSegments(md, 0, 1);
      cursor.release();
      return transferSize;
    },
    legal: (value) => semantics === 'xnu' || value > 0n,
    otherwise: null,
    answer: (value) => Number(value < whole(m) ? value : whole(m)),
  };
});
edge('genPhysicalSegments: fromPosition', (m) => {
  const md = memory(m);
  const cursor = IONaturalMemoryCursor.withSpecification(2 ** 20);
  return {
    act: (from) => cursor.genPhysicalSegments(md, from, 1).transferSize,
    legal: (from) => from < whole(m),
    otherwise: 0,
    answer: (from) => Number(whole(m) - from),
  };
});

run();
