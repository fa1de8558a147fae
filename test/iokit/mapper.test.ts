/** Device addresses: IOMapper, mapped segments and commands behind an IOMMU (xnu-reference 1.11, 3.2, 3.11; C15, C130, C145). */
import * as assert from 'uvu/assert';
import { kIODMAMapReadAccess, kIODMAMapWriteAccess } from '../../src/iokit/dma-options.ts';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapUnique,
  kIOMemoryHostOnly,
  kIOMemoryMapperNone,
  kIOMemoryRemote,
} from '../../src/iokit/options.ts';
import {
  kIOReturnBadArgument,
  kIOReturnNoMemory,
  kIOReturnNotAttached,
  kIOReturnSuccess,
  kIOReturnVMError,
} from '../../src/iokit/return-codes.ts';
import type { SegmentOptions } from '../../src/task/iokit/dma-arguments.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IODMACommand } from '../../src/task/iokit/io-dma-command.ts';
import { IOMapper, IOMapperInsertPage, IOMapperIOVMAlloc, IOMapperIOVMFree } from '../../src/task/iokit/io-mapper.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { contiguous, deviceLoad, deviceStore, physical, prepared, scattered } from '../support/dma.ts';
import { machineSuite, type Semantics, type TestMachine } from '../support/machine.ts';

const { case: plain, run } = machineSuite('mapper');
const isPanic = (error: Error) => error.name === 'KernelPanic';
const both = kIODMAMapReadAccess | kIODMAMapWriteAccess;
const none = { address: 0, length: 0 };

const it = (
  name: string,
  body: (m: TestMachine, semantics: Semantics) => void,
  { addressBits = 32, pageSize = undefined as 4096 | undefined } = {},
) => plain(name, body, undefined, { mapper: pageSize === undefined ? { addressBits } : { addressBits, pageSize } });

function make(options: Partial<SegmentOptions> = {}, mapping = IODMACommand.kMapped): IODMACommand {
  return IODMACommand.withSpecification(
    IODMACommand.OutputHost64,
    { fNumAddressBits: 0, fMaxSegmentSize: 0, ...options },
    mapping,
  );
}

function segments(command: IODMACommand): [number, number][] {
  const generated = command.gen64IOVMSegments(0, 64);
  assert.is(generated.result, kIOReturnSuccess);
  return generated.segments.map(({ fIOVMAddr, fLength }) => [fIOVMAddr, fLength]);
}

const windows = (m: TestMachine): number => m.kernelState.iokit.systemMapper!.space.windows.length;

it('C145 segments are device addresses, which the device loses with complete', (m) => {
  const address = scattered(m, 3) + 8;
  const length = 2 * m.pageSize;
  m.client.store8(address + m.pageSize, 77);
  const md = prepared(m, address, length);
  const command = make();
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  const [[start, size]] = segments(command) as [[number, number]];
  assert.is(segments(command).length, 1, 'contiguous for the device, though the frames are not');
  assert.is(size, length);
  assert.is(start % m.pageSize, 8);
  assert.is(IOMapper.gSystem!.mapToPhysicalAddress(start), physical(m, address));
  assert.is(deviceLoad(m, start + m.pageSize), 77);
  assert.is(deviceStore(m, start + 1, 5), null);
  assert.is(m.client.load8(address + 1), 5);
  assert.is(deviceLoad(m, start - 9), 'not mapped');
  command.complete();
  assert.is(windows(m), 1, 'the whole of the descriptor stays mapped');
  assert.is(md.complete(), kIOReturnSuccess);
  assert.is(deviceLoad(m, start), 'not mapped');
  assert.is(deviceStore(m, start, 1), 'not mapped');
  assert.is(IOMapper.gSystem!.mapToPhysicalAddress(start), 0);
  assert.is(windows(m), 0);
  command.release();
});

it('C145 what a device may do follows the direction of prepare', (m) => {
  for (const [direction, load, store] of [
    [kIODirectionOut, 3, 'protected'],
    [kIODirectionIn, 'protected', null],
    [kIODirectionOutIn, 3, null],
  ] as const) {
    const address = contiguous(m, 1);
    m.client.store8(address, 3);
    const md = prepared(m, address, m.pageSize, direction);
    const command = make();
    command.setMemoryDescriptor(md);
    const [[start]] = segments(command) as [[number, number]];
    assert.is(deviceLoad(m, start), load);
    assert.is(deviceStore(m, start, 4), store);
    assert.is(m.client.load8(address), store === null ? 4 : 3, 'a refused write is dropped');
    command.clearMemoryDescriptor();
    md.complete();
    command.release();
  }
});

