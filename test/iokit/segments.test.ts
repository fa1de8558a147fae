/** Physical segments and what follows from them: the cases C20 to C26, and C93, of the reference. */
import * as assert from 'uvu/assert';
import { divide } from '../../src/iokit/memory-reference.ts';
import {
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
} from '../../src/iokit/options.ts';
import {
  kIOReturnNotReady,
  kIOReturnSuccess,
  kIOReturnUnderrun,
  kIOReturnUnsupported,
} from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { machineSuite } from '../support/machine.ts';

const { case: it, run } = machineSuite('segments');
const none = { address: 0, length: 0 };
const isPanic = (error: Error) => error.name === 'KernelPanic';

it('C20 adjacent physical ranges are one segment', () => {
  const ranges = [0x10000, 0x11000, 0x20000].map((address) => ({ address, length: 0x1000 }));
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOut, null);
  assert.equal(md.getPhysicalSegment(0), { address: 0x10000, length: 0x2000 });
  assert.equal(md.getPhysicalSegment(0x800), { address: 0x10800, length: 0x1800 });
  assert.equal(md.getPhysicalSegment(0x2000), { address: 0x20000, length: 0x1000 });
  assert.equal(md.getPhysicalSegment(0x3000), none);
  assert.equal(md.getPhysicalSegment(2n ** 63n), none);
  const gaps = [
    { address: 0x10000, length: 0x10 },
    { address: 0x50000, length: 0 },
    { address: 0x10010, length: 0x10 },
  ];
  assert.equal(IOMemoryDescriptor.withAddressRanges(gaps, kIODirectionOut, null).getPhysicalSegment(0), {
    address: 0x10000,
    length: 0x20,
  });
});

it('C21 a virtual range is divided where its frames are not adjacent', (m) => {
  const half = m.pageSize / 2;
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const address = m.client.allocate(2 * m.pageSize);
    for (const page of order) m.touch(m.client, address + page * m.pageSize, 1);
    const md = IOMemoryDescriptor.withAddressRange(address + half, half + m.pageSize, kIODirectionOut, m.client);
    md.prepare();
    const physical = m.frameOf(m.client, address) * m.pageSize + half;
    const adjacent = order[0] === 0;
    assert.equal(md.getPhysicalSegment(0), { address: physical, length: adjacent ? half + m.pageSize : half });
    assert.equal(md.getPhysicalSegment(half), {
      address: m.frameOf(m.client, address + m.pageSize) * m.pageSize,
      length: m.pageSize,
    });
    assert.is(md.getPhysicalAddress(), physical);
    md.complete();
    md.release();
  }
});

it('C22 virtually adjacent ranges merge once there is a memory reference', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.touch(m.client, address, 2 * m.pageSize);
  const ranges = [
    { address, length: m.pageSize },
    { address: address + m.pageSize, length: m.pageSize },
  ];
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOut, m.client);
  md.prepare();
  assert.is(md.getPhysicalSegment(0).length, m.pageSize);
  assert.is(md.getPhysicalSegment(m.pageSize).length, m.pageSize);
  const map = md.map();
  md.complete();
  md.prepare();
  assert.is(md.getPhysicalSegment(0).length, 2 * m.pageSize);
  md.complete();
  map.release();
});

it('C23 an unprepared virtual descriptor has no segments, but can be mapped and measured', (m) => {
  const address = m.client.allocate(2 * m.pageSize) + 0x123;
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOut, m.client);
  assert.throws(() => md.getPhysicalSegment(0), isPanic);
  assert.throws(() => md.getPhysicalAddress(), isPanic);
  assert.throws(() => md.performOperation(kIOMemoryIncoherentIOFlush, 0, 1), isPanic);
  assert.equal(m.violations, Array(3).fill('use-before-prepare'));
  assert.equal(md.getPhysicalSegment(m.pageSize), none);
  assert.equal(md.getDMAMapLength(), { length: 2 * m.pageSize, offset: 0x123 });
  const map = md.map();
  assert.ok(map);
  assert.equal(md.getDMAMapLength(), { length: 2 * m.pageSize, offset: 0x123 });
  map.release();
});

