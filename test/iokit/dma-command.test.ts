/** IODMACommand: the cases C15 and C130 to C144 of the reference, on machines without an IOMMU. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryMapperNone,
} from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnBusy,
  kIOReturnError,
  kIOReturnMessageTooLarge,
  kIOReturnNoResources,
  kIOReturnNoSpace,
  kIOReturnNotAligned,
  kIOReturnNotPermitted,
  kIOReturnNotReady,
  kIOReturnOverrun,
  kIOReturnSuccess,
  kIOReturnUnderrun,
} from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import type { SegmentOptions } from '../../src/task/iokit/dma-arguments.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { contiguous, layOut, physical, prepared, scattered } from '../support/dma.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('DMA commands');
const isPanic = (error: Error) => error.name === 'KernelPanic';

/** A command without limits but those given. */
function make(options: Partial<SegmentOptions> = {}, mapping = IODMACommand.kMapped): IODMACommand {
  return IODMACommand.withSpecification(
    IODMACommand.OutputHost64,
    { fNumAddressBits: 0, fMaxSegmentSize: 0, ...options },
    mapping,
  );
}

/** Address and length of the segments from `offset` on. */
function segments(command: IODMACommand, most = 64, offset = 0): [number, number][] {
  const generated = command.gen64IOVMSegments(offset, most);
  assert.is(generated.result, kIOReturnSuccess);
  return generated.segments.map(({ fIOVMAddr, fLength }) => [fIOVMAddr, fLength]);
}

/** Pages of the other task, which is in nobody's way. */
function contiguousOf(m: TestMachine, pages: number): number {
  const address = m.other.allocate(pages * m.pageSize);
  m.touch(m.other, address, pages * m.pageSize);
  return address;
}

/** Lets everything go, and checks that every frame is back. */
function end(m: TestMachine, free: number, ...objects: (IODMACommand | IOMemoryDescriptor)[]): void {
  for (const object of objects) object.release();
  assert.is(m.freeFrames, free);
}

it('C130 a specification must be one that a device can have', (m) => {
  const bits = Math.log2(m.pageSize);
  const refused = [
    IODMACommand.withSpecification(null, 32, 0),
    IODMACommand.withSpecification(7, 32, 0),
    IODMACommand.withSpecification(IODMACommand.OutputHost32, 33, 0),
    IODMACommand.withSpecification(IODMACommand.OutputBig32, 64, 0),
    IODMACommand.withSpecification(IODMACommand.OutputLittle32, 33, 0),
    IODMACommand.withSpecification(IODMACommand.OutputHost64, bits - 1, 0),
    IODMACommand.withSpecification(IODMACommand.OutputHost64, 1, 0),
    IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, 4),
    IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, 0x0f),
  ];
  assert.equal(refused, Array(refused.length).fill(null));
  assert.equal(IODMACommand.weakWithSpecification(IODMACommand.OutputHost32, 33, 0), {
    result: kIOReturnError,
    newCommand: null,
  });
  const accepted = [
    IODMACommand.withSpecification(IODMACommand.OutputHost64, bits, 0),
    IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, IODMACommand.kBypassed),
    IODMACommand.withSpecification(IODMACommand.OutputHost64, 0, 0, IODMACommand.kUnmapped | IODMACommand.kOnChip),
  ];
  for (const command of accepted) command.release();
  const { result, newCommand } = IODMACommand.weakWithSpecification(IODMACommand.OutputBig64, 33, 0);
  assert.is(result, kIOReturnSuccess);
  assert.is(newCommand!.getNumAddressBits(), 33);
  newCommand!.release();
});

it('a specification is completed: 32-bit functions mean 32 bits, alignment 0 is 1, internal segments are like the first', () => {
  const narrow = IODMACommand.withSpecification(IODMACommand.OutputLittle32, 0, 0);
  assert.is(narrow.getNumAddressBits(), 32);
  assert.equal([narrow.getAlignment(), narrow.getAlignmentLength(), narrow.getAlignmentInternalSegments()], [1, 1, 1]);
  const aligned = make({ fAlignment: 64, fAlignmentLength: 0 });
  assert.equal(
    [aligned.getAlignment(), aligned.getAlignmentLength(), aligned.getAlignmentInternalSegments()],
    [64, 1, 64],
  );
  assert.is(aligned.getNumAddressBits(), 0);
  narrow.release();
  aligned.release();
});