it('C145 a part of the memory is mapped for the command alone, until its own complete', (m) => {
  const address = scattered(m, 3);
  const md = prepared(m, address, 3 * m.pageSize, kIODirectionOut);
  const command = make();
  command.setMemoryDescriptor(md, false);
  assert.is(windows(m), 0, 'nothing is mapped before prepare');
  assert.is(command.prepare(m.pageSize, m.pageSize), kIOReturnSuccess);
  const [[start, size]] = segments(command) as [[number, number]];
  assert.is(size, m.pageSize);
  assert.is(deviceLoad(m, start), 0);
  assert.is(deviceStore(m, start, 1), 'protected');
  assert.is(deviceLoad(m, start + size), 'not mapped', 'no more than the window');
  assert.is(windows(m), 1);
  command.complete();
  assert.is(windows(m), 0);
  assert.is(deviceLoad(m, start), 'not mapped');
  md.complete();
  command.release();
});

it('C15 with a mapper memory is active from prepare to complete of the command', (m) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md, false);
  md.prepare();
  assert.is(md.complete(), kIOReturnSuccess);
  command.prepare();
  assert.throws(() => md.complete(), isPanic);
  command.complete();
  assert.is(md.complete(), kIOReturnSuccess, 'though the command has it still');
  command.clearMemoryDescriptor();
  command.release();
});

it('C130 a mapper cannot be bypassed, but left out', (m) => {
  assert.is(IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, IODMACommand.kBypassed), null);
  const address = scattered(m, 2);
  const md = prepared(m, address, 2 * m.pageSize);
  const command = make({}, IODMACommand.kUnmapped);
  command.setMemoryDescriptor(md);
  assert.equal(segments(command), [
    [physical(m, address), m.pageSize],
    [physical(m, address + m.pageSize), m.pageSize],
  ]);
  assert.is(windows(m), 0);
  assert.throws(() => md.complete(), isPanic);
  command.clearMemoryDescriptor();
  const given = IODMACommand.withSpecification(IODMACommand.OutputHost64, 64, 0, 3, 0, 1, IOMapper.gSystem);
  given.setMemoryDescriptor(md);
  assert.is(segments(given).length, 1, 'a mapper that is given is used');
  given.clearMemoryDescriptor();
  md.complete();
  for (const object of [command, given]) object.release();
});

it('a mapped query makes the shared mapping, and MapperNone asks for physical addresses', (m) => {
  const address = scattered(m, 2) + 4;
  const md = prepared(m, address, m.pageSize);
  const direct = { address: physical(m, address), length: m.pageSize - 4 };
  assert.equal(md.getPhysicalSegment(0, kIOMemoryMapperNone), direct);
  assert.is(windows(m), 0);
  const { address: start, length } = md.getPhysicalSegment(0);
  assert.is(length, m.pageSize, 'contiguous for a device');
  assert.is(windows(m), 1);
  assert.is(md.getPhysicalAddress(), start);
  assert.equal(md.getPhysicalSegment(16), { address: start + 16, length: m.pageSize - 16 });
  assert.equal(md.getPhysicalSegment(m.pageSize), none);
  const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere, 8, 16);
  assert.is(map.getPhysicalAddress(), start + 8);
  assert.is(map.getPhysicalSegment(0, kIOMemoryMapperNone).address, direct.address + 8);
  const part = IOSubMemoryDescriptor.withSubRange(md, 32, 16, kIODirectionOut);
  assert.equal(part.getPhysicalSegment(1), { address: start + 33, length: 15 });
  const bytes = new Uint8Array(1);
  assert.is(md.readBytes(0, bytes), 1, 'processors use physical addresses');
  md.complete();
  assert.is(windows(m), 0);
  assert.throws(() => md.getPhysicalSegment(0), isPanic);
  for (const object of [map, part, md]) object.release();
});

it('memory that was made with MapperNone answers physical addresses, but a command maps it', (m) => {
  const address = scattered(m, 2);
  const md = IOMemoryDescriptor.withAddressRange(
    address,
    2 * m.pageSize,
    kIODirectionOutIn | kIOMemoryMapperNone,
    m.client,
  );
  md.prepare();
  assert.is(md.getPhysicalAddress(), physical(m, address));
  assert.is(windows(m), 0);
  const command = make();
  command.setMemoryDescriptor(md);
  assert.is(segments(command).length, 1);
  assert.not.equal(segments(command)[0]![0], physical(m, address));
  command.clearMemoryDescriptor();
  md.complete();
  assert.is(windows(m), 0);
  command.release();
});