it('C24 the last byte is a segment of one', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 100, kIODirectionOut, m.client);
  md.prepare();
  assert.is(md.getPhysicalSegment(99).length, 1);
  assert.equal(md.getPhysicalSegment(100), none);
  md.complete();
});

it('C25 segments of a map are the descriptor’s, and end with the map by the page only', (m, semantics) => {
  const { pageSize } = m;
  const address = m.other.allocate(4 * pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 4 * pageSize, kIODirectionOut, m.other);
  md.prepare();
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere, pageSize, 2 * pageSize);
  const at = md.getPhysicalSegment(pageSize + 8);
  assert.is(at.length, 3 * pageSize - 8);
  const documented = semantics === 'documented';
  assert.equal(map.getPhysicalSegment(8), { ...at, length: documented ? 2 * pageSize - 8 : at.length });
  assert.is(map.getPhysicalAddress(), at.address - 8);
  assert.equal(map.getPhysicalSegment(2 * pageSize), documented ? none : md.getPhysicalSegment(3 * pageSize));
  map.release();
  md.complete();
});

it('C26 a sub-descriptor’s segments stay within it', (m) => {
  const { pageSize } = m;
  const address = m.client.allocate(4 * pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 4 * pageSize, kIODirectionOut, m.client);
  const sub = IOSubMemoryDescriptor.withSubRange(md, pageSize + 4, pageSize, kIODirectionOut);
  sub.prepare();
  assert.equal(sub.getPhysicalSegment(0), { address: md.getPhysicalSegment(pageSize + 4).address, length: pageSize });
  assert.is(sub.getPhysicalSegment(10).length, pageSize - 10);
  assert.equal(sub.getPhysicalSegment(pageSize), none);
  assert.equal(sub.getDMAMapLength(), { length: 2 * pageSize, offset: 4 });
  md.complete();
  assert.throws(() => sub.getPhysicalSegment(0), isPanic);
});

it('C93 operations on coherent memory check what they are given', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 64, kIODirectionOutIn, m.client);
  md.prepare();
  assert.is(md.performOperation(kIOMemoryIncoherentIOFlush, 0, 64), kIOReturnSuccess);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, 64, 1), kIOReturnSuccess);
  assert.is(md.performOperation(kIOMemoryIncoherentIOStore, 65, 1), kIOReturnUnderrun);
  assert.is(md.performOperation(99, 0, 1), kIOReturnUnsupported);
  md.complete();
});

it('page counts are the memory reference’s', (m) => {
  const { pageSize } = m;
  const address = m.client.allocate(4 * pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address + 1, 3 * pageSize, kIODirectionOutIn, m.client);
  assert.equal(md.getPageCounts(), { result: kIOReturnNotReady, residentPageCount: 0, dirtyPageCount: 0 });
  const map = md.map();
  assert.equal(md.getPageCounts(), { result: kIOReturnSuccess, residentPageCount: 0, dirtyPageCount: 0 });
  m.client.store8(address, 1);
  m.client.load8(address + 3 * pageSize);
  assert.equal(md.getPageCounts(), { result: kIOReturnSuccess, residentPageCount: 2, dirtyPageCount: 1 });
  const sub = IOSubMemoryDescriptor.withSubRange(md, 0, 1, kIODirectionIn);
  assert.equal(sub.getPageCounts(), md.getPageCounts());
  map.release();
});

it('a list of pages ends at 64 MiB', (m) => {
  void m;
  // Needs no memory: the division is what is tested.
  const parts: number[][] = [];
  divide(4096, 130 * 2 ** 20, (...part) => parts.push(part));
  assert.equal(parts, [
    [0, 4096, 64 * 2 ** 20 - 4096],
    [64 * 2 ** 20 - 4096, 0, 64 * 2 ** 20],
    [128 * 2 ** 20 - 4096, 0, 2 * 2 ** 20 + 4096],
  ]);
});

run();
