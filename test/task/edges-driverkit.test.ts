/** The edges of addresses, lengths, offsets and words of options in DriverKit's calls (xnu-reference 1.12). */
import { kIODirectionOutIn } from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnError,
  kIOReturnNoMemory,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from '../../src/iokit/return-codes.ts';
import {
  IOBufferMemoryDescriptor,
  IODMACommand,
  IOMemoryDescriptor,
  IOUserClient,
  kIOMemoryMapFixedAddress,
  OSDynamicCast,
  kIODMACommandPerformOperationOptionRead as optionRead,
  kIODMACommandPerformOperationOptionWrite as optionWrite,
  kIODMACommandPerformOperationOptionZero as optionZero,
} from '../../src/task/driverkit/index.ts';
import type { Size } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOUserClient as KernelUserClient } from '../../src/task/iokit/io-user-client.ts';
import { contiguous, prepared } from '../support/dma.ts';
import { edgeSuite } from '../support/edges.ts';
import type { TestMachine } from '../support/machine.ts';

const { edge, run } = edgeSuite('edges of DriverKit');
const pages = 2;
const whole = (m: TestMachine) => BigInt(pages * m.pageSize);
const memory = (m: TestMachine) =>
  OSDynamicCast(IOMemoryDescriptor, prepared(m, contiguous(m, pages), pages * m.pageSize, kIODirectionOutIn))!;
/** Drops what was made; the code is the answer. */
function codeOf({ result, ...made }: { result: number }): number {
  for (const one of Object.values(made) as ({ release?(): void } | null)[]) one?.release?.();
  return result;
}
const success = () => kIOReturnSuccess;

/** Memory that has been mapped: the first map ties it to its objects. */
function mapped(m: TestMachine): IOMemoryDescriptor {
  const md = memory(m);
  codeOf(md.CreateMapping(kIOMemoryMapFixedAddress, 2 ** 40, 0, 0));
  return md;
}
edge('CreateMapping: address', (m) => {
  const md = mapped(m);
  return {
    act: (address) => codeOf(md.CreateMapping(kIOMemoryMapFixedAddress, address, 0, 0)),
    legal: (at) => at >= m.pageSize && (at / BigInt(m.pageSize)) * BigInt(m.pageSize) + whole(m) <= 2n ** 47n,
    otherwise: kIOReturnError,
    answer: success,
  };
});
edge('CreateMapping: offset', (m) => {
  const md = mapped(m);
  return {
    act: (offset) => codeOf(md.CreateMapping(0, 0, offset, 1)),
    legal: (offset) => offset < whole(m),
    otherwise: kIOReturnError,
    answer: success,
  };
});
edge('CreateMapping: length', (m) => {
  const md = mapped(m);
  return {
    act: (length) => codeOf(md.CreateMapping(0, 0, 0, length)),
    legal: (length) => length <= whole(m),
    otherwise: kIOReturnError,
    answer: success,
  };
});
edge('CreateMapping: options', (m) => {
  const md = mapped(m);
  return {
    act: (options) => codeOf(md.CreateMapping(options, 2 ** 40, 0, 0)),
    legal: (options) => [0n, 1n, 2n, 4n, 8n].includes((options >> 8n) & 0xffn),
    otherwise: kIOReturnBadArgument,
    answer: success,
  };
});
for (const [name, range, end] of [
  ['offset', (value: Size): [Size, Size] => [value, 1], 1n],
  ['length', (value: Size): [Size, Size] => [0, value], 0n],
] as const)
  edge(`CreateSubMemoryDescriptor: ${name}`, (m) => {
    const md = memory(m);
    return {
      act: (value) => codeOf(IOMemoryDescriptor.CreateSubMemoryDescriptor(0, ...range(value), md)),
      legal: (value) => value + end <= whole(m),
      otherwise: kIOReturnBadArgument,
      answer: success,
    };
  });
for (const [name, create] of [
  [
    'CreateSubMemoryDescriptor',
    (md: IOMemoryDescriptor, options: Size) => IOMemoryDescriptor.CreateSubMemoryDescriptor(options, 0, 1, md),
  ],
  [
    'CreateWithMemoryDescriptors',
    (md: IOMemoryDescriptor, options: Size) => IOMemoryDescriptor.CreateWithMemoryDescriptors(options, [md]),
  ],
  [
    'IOBufferMemoryDescriptor.Create',
    (_md: IOMemoryDescriptor, options: Size) => IOBufferMemoryDescriptor.Create(options, 16),
  ],
] as const)
  edge(`${name}: options`, (m) => {
    const md = memory(m);
    return {
      act: (options) => codeOf(create(md, options)),
      legal: (options) => options <= 3n,
      otherwise: kIOReturnBadArgument,
      answer: success,
    };
  });