it('HostOnly memory is never mapped; Remote memory is not attached', (m) => {
  const address = contiguous(m, 1);
  const at = physical(m, address);
  const host = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut | kIOMemoryHostOnly, m.client);
  host.prepare();
  assert.is(host.getPhysicalAddress(), at);
  const command = make();
  assert.is(command.setMemoryDescriptor(host), kIOReturnSuccess);
  assert.is(windows(m), 0);
  assert.is(host.complete(), kIOReturnSuccess, 'not active either');
  command.clearMemoryDescriptor();
  const remote = IOMemoryDescriptor.withAddressRange(at, 16, kIODirectionOut | kIOMemoryRemote, null);
  assert.is(command.setMemoryDescriptor(remote), kIOReturnNotAttached);
  assert.is(command.getMemoryDescriptor(), null);
  const empty = IOMemoryDescriptor.withAddressRange(address, 0, kIODirectionOut, m.client);
  empty.prepare();
  assert.is(command.setMemoryDescriptor(empty), kIOReturnSuccess);
  assert.is(windows(m), 0);
  assert.is(command.clearMemoryDescriptor(), kIOReturnSuccess);
  assert.is(empty.complete(), kIOReturnSuccess);
  command.release();
});

it('physical memory holds device addresses where there is a mapper', (m) => {
  const address = scattered(m, 2);
  m.client.store8(address + m.pageSize, 9);
  const md = prepared(m, address, 2 * m.pageSize);
  const start = md.getPhysicalAddress();
  const device = IOMemoryDescriptor.withPhysicalAddress(start, 2 * m.pageSize, kIODirectionOutIn);
  assert.equal(device.getPhysicalSegment(0), { address: start, length: 2 * m.pageSize });
  assert.equal(device.getPhysicalSegment(8, kIOMemoryMapperNone), {
    address: physical(m, address) + 8,
    length: m.pageSize - 8,
  });
  const bytes = new Uint8Array(2);
  assert.is(device.readBytes(m.pageSize - 1, bytes), 2);
  assert.equal([...bytes], [0, 9]);
  const map = device.createMappingInTask(m.other, 0, kIOMapAnywhere);
  assert.is(m.other.load8(map.getVirtualAddress() + m.pageSize), 9);
  const command = make();
  command.setMemoryDescriptor(device);
  assert.is(deviceLoad(m, segments(command)[0]![0] + m.pageSize), 9);
  command.clearMemoryDescriptor();

  const nothing = IOMemoryDescriptor.withPhysicalAddress(2 * m.pageSize, m.pageSize, kIODirectionOutIn);
  assert.is(nothing.getPhysicalAddress(), 2 * m.pageSize);
  assert.equal(nothing.getPhysicalSegment(0, kIOMemoryMapperNone), none);
  assert.is(nothing.readBytes(0, bytes), 0);
  assert.is(command.setMemoryDescriptor(nothing), kIOReturnVMError);
  const hole = nothing.createMappingInTask(m.other, 0, kIOMapAnywhere);
  assert.throws(() => m.other.load8(hole.getVirtualAddress()), /bad address/);
  for (const object of [command, map, hole]) object.release();
  md.complete();
});

it('a unique map of physical memory shows it, whichever kind of addresses it was described by', (m) => {
  const address = contiguous(m, 2);
  m.client.store8(address + m.pageSize + 3, 9);
  const held = prepared(m, address, 2 * m.pageSize);
  const behind = held.getPhysicalSegment(m.pageSize).address;
  for (const [start, options] of [
    [physical(m, address) + m.pageSize, kIOMemoryMapperNone],
    [behind, 0],
  ] as const) {
    const md = IOMemoryDescriptor.withAddressRange(start, m.pageSize, kIODirectionOutIn | options, null);
    const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere | kIOMapUnique);
    assert.is(m.other.load8(map.getVirtualAddress() + 3), 9);
    m.other.store8(map.getVirtualAddress() + 4, 10);
    assert.is(m.client.load8(address + m.pageSize + 4), 10);
    map.release();
    md.release();
  }
  held.complete();
});

