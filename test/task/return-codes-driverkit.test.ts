/** Every code of DriverKit's facade (xnu-reference 1.12) is reached; a call that fails changes nothing. */
import { kIODirectionIn, kIODirectionOut, kIODirectionOutIn, kIOMemoryPageable } from '../../src/iokit/options.ts';
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
import { IOBufferMemoryDescriptor as KernelBuffer } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import type { IOMemoryDescriptor as KernelDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOUserClient as KernelUserClient } from '../../src/task/iokit/io-user-client.ts';
import { describe, fill, hole, remote, resident, unmapped } from '../support/descriptors.ts';
import { contiguous, prepared } from '../support/dma.ts';
import { failureSuite } from '../support/failures.ts';
import type { TestMachine } from '../support/machine.ts';

const { fails, run } = failureSuite('return codes of DriverKit');

const seen = (md: KernelDescriptor | KernelBuffer) => OSDynamicCast(IOMemoryDescriptor, md)!;
const memory = (m: TestMachine, pages = 1) => seen(resident(m, pages));
const command = (maxAddressBits = 64) => IODMACommand.Create(null, 0, { maxAddressBits }).command!;
const unknownBits = [4, 2 ** 32, 2n ** 64n - 1n];

// Descriptors and maps.

for (const options of [0x300, 0x900, 0x1000, 0x8000])
  fails('CreateMapping', 'kIOReturnBadArgument', `cache field 0x${options.toString(16)}`, (m) => {
    const md = memory(m);
    return () => md.CreateMapping(options, 0, 0, 0);
  });
fails('CreateMapping', 'kIOReturnError', 'beyond the memory', (m) => {
  const md = memory(m);
  return () => md.CreateMapping(0, 0, 1, m.pageSize);
});
fails(
  'CreateMapping',
  'kIOReturnError',
  'an address that is taken',
  (m) => {
    const md = memory(m);
    m.kernel.allocate(m.pageSize, { address: hole });
    return () => md.CreateMapping(kIOMemoryMapFixedAddress, hole, 0, 0);
  },
  { only: 'counts' },
);
for (const options of unknownBits) {
  fails('CreateSubMemoryDescriptor', 'kIOReturnBadArgument', `options ${options}`, (m) => {
    const md = memory(m);
    return () => IOMemoryDescriptor.CreateSubMemoryDescriptor(options, 0, 1, md);
  });
  fails('CreateWithMemoryDescriptors', 'kIOReturnBadArgument', `options ${options}`, (m) => {
    const md = memory(m);
    return () => IOMemoryDescriptor.CreateWithMemoryDescriptors(options, [md]);
  });
  fails(
    'IOBufferMemoryDescriptor.Create',
    'kIOReturnBadArgument',
    `options ${options}`,
    () => () => IOBufferMemoryDescriptor.Create(options, 16),
  );
  fails(
    'IODMACommand.Create',
    'kIOReturnBadArgument',
    `options ${options}`,
    () => () => IODMACommand.Create(null, options, { maxAddressBits: 64 }),
  );
  fails('PrepareForDMA', 'kIOReturnBadArgument', `options ${options}`, (m) => {
    const [made, md] = [command(), memory(m)];
    return () => made.PrepareForDMA(options, md, 0, 0);
  });
  fails('CompleteDMA', 'kIOReturnBadArgument', `options ${options}`, () => {
    const made = command();
    return () => made.CompleteDMA(options);
  });
}
fails(
  'CreateSubMemoryDescriptor',
  'kIOReturnBadArgument',
  'of nothing',
  () => () => IOMemoryDescriptor.CreateSubMemoryDescriptor(0, 0, 1, null),
);
for (const [offset, length] of [
  [1, 4096 * 4],
  [2n ** 64n - 1n, 2],
  [2 ** 53 - 1, 0],
] as const)
  fails('CreateSubMemoryDescriptor', 'kIOReturnBadArgument', `${length} bytes from ${offset}`, (m) => {
    const md = memory(m);
    return () => IOMemoryDescriptor.CreateSubMemoryDescriptor(0, offset, length, md);
  });