it('C131 segments are cut to the largest size and end with Overrun', (m) => {
  const free = m.freeFrames - 3;
  const address = contiguous(m, 3);
  const length = 3 * m.pageSize;
  const md = prepared(m, address, length);
  const command = make({ fMaxSegmentSize: 2 * m.pageSize });
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  const generated = command.gen64IOVMSegments(0, 2);
  assert.equal(
    generated.segments.map(({ fLength }) => fLength),
    [2 * m.pageSize, m.pageSize],
  );
  assert.is(generated.segments[0]!.fIOVMAddr, physical(m, address));
  assert.is(generated.segments[1]!.fIOVMAddr, physical(m, address) + 2 * m.pageSize);
  assert.is(generated.offset, length);
  assert.equal(command.gen64IOVMSegments(length, 2), { result: kIOReturnOverrun, offset: length, segments: [] });
  assert.is(command.gen64IOVMSegments(2n ** 63n, 2).result, kIOReturnOverrun);
  assert.is(command.gen64IOVMSegments(2n ** 63n, 2).offset, 2n ** 63n);
  assert.is(command.clearMemoryDescriptor(), kIOReturnSuccess);
  assert.is(md.complete(), kIOReturnSuccess);
  end(m, free, command, md);
});

it('C132 segments can be asked for one at a time, from any place', (m) => {
  const address = scattered(m, 2);
  const md = prepared(m, address, 2 * m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md);
  const first = command.gen64IOVMSegments(0, 1);
  assert.is(first.offset, m.pageSize);
  assert.equal(first.segments, [{ fIOVMAddr: physical(m, address), fLength: m.pageSize }]);
  const second = command.gen64IOVMSegments(first.offset, 1);
  assert.is(second.offset, 2 * m.pageSize);
  assert.equal(second.segments, [{ fIOVMAddr: physical(m, address + m.pageSize), fLength: m.pageSize }]);
  assert.is(command.gen64IOVMSegments(second.offset, 1).result, kIOReturnOverrun);
  assert.equal(segments(command, 8, 0x10), [
    [physical(m, address) + 0x10, m.pageSize - 0x10],
    [physical(m, address + m.pageSize), m.pageSize],
  ]);
  command.release();
});

it('C133 segments need a prepare and room', (m) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const command = make();
  const nothing = { result: kIOReturnNotReady, offset: 0, segments: [] };
  assert.equal(command.gen64IOVMSegments(0, 1), nothing);
  command.setMemoryDescriptor(md, false);
  assert.equal(command.gen64IOVMSegments(0, 1), nothing);
  assert.equal(command.gen64IOVMSegments(0, 0), nothing);
  assert.equal(command.getPreparedOffsetAndLength(), { result: kIOReturnNotReady, offset: 0, length: 0 });
  assert.is(command.complete(), kIOReturnNotReady);
  command.prepare();
  assert.equal(command.gen64IOVMSegments(16, 0), { result: kIOReturnBadArgument, offset: 16, segments: [] });
  assert.equal(command.getPreparedOffsetAndLength(), { result: kIOReturnSuccess, offset: 0, length: m.pageSize });
  command.clearMemoryDescriptor();
  command.release();
});

it('a command needs a specification and memory', (m) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const command = IODMACommand.withRefCon();
  assert.is(command.cloneCommand(), null);
  assert.is(command.prepare(), kIOReturnNotReady);
  assert.is(command.setMemoryDescriptor(md), kIOReturnNotReady, 'it prepares by itself');
  assert.is(command.getMemoryDescriptor(), null, 'and then has no memory');
  assert.is(command.setMemoryDescriptor(md, false), kIOReturnSuccess);
  const options = { fNumAddressBits: 32, fMaxSegmentSize: 0 };
  assert.is(command.prepareWithSpecification(null, options), kIOReturnBadArgument);
  assert.is(
    command.prepareWithSpecification(IODMACommand.OutputHost32, { ...options, fNumAddressBits: 33 }),
    kIOReturnBadArgument,
  );
  assert.is(command.prepareWithSpecification(IODMACommand.OutputHost32, options, 0, null, 16, 32), kIOReturnSuccess);
  assert.is(command.prepareWithSpecification(IODMACommand.OutputHost32, options), kIOReturnNotPermitted);
  assert.equal(command.getPreparedOffsetAndLength(), { result: kIOReturnSuccess, offset: 16, length: 32 });
  assert.is(command.gen32IOVMSegments(0, 1).segments[0]!.fLength, 32);
  command.complete();
  const long = [40, 16, IODMACommand.kMapped, 0, 1, null, 8, 24] as const;
  assert.is(command.prepareWithSpecification(IODMACommand.OutputHost64, ...long), kIOReturnSuccess);
  assert.is(command.getNumAddressBits(), 40);
  assert.equal(command.getPreparedOffsetAndLength(), { result: kIOReturnSuccess, offset: 8, length: 24 });
  assert.equal(
    command.gen64IOVMSegments(0, 4).segments.map(({ fLength }) => fLength),
    [16, 8],
  );
  command.clearMemoryDescriptor();
  md.complete();
  command.release();
});