it('ranges that meet inside of pages are pieces of their own', (m) => {
  const address = scattered(m, 4);
  const half = m.pageSize / 2;
  const ranges = [
    { address, length: m.pageSize },
    { address: address + 2 * m.pageSize, length: half },
    { address: address + 3 * m.pageSize + 4, length: half },
  ];
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOutIn, m.client);
  md.prepare();
  assert.is(md.getDMAMapLength().length, 3 * m.pageSize);
  const command = make();
  command.setMemoryDescriptor(md);
  const found = segments(command);
  assert.equal(
    found.map(([, length]) => length),
    [m.pageSize + half, half],
  );
  ranges.forEach(({ address: at, length }, i) => {
    m.client.store8(at, i + 1);
    m.client.store8(at + length - 1, i + 11);
  });
  const [first, second] = [found[0]![0], found[1]![0]];
  const seen = [
    first,
    first + m.pageSize - 1,
    first + m.pageSize,
    first + m.pageSize + half - 1,
    second,
    second + half - 1,
  ];
  assert.equal(
    seen.map((at) => deviceLoad(m, at)),
    [1, 11, 2, 12, 3, 13],
  );
  assert.is(m.kernelState.iokit.systemMapper!.space.windows[0]!.pages, 3);
  command.clearMemoryDescriptor();
  md.complete();
  assert.is(windows(m), 0);
  command.release();
});

it('a command with fewer address bits or more alignment than the shared mapping has gets one of its own', (m) => {
  const md = prepared(m, contiguous(m, 2), 2 * m.pageSize);
  const shared = md.getPhysicalAddress();
  assert.ok(shared >= 2 ** 31, 'the machine itself maps high');
  const narrow = make({ fNumAddressBits: 24 });
  narrow.setMemoryDescriptor(md);
  const [[low]] = segments(narrow) as [[number, number]];
  assert.ok(low > 0 && low < 2 ** 24);
  const wide = make({ fNumAddressBits: 40 });
  wide.setMemoryDescriptor(md);
  assert.is(segments(wide)[0]![0], shared);
  const one = md.getPhysicalSegment(0).address;
  assert.is(one, shared);
  // Takes one page, so that the next window would not be aligned by itself.
  const other = prepared(m, contiguous(m, 1), m.pageSize);
  other.getPhysicalAddress();
  const aligned = make({ fAlignment: 16 * m.pageSize });
  aligned.setMemoryDescriptor(md);
  assert.is(segments(aligned)[0]![0] % (16 * m.pageSize), 0);
  for (const command of [narrow, wide, aligned]) {
    command.clearMemoryDescriptor();
    command.release();
  }
  other.complete();
  assert.is(md.complete(), kIOReturnSuccess);
  assert.is(windows(m), 0);
});

it('a device sees what a buffer was lengthened by since, and what it was shortened by is none of its segments', (m) => {
  m.enter(m.kernel, () => {
    const buffer = IOBufferMemoryDescriptor.withCapacity(2 * m.pageSize, kIODirectionOut);
    buffer.setLength(8);
    buffer.prepare();
    const { address: start, length } = buffer.getPhysicalSegment(0);
    assert.is(length, 8);
    assert.is(buffer.appendBytes(new Uint8Array(m.pageSize).fill(9)), true);
    assert.equal(buffer.getPhysicalSegment(8), { address: start + 8, length: m.pageSize });
    assert.is(deviceLoad(m, start + m.pageSize), 9);
    buffer.setLength(4);
    assert.equal(buffer.getPhysicalSegment(0), { address: start, length: 4 });
    assert.equal(buffer.getPhysicalSegment(4), none);
    buffer.complete();
    buffer.release();
  });
});

it('what commands demanded is heeded when the shared mapping is made, and forgotten by initWithOptions', (m) => {
  const address = contiguous(m, 1);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.client);
  const command = make({ fNumAddressBits: 26, fAlignment: 4 * m.pageSize });
  command.setMemoryDescriptor(md, false);
  md.prepare();
  assert.ok(md.getPhysicalAddress() < 2 ** 26);
  assert.is(md.getPhysicalAddress() % (4 * m.pageSize), 0);
  md.complete();
  md.initWithOptions([{ address, length: m.pageSize }], 1, 0, m.client, 0x12);
  md.prepare();
  assert.ok(md.getPhysicalAddress() >= 2 ** 26);
  command.clearMemoryDescriptor();
  command.release();
});