for (const [when, list] of [
  ['no list', () => null],
  ['an empty list', () => []],
  ['33 elements', (md: IOMemoryDescriptor) => Array(33).fill(md)],
  ['an element that is null', (md: IOMemoryDescriptor) => [md, null]],
] as const)
  fails('CreateWithMemoryDescriptors', 'kIOReturnBadArgument', when, (m) => {
    const elements = list(memory(m));
    return () => IOMemoryDescriptor.CreateWithMemoryDescriptors(0, elements);
  });
fails('CreateWithMemoryDescriptors', 'kIOReturnNoMemory', 'pageable buffers and others', (m) => {
  const pageable = seen(KernelBuffer.inTaskWithOptions(m.client, kIODirectionOut | kIOMemoryPageable, 16));
  const elements = [memory(m), pageable];
  return () => IOMemoryDescriptor.CreateWithMemoryDescriptors(0, elements);
});

// Buffers.

for (const capacity of [0, 2 ** 53 - 1, 2n ** 64n - 1n])
  fails(
    'IOBufferMemoryDescriptor.Create',
    'kIOReturnNoMemory',
    `${capacity} bytes`,
    () => () => IOBufferMemoryDescriptor.Create(0, capacity),
  );
fails(
  'IOBufferMemoryDescriptor.Create',
  'kIOReturnNoMemory',
  'memory is used up',
  (m) => {
    fill(m, 1);
    return () => IOBufferMemoryDescriptor.Create(0, 2 * m.pageSize);
  },
  { only: 'counts' },
);
fails('GetAddressRange', 'kIOReturnError', 'no bytes', () => {
  const buffer = IOBufferMemoryDescriptor.Create(0, 16).memory!;
  buffer.SetLength(0);
  return () => buffer.GetAddressRange();
});
for (const length of [17, 2 ** 53 - 1, 2n ** 64n - 1n])
  fails('SetLength', 0, `beyond the capacity, with ${length}, succeeds`, () => {
    const buffer = IOBufferMemoryDescriptor.Create(0, 16).memory!;
    return () => buffer.SetLength(length);
  });

// Commands.

for (const maxAddressBits of [256, 2n ** 64n - 1n])
  fails(
    'IODMACommand.Create',
    'kIOReturnBadArgument',
    `${maxAddressBits} bits`,
    () => () => IODMACommand.Create(null, 0, { maxAddressBits }),
  );
fails(
  'IODMACommand.Create',
  'kIOReturnNoMemory',
  'fewer bits than a page has',
  () => () => IODMACommand.Create(null, 0, { maxAddressBits: 11 }),
);
fails('PrepareForDMA', 'kIOReturnBadArgument', 'no memory', () => {
  const made = command();
  return () => made.PrepareForDMA(0, null, 0, 0);
});
fails(
  'PrepareForDMA',
  'kIOReturnBadArgument',
  'no segments',
  (m) => {
    const [made, md] = [command(), memory(m)];
    return () => made.PrepareForDMA(0, md, 0, 0, 0);
  },
  { only: 'counts' },
);
fails('PrepareForDMA', 'kIOReturnBusy', 'prepared', (m) => {
  const [made, md] = [command(), memory(m)];
  made.PrepareForDMA(0, md, 0, 0);
  return () => made.PrepareForDMA(0, md, 0, 0);
});
for (const [failure, when, make] of [
  ['kIOReturnCannotWire', 'memory that is not there', unmapped],
  ['kIOReturnNotAttached', 'memory of another machine', remote],
  [
    'KERN_PROTECTION_FAILURE',
    'memory that may not be written',
    (m: TestMachine) => {
      const address = contiguous(m, 1);
      m.client.protect(address, m.pageSize, 1);
      return describe(m, address, 16, kIODirectionIn);
    },
  ],
] as const)
  fails('PrepareForDMA', failure, when, (m) => {
    const [made, md] = [command(), seen(make(m))];
    return () => made.PrepareForDMA(0, md, 0, 0);
  });