it('C134 no more than the largest transfer', (m) => {
  const address = contiguous(m, 2);
  const command = make({ fMaxTransferSize: m.pageSize });
  const long = prepared(m, address, m.pageSize + 1);
  assert.is(command.setMemoryDescriptor(long), kIOReturnNoSpace);
  const fitting = prepared(m, address, m.pageSize);
  assert.is(command.setMemoryDescriptor(fitting), kIOReturnSuccess);
  command.clearMemoryDescriptor();
  assert.is(command.setMemoryDescriptor(long, false), kIOReturnSuccess);
  assert.is(command.prepare(1, m.pageSize + 1), kIOReturnNoSpace);
  assert.is(command.prepare(1, m.pageSize), kIOReturnSuccess);
  command.clearMemoryDescriptor();
  command.release();
});

it('C135 a length that is not aligned: nothing stays active, in the sources once', (m, semantics) => {
  const md = prepared(m, contiguous(m, 1), 0xffe);
  const command = make({ fAlignmentLength: 4 });
  command.setMemoryDescriptor(md, false);
  assert.is(command.prepare(), kIOReturnNotAligned);
  assert.is(command.complete(), semantics === 'xnu' ? kIOReturnSuccess : kIOReturnNotReady);
  assert.is(command.complete(), kIOReturnNotReady);
  assert.is(command.prepare(2, 0xffc), kIOReturnSuccess);
  assert.is(command.complete(), kIOReturnSuccess);
  assert.is(command.clearMemoryDescriptor(), kIOReturnSuccess);
  command.release();
});

it('C136 nested prepares are of the same window', (m, semantics) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md, false);
  assert.is(command.prepare(), kIOReturnSuccess);
  assert.is(command.prepare(0, m.pageSize), kIOReturnSuccess);
  assert.is(command.prepare(0, 16), kIOReturnNotReady);
  assert.is(command.prepare(16, m.pageSize), kIOReturnNotReady);
  for (let i = 0; i < (semantics === 'xnu' ? 4 : 2); i++) assert.is(command.complete(), kIOReturnSuccess);
  assert.is(command.complete(), kIOReturnNotReady);
  command.clearMemoryDescriptor();
  command.release();
});

it('C137 segments are trimmed so that the next one is aligned', (m) => {
  const pages = m.pageSize === 4096 ? 4 : 1;
  const address = contiguous(m, pages) + 0x10;
  const md = prepared(m, address, 0x2ffc);
  const options = { fMaxSegmentSize: 0x1000, fAlignment: 4, fAlignmentLength: 4, fAlignmentInternalSegments: 0x1000 };
  const command = make(options);
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  assert.equal(
    segments(command, 8).map(([, length]) => length),
    [0xff0, 0x1000, 0x1000, 0xc],
  );
  command.release();
});

it('in cursor mode segments that a device cannot take are refused when they are asked for', (m) => {
  const address = scattered(m, 2) + 2;
  const md = prepared(m, address, m.pageSize);
  const aligned = make({ fAlignment: 4 }, IODMACommand.kIterateOnly);
  aligned.setMemoryDescriptor(md);
  assert.equal(aligned.gen64IOVMSegments(0, 1), { result: kIOReturnNotAligned, offset: 0, segments: [] });
  assert.is(aligned.gen64IOVMSegments(2, 1).result, kIOReturnSuccess);
  const internal = make({ fAlignmentLength: 4 }, IODMACommand.kIterateOnly);
  internal.setMemoryDescriptor(md);
  assert.equal(segments(internal, 1), [[physical(m, address), m.pageSize - 4]], 'cut to a length that is aligned');
  assert.is(internal.gen64IOVMSegments(0, 2).result, kIOReturnNotAligned, 'two bytes are left of the page');
  assert.is(internal.getIOMemoryDescriptor()!.id, md.id);
  for (const command of [aligned, internal]) command.release();
});

for (const [direction, name] of [
  [kIODirectionOut, 'Out'],
  [kIODirectionIn, 'In'],
  [kIODirectionNone, 'None'],
] as const) {
  it(`C138 memory that is not aligned goes through one bounce buffer (${name})`, (m) => {
    const free = m.freeFrames - 3;
    const address = scattered(m, 3) + 4;
    const length = 2 * m.pageSize;
    m.client.store8(address, 11);
    m.client.store8(address + length - 1, 12);
    const md = prepared(m, address, length, direction);
    const command = make({ fAlignment: 0x1000 });
    assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
    const [[start, size]] = segments(command, 8) as [[number, number]];
    assert.is(segments(command, 8).length, 1);
    assert.is(size, length);
    assert.is(start % 0x1000, 0);
    assert.ok(start + size <= 2 ** 32);
    assert.not.equal(start, physical(m, address));
    const { memory } = m.hardware;
    const outgoing = direction !== kIODirectionIn;
    assert.equal([memory.load8(start), memory.load8(start + size - 1)], outgoing ? [11, 12] : [0, 0]);
    assert.not.equal(command.getIOMemoryDescriptor()!.id, md.id);
    assert.is(command.getMemoryDescriptor()!.id, md.id);
    memory.store8(start, 21);
    memory.store8(start + m.pageSize, 22);
    assert.equal([m.client.load8(address), m.client.load8(address + m.pageSize)], [11, 0]);
    assert.is(command.clearMemoryDescriptor(), kIOReturnSuccess);
    const back = direction !== kIODirectionOut;
    assert.equal([m.client.load8(address), m.client.load8(address + m.pageSize)], back ? [21, 22] : [11, 0]);
    md.complete();
    end(m, free, command, md);
  });
}