it('memory that is not aligned is bounced behind a mapper too', (m) => {
  const address = contiguous(m, 2) + 4;
  m.client.store8(address, 42);
  const md = prepared(m, address, m.pageSize);
  const command = make({ fAlignment: 16 });
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  const [[start, size]] = segments(command) as [[number, number]];
  assert.is(start % 16, 0);
  assert.is(size, m.pageSize);
  assert.is(deviceLoad(m, start), 42);
  assert.is(deviceStore(m, start, 43), null);
  assert.is(m.client.load8(address), 42);
  command.complete();
  assert.is(m.client.load8(address), 43);
  md.complete();
  assert.is(windows(m), 0);
  command.release();
});

it('a non-coherent device is behind the mapper too', (m) => {
  const address = scattered(m, 2);
  const md = prepared(m, address, 2 * m.pageSize);
  const command = make({ fNumAddressBits: 24 }, IODMACommand.kNonCoherent);
  assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
  assert.is(segments(command).length, 1);
  assert.ok(segments(command)[0]![0] < 2 ** 24);
  command.clearMemoryDescriptor();
  md.complete();
  command.release();
});

it('a descriptor that goes takes its mapping along', (m) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const start = md.getPhysicalAddress();
  deviceLoad(m, start);
  md.release();
  assert.is(windows(m), 0);
  assert.is(deviceLoad(m, start), 'not mapped');
});

it(
  'device addresses that are used up are NoMemory, and nothing is left of it',
  (m) => {
    const pages = 2 ** 20 / m.pageSize;
    const mapper = IOMapper.gSystem!;
    const taken = IOMapperIOVMAlloc(pages - 2);
    assert.is(taken, 1, 'page 0 is never given');
    assert.is(IOMapperIOVMAlloc(2), 0);
    const md = prepared(m, contiguous(m, 2), 2 * m.pageSize);
    const command = make();
    assert.is(command.setMemoryDescriptor(md), kIOReturnNoMemory);
    assert.is(command.getMemoryDescriptor(), null);
    assert.equal(md.getPhysicalSegment(0), none);
    assert.is(mapper.iovmMapMemory(md, 0, 2 * m.pageSize, both).result, kIOReturnNoMemory);
    IOMapperIOVMFree(taken, pages - 2);
    assert.is(command.setMemoryDescriptor(md), kIOReturnSuccess);
    command.clearMemoryDescriptor();
    md.complete();
    assert.is(windows(m), 0);
    command.release();
  },
  { addressBits: 20 },
);

it('iovmMapMemory maps for a driver, as long as it likes', (m) => {
  const mapper = IOMapper.copyMapperForDevice()!;
  assert.is(mapper.getPageSize(), m.pageSize);
  const address = scattered(m, 2) + 4;
  const md = prepared(m, address, m.pageSize);
  const made = mapper.iovmMapMemory(md, 0, m.pageSize, kIODMAMapReadAccess, { numAddressBits: 30 });
  assert.is(made.result, kIOReturnSuccess);
  assert.is(made.mapLength, 2 * m.pageSize);
  assert.is(made.mapAddress % m.pageSize, 4);
  assert.ok(made.mapAddress < 2 ** 30);
  assert.is(deviceLoad(m, made.mapAddress), 0);
  assert.is(deviceStore(m, made.mapAddress, 1), 'protected');
  assert.is(mapper.iovmUnmapMemory(made.mapAddress, m.pageSize), kIOReturnBadArgument);
  assert.is(mapper.iovmUnmapMemory(made.mapAddress + m.pageSize, m.pageSize), kIOReturnBadArgument);
  assert.is(mapper.iovmUnmapMemory(made.mapAddress, made.mapLength), kIOReturnSuccess);
  assert.is(mapper.iovmUnmapMemory(made.mapAddress, made.mapLength), kIOReturnBadArgument);
  assert.is(deviceLoad(m, made.mapAddress), 'not mapped', 'flushed at once');
  assert.is(mapper.iovmMapMemory(md, 1, m.pageSize, both).result, kIOReturnBadArgument);
  assert.is(mapper.iovmMapMemory(md, 0, 0, both).result, kIOReturnBadArgument);
  const writing = mapper.iovmMapMemory(md, 8, 8, kIODMAMapWriteAccess);
  assert.is(deviceStore(m, writing.mapAddress, 6), null);
  assert.is(deviceLoad(m, writing.mapAddress), 'protected');
  assert.is(m.client.load8(address + 8), 6);
  mapper.iovmUnmapMemory(writing.mapAddress, writing.mapLength);
  // A window that belongs to a descriptor is not the driver's to unmap.
  const shared = md.getPhysicalAddress() - 4;
  assert.is(mapper.iovmUnmapMemory(shared, 2 * m.pageSize), kIOReturnBadArgument);
  md.complete();
  assert.is(windows(m), 0);
  mapper.release();
});