edge('IOBufferMemoryDescriptor.Create: capacity', (m) => ({
  act: (capacity) => codeOf(IOBufferMemoryDescriptor.Create(0, capacity)),
  legal: (capacity) => capacity > 0n && capacity <= whole(m),
  otherwise: kIOReturnNoMemory,
  answer: success,
}));
edge('IOBufferMemoryDescriptor.Create: alignment', (m) => ({
  act: (alignment) => codeOf(IOBufferMemoryDescriptor.Create(0, 16, alignment)),
  legal: (alignment) => alignment <= whole(m),
  otherwise: kIOReturnNoMemory,
  answer: success,
}));
edge('SetLength: what is beyond the capacity is ignored', () => {
  const buffer = IOBufferMemoryDescriptor.Create(0, 16).memory!;
  return {
    act: (length) => {
      buffer.SetLength(length);
      const { returnLength } = buffer.GetLength();
      buffer.SetLength(16);
      return returnLength;
    },
    legal: (length) => length < 16n,
    otherwise: 16,
    answer: Number,
  };
});
edge('IODMACommand.Create: bits of an address', (m) => ({
  act: (maxAddressBits) => {
    const code = codeOf(IODMACommand.Create(null, 0, { maxAddressBits }));
    return code === kIOReturnNoMemory ? 'fewer than a page has' : code;
  },
  legal: (bits) => bits <= 255n,
  otherwise: kIOReturnBadArgument,
  answer: (bits) => (bits === 0n || 2n ** bits >= m.pageSize ? kIOReturnSuccess : 'fewer than a page has'),
}));
const command = () => IODMACommand.Create(null, 0, { maxAddressBits: 64 }).command!;
for (const [name, window, end] of [
  ['offset', (value: Size): [Size, Size] => [value, 1], 1n],
  ['length', (value: Size): [Size, Size] => [0, value], 0n],
] as const)
  edge(
    `PrepareForDMA: ${name}`,
    (m) => {
      const md = memory(m);
      const made = command();
      return {
        act: (value) => {
          const { result } = made.PrepareForDMA(0, md, ...window(value));
          made.CompleteDMA(0);
          return result;
        },
        legal: (value) => value + end <= whole(m),
        otherwise: kIOReturnBadArgument,
        answer: success,
      };
    },
    ['documented'],
  );
for (const option of [optionRead, optionWrite, optionZero]) {
  const under = (m: TestMachine) => {
    const made = command();
    made.PrepareForDMA(0, memory(m), 0, 0);
    const data = memory(m);
    made.GetPreparation().memory!.release();
    return { made, data };
  };
  edge(`PerformOperation ${option}: length`, (m) => {
    const { made, data } = under(m);
    return {
      act: (length) => made.PerformOperation(option, 0, length, 0, data),
      legal: (length) => length <= whole(m),
      otherwise: kIOReturnBadArgument,
      answer: success,
    };
  });
  edge(`PerformOperation ${option}: dmaOffset`, (m) => {
    const { made, data } = under(m);
    return {
      act: (offset) => made.PerformOperation(option, offset, 1, 0, data),
      legal: (offset) => offset < whole(m),
      otherwise: kIOReturnUnderrun,
      answer: success,
    };
  });
  if (option !== optionZero)
    edge(`PerformOperation ${option}: dataOffset`, (m) => {
      const { made, data } = under(m);
      return {
        act: (offset) => made.PerformOperation(option, 0, 1, offset, data),
        legal: (offset) => offset < whole(m),
        otherwise: kIOReturnUnderrun,
        answer: success,
      };
    });
}
for (const [name, segment, legal] of [
  ['address', (value: Size) => ({ address: value, length: 1 }), (value: bigint) => value < 2n ** 47n],
  [
    'length',
    (value: Size) => ({ address: 2 ** 34, length: value }),
    (value: bigint, memorySize: bigint) => value <= memorySize,
  ],
] as const)
  edge(`CreateMemoryDescriptorFromClient: ${name}`, (m) => {
    const client = new IOUserClient(KernelUserClient.withTask(m.client).id);
    return {
      act: (value) => codeOf(client.CreateMemoryDescriptorFromClient(0, [segment(value)])),
      legal: (value) => legal(value, BigInt(m.hardware.configuration.physicalMemory)),
      otherwise: kIOReturnNoMemory,
      answer: success,
    };
  });

run();