it('C138 synchronize moves bounced data now, complete(…, false) does not', (m) => {
  const address = contiguous(m, 2) + 4;
  const md = prepared(m, address, m.pageSize);
  const command = make({ fAlignment: 0x1000 });
  command.setMemoryDescriptor(md, false);
  m.client.store8(address, 1);
  command.prepare(0, 0, true, false);
  const start = segments(command)[0]![0];
  const { memory } = m.hardware;
  assert.is(memory.load8(start), 0, 'not synchronised by prepare');
  assert.is(command.synchronize(kIODirectionOut), kIOReturnSuccess);
  assert.is(memory.load8(start), 1);
  memory.store8(start, 2);
  assert.is(command.synchronize(kIODirectionNone), kIOReturnSuccess);
  assert.is(m.client.load8(address), 1);
  assert.is(command.synchronize(kIODirectionIn), kIOReturnSuccess);
  assert.is(m.client.load8(address), 2);
  memory.store8(start, 3);
  command.complete(true, false);
  assert.is(m.client.load8(address), 2);
  command.release();
});

it('copying back into memory that is prepared for reading only is Underrun, and ends the command all the same', (m) => {
  const free = m.freeFrames - 2;
  const address = contiguous(m, 2) + 4;
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOutIn, m.client);
  md.prepare(kIODirectionOut);
  const command = make({ fAlignment: 0x1000 });
  command.setMemoryDescriptor(md);
  assert.is(command.synchronize(kIODirectionIn), kIOReturnUnderrun);
  assert.is(command.complete(), kIOReturnUnderrun);
  assert.is(command.complete(), kIOReturnNotReady);
  command.clearMemoryDescriptor();
  md.complete();
  end(m, free, command, md);
});

it('C138 a bounce buffer lies where the device can reach it, or there is none', (m) => {
  const address = contiguous(m, 2) + 4;
  const md = prepared(m, address, m.pageSize);
  const bits = Math.log2(m.pageSize) + 5;
  const command = make({ fAlignment: 4 * m.pageSize, fNumAddressBits: bits });
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  const [[start]] = segments(command) as [[number, number]];
  assert.is(start % (4 * m.pageSize), 0);
  assert.ok(start > 0 && start < 2 ** bits);
  command.clearMemoryDescriptor();
  const free = m.freeFrames;
  const narrow = make({ fAlignment: 16, fNumAddressBits: Math.log2(m.pageSize) });
  assert.is(narrow.setMemoryDescriptor(md), kIOReturnNoResources, 'only page 0 lies low enough');
  assert.is(m.freeFrames, free);
  const large = prepared(m, m.client.allocate(m.pageSize), 16);
  const huge = make({ fAlignment: 2 ** 31 });
  assert.is(huge.setMemoryDescriptor(large), kIOReturnNoResources);
  for (const object of [command, narrow, huge]) object.release();
});