fails(
  'PrepareForDMA',
  'kIOReturnNoResources',
  'no page low enough',
  (m) => {
    for (let i = 0; i < 5; i++) m.touch(m.other, m.other.allocate(m.pageSize), 1);
    const [made, md] = [command(Math.log2(m.pageSize) + 2), memory(m)];
    return () => made.PrepareForDMA(0, md, 0, 0);
  },
  { only: 'counts' },
);
fails('CompleteDMA', 'kIOReturnNotReady', 'not prepared', () => {
  const made = command();
  return () => made.CompleteDMA(0);
});
fails('CompleteDMA', 'kIOReturnNotReady', 'the second time', (m) => {
  const [made, md] = [command(), memory(m)];
  made.PrepareForDMA(0, md, 0, 0);
  made.CompleteDMA(0);
  return () => made.CompleteDMA(0);
});
fails('GetPreparation', 'kIOReturnNotReady', 'inactive', () => {
  const made = command();
  return () => made.GetPreparation();
});

const active = (m: TestMachine) => {
  const made = command();
  made.PrepareForDMA(0, memory(m), 8, 40);
  made.GetPreparation().memory!.release();
  return made;
};
const data = (m: TestMachine, length = 32) => seen(prepared(m, contiguous(m, 1), length, kIODirectionOutIn));
fails('PerformOperation', 'kIOReturnNotReady', 'inactive', (m) => {
  const [made, other] = [command(), data(m)];
  return () => made.PerformOperation(optionRead, 0, 1, 0, other);
});
for (const options of [0, optionRead | optionWrite, optionRead | optionZero, 7, 8, 2 ** 32 + 1])
  fails('PerformOperation', 'kIOReturnBadArgument', `options ${options}`, (m) => {
    const [made, other] = [active(m), data(m)];
    return () => made.PerformOperation(options, 0, 1, 0, other);
  });
for (const length of [4096 * 4 + 1, 2n ** 64n - 1n])
  fails('PerformOperation', 'kIOReturnBadArgument', `${length} bytes, more than the memory has`, (m) => {
    const [made, other] = [active(m), data(m)];
    return () => made.PerformOperation(optionRead, 0, length, 0, other);
  });
for (const option of [optionRead, optionWrite]) {
  fails('PerformOperation', 'kIOReturnBadArgument', `option ${option} without data`, (m) => {
    const made = active(m);
    return () => made.PerformOperation(option, 0, 1, 0, null);
  });
  fails('PerformOperation', 'kIOReturnBadArgument', `option ${option}, the data are shorter`, (m) => {
    const [made, other] = [active(m), data(m)];
    return () => made.PerformOperation(option, 0, 33, 0, other);
  });
}
for (const option of [optionRead, optionWrite, optionZero])
  fails('PerformOperation', 'kIOReturnUnderrun', `option ${option} beyond the window`, (m) => {
    const [made, other] = [active(m), data(m)];
    return () => made.PerformOperation(option, 40, 1, 0, other);
  });

// User clients.

fails('CreateMemoryDescriptorFromClient', 'kIOReturnBadArgument', 'not a user client', (m) => {
  const client = new IOUserClient(memory(m).id);
  return () => client.CreateMemoryDescriptorFromClient(0, []);
});
const client = (m: TestMachine) => new IOUserClient(KernelUserClient.withTask(m.client).id);
fails('CreateMemoryDescriptorFromClient', 'kIOReturnBadArgument', '33 segments', (m) => {
  const made = client(m);
  return () => made.CreateMemoryDescriptorFromClient(0, Array(33).fill({ address: hole, length: 1 }));
});
fails('CreateMemoryDescriptorFromClient', 'kIOReturnNoMemory', 'a range that wraps', (m) => {
  const made = client(m);
  return () => made.CreateMemoryDescriptorFromClient(0, [{ address: 2n ** 64n - 1n, length: 2 }]);
});
fails('CreateMemoryDescriptorFromClient', 'kIOReturnNotReady', 'the client is closed', (m) => {
  const connection = KernelUserClient.withTask(m.client);
  connection.clientClose();
  return () => new IOUserClient(connection.id).CreateMemoryDescriptorFromClient(0, []);
});
fails('CreateMemoryDescriptorFromClient', 'kIOReturnNotReady', 'its task is dead', (m) => {
  const made = client(m);
  m.kill(m.client);
  return () => made.CreateMemoryDescriptorFromClient(0, []);
});

run();