it('pages are inserted only in what was allocated, and never at page 0', (m) => {
  const mapper = IOMapper.gSystem!;
  const address = contiguous(m, 2);
  m.client.store8(address + m.pageSize, 8);
  const page = physical(m, address) / m.pageSize;
  const first = IOMapperIOVMAlloc(2);
  assert.is(IOMapperIOVMAlloc(0), 0);
  assert.is(deviceLoad(m, first * m.pageSize), 'not mapped');
  assert.is(IOMapperInsertPage(first, 1, page + 1), first + 1);
  assert.is(deviceLoad(m, (first + 1) * m.pageSize), 8);
  assert.is(IOMapperInsertPage(first, 1, page), first + 1, 'another page in its place');
  assert.is(deviceLoad(m, (first + 1) * m.pageSize), 0);
  assert.is(IOMapperInsertPage(first, 2, page), 0);
  assert.is(IOMapperInsertPage(first, 0, 2 ** 30), 0, 'no such memory');
  assert.throws(() => IOMapperInsertPage(0, 0, page), isPanic);
  const start = first * m.pageSize;
  const run = (length: number, offset = 0) => mapper.iovmInsert(both, start, offset, page * m.pageSize, length);
  assert.is(run(2 * m.pageSize), kIOReturnSuccess);
  assert.is(deviceLoad(m, start + m.pageSize), 8);
  assert.is(run(3 * m.pageSize), kIOReturnBadArgument);
  assert.is(run(16), kIOReturnBadArgument);
  assert.is(run(0), kIOReturnBadArgument);
  assert.is(run(m.pageSize, 8), kIOReturnBadArgument);
  IOMapperIOVMFree(first, 2);
  assert.is(deviceLoad(m, start), 'not mapped');
  assert.is(windows(m), 0);
});

plain('without an IOMMU there is no mapper, and pages are inserted as themselves', () => {
  assert.is(IOMapper.gSystem, null);
  assert.is(IOMapper.copyMapperForDevice(), null);
  assert.is(IOMapperIOVMAlloc(4), 0);
  assert.is(IOMapperInsertPage(0, 0, 7), 7);
  IOMapperIOVMFree(1, 1);
});

it('an address is not used again soon, and windows never overlap', (m) => {
  const md = prepared(m, contiguous(m, 1), m.pageSize);
  const mapper = IOMapper.gSystem!;
  const seen = new Set<number>();
  const live: { mapAddress: number; mapLength: number }[] = [];
  for (let i = 0; i < 40; i++) {
    const made = mapper.iovmMapMemory(md, 0, 1 + (i % 7), both, { alignment: m.pageSize * (1 + (i % 2)) });
    assert.not(seen.has(made.mapAddress));
    seen.add(made.mapAddress);
    if (i % 3 === 0) live.push(made);
    else mapper.iovmUnmapMemory(made.mapAddress, made.mapLength);
  }
  assert.is(windows(m), live.length);
  for (const { mapAddress, mapLength } of live) mapper.iovmUnmapMemory(mapAddress, mapLength);
  assert.is(windows(m), 0);
});

it(
  'the pages of a mapper may be smaller than those of the machine',
  (m) => {
    const address = scattered(m, 3) + 4096 + 12;
    const md = prepared(m, address, m.pageSize);
    const command = make();
    command.setMemoryDescriptor(md);
    const found = segments(command);
    assert.is(
      found.reduce((sum, [, length]) => sum + length, 0),
      m.pageSize,
    );
    assert.is(found[0]![0] % 4096, 12);
    m.client.store8(address + m.pageSize - 1, 4);
    const [last, length] = found[found.length - 1]!;
    assert.is(deviceLoad(m, last + length - 1), 4);
    assert.is(m.kernelState.iokit.systemMapper!.space.windows[0]!.pages, m.pageSize / 4096 + 1);
    command.clearMemoryDescriptor();
    md.complete();
    command.release();
  },
  { pageSize: 4096 },
);

run();