it(
  'C139 only pages that lie too high are substituted',
  (m) => {
    // Half of memory is out of the device's reach.
    const bits = 20;
    const reach = 2 ** bits / m.pageSize;
    const lowest = Array.from({ length: 8 }, () => contiguousOf(m, 1));
    contiguousOf(m, reach - 16);
    const pages = 16;
    const address = contiguous(m, pages);
    const free = m.freeFrames;
    const firstHigh = Array.from({ length: pages }, (_, page) => page).find(
      (page) => m.frameOf(m.client, address + page * m.pageSize) >= reach,
    )!;
    assert.ok(firstHigh > 0 && firstHigh < pages - 1);
    for (const page of lowest) m.other.deallocate(page, m.pageSize);
    for (let page = 0; page < pages; page++) m.client.store8(address + page * m.pageSize, page + 1);
    const high = pages - firstHigh;
    assert.ok(high > 2);
    const md = prepared(m, address, (firstHigh + 2) * m.pageSize);
    const command = make({ fNumAddressBits: bits });
    assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
    const found = segments(command);
    assert.equal(found[0], [physical(m, address), firstHigh * m.pageSize]);
    for (const [start, length] of found) assert.ok(start + length <= 2 ** bits);
    assert.is(
      found.reduce((sum, [, length]) => sum + length, 0),
      (firstHigh + 2) * m.pageSize,
    );
    assert.is(m.freeFrames, free + 8 - 2);
    const bytes = new Uint8Array(1);
    command.readBytes((firstHigh + 1) * m.pageSize, bytes);
    assert.is(bytes[0], firstHigh + 2, 'the data are there');
    const low = found[1]![0];
    m.hardware.memory.store8(low + 5, 99);
    assert.is(m.client.load8(address + firstHigh * m.pageSize + 5), 0);
    assert.is(command.getIOMemoryDescriptor()!.id, md.id);
    command.complete();
    assert.is(m.client.load8(address + firstHigh * m.pageSize + 5), 99);
    assert.is(m.client.load8(address), 1);
    assert.is(m.freeFrames, free + 8);

    const iterating = make({ fNumAddressBits: bits }, IODMACommand.kIterateOnly);
    assert.is(iterating.setMemoryDescriptor(md), kIOReturnSuccess);
    assert.equal(iterating.gen64IOVMSegments(0, 8), { result: kIOReturnMessageTooLarge, offset: 0, segments: [] });
    assert.is(iterating.gen64IOVMSegments(firstHigh * m.pageSize, 1).result, kIOReturnMessageTooLarge);

    // Without enough low memory nothing is taken.
    const taken = m.other.allocate(2 ** 21);
    let at = taken;
    while (m.freeFrames > 0) {
      m.other.load8(at);
      at += m.pageSize;
    }
    assert.is(command.prepare(), kIOReturnNoResources);
    for (const object of [command, iterating]) object.release();
  },
  undefined,
  { physicalMemory: 2 ** 21 },
);

it(
  'C139 memory above 4 GiB is substituted for devices of 32 bits',
  (m) => {
    // By its physical address, so that not all below has to be used up.
    const high = 2 ** 32 + 3 * m.pageSize;
    m.hardware.memory.store8(high, 7);
    const ranges = [{ address: high, length: 2 * m.pageSize }];
    const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, null);
    const command = IODMACommand.withSpecification(IODMACommand.OutputHost32, 32, 0);
    assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
    const { segments: found } = command.gen32IOVMSegments(0, 8);
    assert.ok(found.every(({ fIOVMAddr }) => fIOVMAddr > 0 && fIOVMAddr < 2 ** 32));
    assert.is(m.hardware.memory.load8(found[0]!.fIOVMAddr), 7);
    m.hardware.memory.store8(found[0]!.fIOVMAddr, 8);
    command.clearMemoryDescriptor();
    assert.is(m.hardware.memory.load8(high), 8);
    const wide = make({ fNumAddressBits: 33 });
    wide.setMemoryDescriptor(md);
    assert.equal(segments(wide), [[high, 2 * m.pageSize]]);
    m.hardware.memory.store8(high, 0);
    command.release();
  },
  ['documented'],
  { physicalMemory: 5 * 2 ** 30 },
);

it('C140 synchronize: one direction, an active command, and nothing to do in cursor mode', (m) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const command = make();
  assert.is(command.synchronize(kIODirectionOutIn), kIOReturnBadArgument);
  assert.is(command.synchronize(kIODirectionIn), kIOReturnNotReady);
  command.setMemoryDescriptor(md, false);
  assert.is(command.synchronize(kIODirectionIn), kIOReturnNotReady);
  command.prepare();
  assert.is(command.synchronize(kIODirectionIn), kIOReturnSuccess);
  assert.is(command.synchronize(kIODirectionOut), kIOReturnSuccess);
  assert.is(command.synchronize(kIODirectionOutIn), kIOReturnBadArgument);
  command.clearMemoryDescriptor();
  command.release();
});

it('H24 ForceDoubleBuffer isolates the data; in the sources not in cursor mode', (m, semantics) => {
  const free = m.freeFrames - 1;
  const address = contiguous(m, 1);
  m.client.store8(address, 5);
  const md = prepared(m, address, m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md);
  assert.is(command.synchronize(IODMACommand.kForceDoubleBuffer), kIOReturnSuccess);
  const start = segments(command)[0]![0];
  if (semantics === 'xnu') {
    assert.is(start, physical(m, address));
  } else {
    assert.not.equal(start, physical(m, address));
    assert.is(m.hardware.memory.load8(start), 5);
    m.client.store8(address, 6);
    assert.is(m.hardware.memory.load8(start), 5, 'what the client stores now does not reach the device');
    assert.is(command.synchronize(IODMACommand.kForceDoubleBuffer), kIOReturnSuccess);
    assert.is(segments(command)[0]![0], start, 'once is enough');
  }
  assert.is(command.complete(), kIOReturnSuccess);
  assert.is(m.client.load8(address), 5);
  assert.is(command.complete(), kIOReturnNotReady);
  command.clearMemoryDescriptor();
  md.complete();
  end(m, free, command, md);
});

it('H24 ForceDoubleBuffer takes a bounce buffer in place of substituted pages, and keeps nested prepares', (m, semantics) => {
  const bits = Math.log2(m.pageSize) + 4;
  for (let page = 1; page < 16; page++) m.touch(m.other, m.other.allocate(m.pageSize), 1);
  const address = contiguous(m, 2);
  const low = m.other.allocate(m.pageSize);
  assert.is(m.frameOf(m.client, address) >= 2 ** bits / m.pageSize, true);
  m.other.deallocate(low, m.pageSize);
  for (let page = 0; page < 8; page++)
    m.other.deallocate(m.spaceOf(m.other).entries.firstEndingAfter(0)!.start, m.pageSize);
  const md = prepared(m, address, 2 * m.pageSize);
  const command = make({ fNumAddressBits: bits });
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  assert.is(command.getIOMemoryDescriptor()!.id, md.id);
  assert.is(command.synchronize(IODMACommand.kForceDoubleBuffer), kIOReturnSuccess);
  const bounce = command.getIOMemoryDescriptor()!.id;
  assert.not.equal(bounce, md.id, 'no cursor mode, so that the sources honour it too');
  assert.is(segments(command).length, 1);
  command.complete();
  command.prepare();
  command.prepare();
  assert.is(command.synchronize(IODMACommand.kForceDoubleBuffer), kIOReturnSuccess);
  assert.is(command.getIOMemoryDescriptor()!.id === md.id, semantics === 'xnu', 'prepared twice');
  assert.is(command.complete(), kIOReturnSuccess);
  assert.is(command.complete(), kIOReturnSuccess);
  assert.is(command.complete(), kIOReturnNotReady);
  command.release();
});

it('C141 an active command keeps its memory', (m) => {
  const address = contiguous(m, 2);
  const first = prepared(m, address, m.pageSize);
  const second = prepared(m, address + m.pageSize, m.pageSize);
  const command = make();
  assert.is(command.setMemoryDescriptor(null), kIOReturnSuccess);
  command.setMemoryDescriptor(first);
  assert.is(command.setMemoryDescriptor(second), kIOReturnBusy);
  assert.is(command.setMemoryDescriptor(null), kIOReturnBusy);
  assert.is(command.clearMemoryDescriptor(false), kIOReturnNotReady);
  assert.is(command.getMemoryDescriptor()!.id, first.id);
  assert.is(command.setMemoryDescriptor(first), kIOReturnSuccess, 'the same again, and prepared only once');
  assert.is(command.setMemoryDescriptor(first, false), kIOReturnSuccess, 'this completes');
  assert.is(command.complete(), kIOReturnNotReady);
  assert.is(first.getRetainCount(), 2);
  assert.is(command.setMemoryDescriptor(second), kIOReturnSuccess, 'and then takes other memory');
  assert.is(first.getRetainCount(), 1);
  assert.is(command.clearMemoryDescriptor(), kIOReturnSuccess);
  assert.is(command.getMemoryDescriptor(), null);
  command.release();
});

it('C142 a clone has the same specification; in the sources two alignments change places', (m, semantics) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const command = make({ fAlignment: 2, fAlignmentLength: 4, fAlignmentInternalSegments: 8, fNumAddressBits: 40 });
  command.setMemoryDescriptor(md);
  const clone = command.cloneCommand();
  const alignments = [clone.getAlignmentLength(), clone.getAlignmentInternalSegments()];
  assert.equal(alignments, semantics === 'xnu' ? [8, 4] : [4, 8]);
  assert.equal([clone.getNumAddressBits(), clone.getAlignment()], [40, 2]);
  assert.is(clone.getMemoryDescriptor(), null);
  assert.is(clone.complete(), kIOReturnNotReady);
  command.clearMemoryDescriptor();
  clone.release();
  command.release();
});

it('C143 copies through a command are of its window', (m) => {
  const address = scattered(m, 3);
  m.client.write(
    address,
    Uint8Array.from({ length: 3 * m.pageSize }, (_, i) => i % 251),
  );
  const md = prepared(m, address, 3 * m.pageSize);
  const command = make();
  const bytes = new Uint8Array(3 * m.pageSize);
  command.setMemoryDescriptor(md, false);
  assert.is(command.readBytes(0, bytes), 0);
  assert.is(command.writeBytes(0, bytes), 0);
  const [offset, length] = [m.pageSize - 5, m.pageSize + 10];
  command.prepare(offset, length);
  assert.is(command.readBytes(0, bytes), length);
  for (const i of [0, 4, 5, length - 1]) assert.is(bytes[i], (offset + i) % 251);
  assert.is(command.readBytes(length, bytes), 0);
  assert.is(command.readBytes(2n ** 63n, bytes, 1), 0);
  assert.is(command.readBytes(length - 1, bytes), 1);
  assert.is(command.readBytes(2, bytes, 3), 3);
  assert.is(command.writeBytes(length - 2, Uint8Array.of(1, 2, 3)), 2);
  assert.equal([...m.client.read(address + offset + length - 2, 3)].slice(0, 2), [1, 2]);
  assert.is(m.client.load8(address + offset + length), (offset + length) % 251, 'the byte behind is untouched');
  assert.throws(() => command.readBytes(0, new Uint8Array(2), 3), RangeError);
  command.clearMemoryDescriptor();
  command.release();
});

it(
  'C144 a window beyond the memory is refused',
  (m) => {
    const md = prepared(m, contiguous(m, 1), m.pageSize);
    const command = make();
    command.setMemoryDescriptor(md, false);
    assert.is(command.prepare(m.pageSize / 2, 0), kIOReturnBadArgument);
    assert.is(command.prepare(1, m.pageSize), kIOReturnBadArgument);
    assert.is(command.prepare(2n ** 63n, 1), kIOReturnBadArgument);
    assert.is(command.complete(), kIOReturnNotReady);
    assert.is(command.prepare(m.pageSize - 1, 1), kIOReturnSuccess);
    command.release();
  },
  ['documented'],
);

it(
  'C144 in the sources segments of a window beyond the memory never end',
  (m) => {
    const md = prepared(m, contiguous(m, 1), m.pageSize);
    const command = make();
    command.setMemoryDescriptor(md, false);
    assert.is(command.prepare(m.pageSize / 2, 0), kIOReturnSuccess);
    assert.equal(segments(command, 1).length, 1);
    const driver = new HandDriven(m, 'driver').grant(command);
    assert.is(driver.begin(calls.genIOVMSegments, [command.id, 0, 2]), Status.Blocked);
    assert.equal(m.violations, ['livelock']);
    m.kernelState.endThread(driver.thread);
    command.clearMemoryDescriptor();
    command.release();
  },
  ['xnu'],
);

it('C15 completing memory while a command has it is a panic', (m) => {
  const address = contiguous(m, 1);
  const md = prepared(m, address, m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md, false);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.complete(), kIOReturnSuccess, 'not the last one');
  assert.throws(() => md.complete(), isPanic);
  assert.is(m.wires(m.client, address), 1, 'the memory is still held');
  command.clearMemoryDescriptor();
  assert.is(md.complete(), kIOReturnSuccess);
  const part = IOSubMemoryDescriptor.withSubRange(md, 0, 16, kIODirectionOutIn);
  part.prepare();
  command.setMemoryDescriptor(part);
  assert.throws(() => md.complete(), isPanic, 'a part of it');
  command.clearMemoryDescriptor();
  part.complete();
  for (const object of [command, part, md]) object.release();
});

it('a descriptor under DMA is not initialised again', (m, semantics) => {
  const address = contiguous(m, 1);
  const md = prepared(m, address, m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md);
  const again = () => md.initWithOptions([{ address, length: 16 }], 1, 0, m.client, 0x13);
  if (semantics === 'xnu') assert.throws(again, isPanic);
  else assert.not(again());
  assert.is(md.getLength(), m.pageSize);
  command.clearMemoryDescriptor();
  command.release();
});

it('unprepared memory is a panic when segments are asked for', (m) => {
  const md = IOMemoryDescriptor.withAddressRange(contiguous(m, 1), m.pageSize, kIODirectionOut, m.client);
  const command = make();
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  assert.throws(() => command.gen64IOVMSegments(0, 1), isPanic);
  assert.equal(m.violations, ['use-before-prepare']);
  command.release();
});

it('caches are looked after for a non-coherent device, which unprepared memory does not stand; unless told not to', (m) => {
  const md = IOMemoryDescriptor.withAddressRange(contiguous(m, 1), m.pageSize, kIODirectionOut, m.client);
  const storing = make({}, IODMACommand.kNonCoherent);
  assert.throws(() => storing.setMemoryDescriptor(md), isPanic);
  const coherent = make({}, IODMACommand.kNonCoherent | IODMACommand.kNoCacheStore);
  assert.is(coherent.setMemoryDescriptor(md, false), kIOReturnSuccess);
  assert.is(coherent.prepare(), kIOReturnSuccess);
  assert.throws(() => coherent.complete(), isPanic, 'it invalidates all the same');
  coherent.clearMemoryDescriptor();
  assert.is(coherent.setMemoryDescriptor(md, false), kIOReturnSuccess);
  assert.is(coherent.prepare(), kIOReturnSuccess);
  assert.is(coherent.complete(false), kIOReturnSuccess);
  storing.clearMemoryDescriptor();
  assert.is(storing.setMemoryDescriptor(md, false), kIOReturnSuccess);
  assert.is(storing.prepare(0, 0, false), kIOReturnSuccess);
  assert.is(storing.complete(false), kIOReturnSuccess);
  for (const command of [storing, coherent]) {
    command.clearMemoryDescriptor();
    command.release();
  }
});

it('a command that is freed with its memory lets it go; in the sources the memory is leaked', (m, semantics) => {
  const free = m.freeFrames - 2;
  const md = prepared(m, contiguous(m, 2) + 4, m.pageSize);
  const command = make({ fAlignment: 0x1000 });
  command.setMemoryDescriptor(md);
  assert.ok(m.freeFrames < free);
  command.release();
  assert.is(m.freeFrames, free, 'the bounce buffer is back');
  assert.is(md.getRetainCount(), semantics === 'xnu' ? 2 : 1);
  assert.equal(m.violations, semantics === 'xnu' ? ['leak'] : []);
  assert.is(md.complete(), kIOReturnSuccess);
});

it('output functions write words of their size and order', (m) => {
  const md = IOMemoryDescriptor.withPhysicalAddress(0x0102_0304_05 * 256, 0x1122, kIODirectionOut);
  const command = make();
  command.setMemoryDescriptor(md);
  const written = (segmentFunction?: number) => [...command.genIOVMSegments(0, 1, segmentFunction).segments];
  const address = [0, 0, 1, 2, 3, 4, 5, 0];
  const length = [0, 0, 0, 0, 0, 0, 0x11, 0x22];
  assert.equal(written(IODMACommand.OutputBig64), [...address, ...length]);
  for (const little of [undefined, IODMACommand.OutputHost64, IODMACommand.OutputLittle64])
    assert.equal(written(little), [...[...address].reverse(), ...[...length].reverse()]);
  assert.equal(written(IODMACommand.OutputBig32), [3, 4, 5, 0, 0, 0, 0x11, 0x22], 'cut off without a word');
  for (const little of [IODMACommand.OutputHost32, IODMACommand.OutputLittle32])
    assert.equal(written(little), [0, 5, 4, 3, 0x22, 0x11, 0, 0]);
  assert.throws(() => command.gen32IOVMSegments(0, 1), TypeError);
  assert.is(m.violations.length, 0);
  command.release();
});

it('a copy buffer is contiguous, low, zero, and always prepared', (m) => {
  const free = m.freeFrames;
  const command = make();
  const buffer = command.createCopyBuffer(kIODirectionOutIn, 3 * m.pageSize - 1);
  assert.is(m.freeFrames, free - 3);
  const { address, length } = buffer.getPhysicalSegment(0, kIOMemoryMapperNone);
  assert.is(length, 3 * m.pageSize - 1);
  assert.is(address % m.pageSize, 0);
  assert.is(buffer.getDirection(), kIODirectionOutIn);
  assert.is(buffer.writeBytes(m.pageSize - 1, Uint8Array.of(1, 2)), 2);
  const bytes = new Uint8Array(4);
  assert.is(buffer.readBytes(m.pageSize - 2, bytes), 4);
  assert.equal([...bytes], [0, 1, 2, 0]);
  assert.is(command.createCopyBuffer(kIODirectionIn, 0), null);
  assert.is(command.createCopyBuffer(kIODirectionIn, 2 ** 33), null);
  end(m, free, command, buffer);
});

it('frames that a bounce buffer had are zero for whoever has them next', (m) => {
  const command = make();
  const buffer = command.createCopyBuffer(kIODirectionOutIn, m.pageSize);
  buffer.writeBytes(0, Uint8Array.of(9));
  const frame = buffer.getPhysicalAddress() / m.pageSize;
  buffer.release();
  const address = m.client.allocate(m.pageSize);
  assert.is(m.client.load8(address), 0);
  assert.is(m.frameOf(m.client, address), frame);
  command.release();
});

it('a segment goes on over adjacent ranges and over parts of a page list', (m) => {
  const address = layOut(m, [0, 1, 2]);
  const ranges = [0, 1, 2].map((page) => ({ address: address + page * m.pageSize, length: m.pageSize }));
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOut, m.client);
  md.prepare();
  assert.is(md.getPhysicalSegment(0).length, m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md);
  assert.equal(segments(command), [[physical(m, address), 3 * m.pageSize]]);
  command.release();
});

run();
