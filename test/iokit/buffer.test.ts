/** Buffers: the cases C100 to C105 of the reference, on the rules of its section 1.3. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionInOut,
  kIODirectionOut,
  kIOMapAnywhere,
  kIOMapInhibitCache,
  kIOMapPrefault,
  kIOMapStatic,
  kIOMapWriteCombineCache,
  kIOMemoryAutoPrepare,
  kIOMemoryBufferPageable,
  kIOMemoryBufferPurgeable,
  kIOMemoryHostPhysicallyContiguous,
  kIOMemoryKernelUserShared,
  kIOMemoryMapperNone,
  kIOMemoryPageable,
  kIOMemoryPhysicallyContiguous,
  kIOMemoryPurgeable,
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableKeepCurrent,
  kIOMemoryThreadSafe,
} from '../../src/iokit/options.ts';
import { kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import {
  IOMemoryDescriptor as BaseDescriptor,
  type IOMemoryDescriptor,
} from '../../src/task/iokit/io-memory-descriptor.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const suite = machineSuite('buffers');
const isFault = (error: Error) => error.name === 'MemoryFault';

/** A case after which every frame is free again that was free before. */
function it(
  name: string,
  body: (m: TestMachine, semantics: 'documented' | 'xnu') => void,
  semantics?: readonly ('documented' | 'xnu')[],
): void {
  suite.case(
    name,
    (m, word) => {
      const before = m.freeFrames;
      body(m, word);
      assert.is(m.freeFrames, before, 'frames come back');
    },
    semantics,
  );
}

function contents(m: TestMachine, md: IOBufferMemoryDescriptor): number[] {
  return [...m.kernel.read(md.getBytesNoCopy(), md.getLength())];
}

it('C100 appending fills the room there is and says yes; lengths beyond the capacity are ignored', (m) => {
  const md = IOBufferMemoryDescriptor.withCapacity(8, kIODirectionInOut);
  assert.is(md.getCapacity(), 8);
  assert.is(md.getLength(), 8);
  md.setLength(9);
  assert.is(md.getLength(), 8);
  md.setLength(0);
  assert.is(md.getLength(), 0);
  assert.is(md.appendBytes(new Uint8Array([1, 2, 3])), true);
  assert.is(md.appendBytes(Uint8Array.from({ length: 13 }, (_, i) => 10 + i)), true);
  assert.is(md.getLength(), 8);
  assert.equal(contents(m, md), [1, 2, 3, 10, 11, 12, 13, 14]);
  assert.is(md.appendBytes(new Uint8Array([99])), true);
  assert.equal(contents(m, md), [1, 2, 3, 10, 11, 12, 13, 14]);
  md.release();
});

it('appending crosses pages, also where the memory is pageable and nobody has touched it', (m) => {
  const { pageSize } = m;
  for (const option of [0, kIOMemoryPageable]) {
    const md = IOBufferMemoryDescriptor.withOptions(kIODirectionInOut | option, 3 * pageSize);
    md.setLength(pageSize - 2);
    md.appendBytes(Uint8Array.from({ length: pageSize + 4 }, (_, i) => i % 251));
    assert.is(md.getLength(), 2 * pageSize + 2);
    const read = contents(m, md);
    assert.is(read[pageSize - 3], 0);
    for (const i of [0, 1, 2, pageSize + 3]) assert.is(read[pageSize - 2 + i], i % 251);
    assert.ok(m.isDirty(m.kernel, md.getBytesNoCopy() + pageSize));
    md.release();
  }
});

it('appending checks the bytes that it is to copy', (m) => {
  const md = IOBufferMemoryDescriptor.withCapacity(64, kIODirectionOut);
  md.setLength(0);
  assert.throws(() => md.appendBytes(new Uint8Array(4), 5), /bytes: expected 5 bytes, got 4/);
  assert.throws(() => md.appendBytes([1] as never), /bytes: expected a Uint8Array/);
  assert.is(md.getLength(), 0);
  md.appendBytes(new Uint8Array([1, 2, 3, 4]), 2);
  assert.is(md.getLength(), 2);
  md.setLength(64);
  assert.is(md.appendBytes(new Uint8Array(0), 2n ** 64n - 1n), true, 'there is no room, so nothing is missing');
  assert.is(m.violations.length, 0);
  md.release();
});

it('two threads that append at once: each its own bytes; in the sources over each other', (m, semantics) => {
  const md = IOBufferMemoryDescriptor.withCapacity(8, kIODirectionOut);
  md.setLength(0);
  const threads = ['kernel.a', 'kernel.b'].map((name) => new HandDriven(m, name).grant(md));
  // The first step of each, and all there is of it where it asks for its copy at once.
  const status = threads.map((thread, i) => {
    const begun = thread.begin(calls.appendBytes, [md.id, 4, 4], new Uint8Array(4).fill(i + 1));
    return begun === Status.Copy ? thread.finish(begun) : begun;
  });
  for (const [i, thread] of threads.entries()) assert.is(thread.finish(status[i]!), Status.Done);
  if (semantics === 'documented') assert.equal(contents(m, md), [1, 1, 1, 1, 2, 2, 2, 2]);
  else assert.equal(contents(m, md), [2, 2, 2, 2]);
  md.release();
});

it('C101 a part of a buffer must lie in its length', (m) => {
  const md = IOBufferMemoryDescriptor.withCapacity(32, kIODirectionOut);
  md.setLength(16);
  const base = md.getBytesNoCopy();
  assert.is(md.getBytesNoCopy(0, 16), base);
  assert.is(md.getBytesNoCopy(15, 1), base + 15);
  assert.is(md.getBytesNoCopy(3, 0), base + 3);
  assert.is(md.getBytesNoCopy(16, 0), null);
  assert.is(md.getBytesNoCopy(15, 2), null);
  assert.is(md.getBytesNoCopy(1, 2n ** 64n - 1n), null);
  assert.is(base % m.pageSize, 0);
  md.release();
});

it('C102 bytes are copied; what is new is zero, also in frames that were used before', (m) => {
  const { pageSize } = m;
  const bytes = Uint8Array.from({ length: pageSize + 5 }, (_, i) => i % 253);
  for (const contiguous of [false, true]) {
    const md = IOBufferMemoryDescriptor.withBytes(bytes, kIODirectionOut, contiguous);
    assert.is(md.getCapacity(), bytes.length);
    assert.equal(contents(m, md), [...bytes]);
    md.release();
    const fresh = IOBufferMemoryDescriptor.withCapacity(2 * pageSize, kIODirectionOut, contiguous);
    assert.ok(contents(m, fresh).every((byte) => byte === 0));
    fresh.release();
  }
  assert.is(IOBufferMemoryDescriptor.withBytes(new Uint8Array(0), kIODirectionOut), null);
});

it('only what is to be contiguous needs frames in a row', (m) => {
  const page = () => IOBufferMemoryDescriptor.withCapacity(m.pageSize, kIODirectionOut);
  const held: IOBufferMemoryDescriptor[] = [];
  for (let made = page(); made !== null; made = page()) held.push(made);
  const every = held.filter((_, i) => i % 2 === 0);
  for (const one of every) one.release();
  const bytes = new Uint8Array(2 * m.pageSize).fill(3);
  const scattered = IOBufferMemoryDescriptor.withBytes(bytes, kIODirectionOut);
  assert.is(scattered.getPhysicalSegment(0).length, m.pageSize);
  assert.ok(contents(m, scattered).every((byte) => byte === 3));
  assert.is(IOBufferMemoryDescriptor.withBytes(bytes, kIODirectionOut, true), null);
  assert.is(IOBufferMemoryDescriptor.withCapacity(2 * m.pageSize, kIODirectionOut, true), null);
  scattered.release();
  for (const one of held) if (!every.includes(one)) one.release();
});

it('C103 options that contradict each other make no buffer', (m) => {
  const make = IOBufferMemoryDescriptor.inTaskWithOptions;
  const guards = IOBufferMemoryDescriptor.inTaskWithGuardPages;
  assert.is(make(m.client, kIODirectionOut, 16), null);
  assert.is(make(null, kIODirectionOut, 16), null);
  assert.is(make(m.kernel, kIODirectionOut, 0), null);
  assert.is(guards(m.kernel, kIODirectionOut | kIOMemoryPageable, 16), null);
  assert.is(guards(m.kernel, kIODirectionOut | kIOMemoryPhysicallyContiguous, 16), null);
  assert.is(guards(m.kernel, kIODirectionOut | kIOMemoryHostPhysicallyContiguous, 16), null);
  assert.is(make(m.kernel, kIODirectionOut, m.hardware.configuration.physicalMemory + 1), null);
  assert.is(make(m.kernel, kIODirectionOut, m.hardware.configuration.physicalMemory), null, 'not all of it is free');
  assert.is(make(m.kernel, kIODirectionOut, 2n ** 64n - 1n), null);
  assert.is(make(m.kernel, kIODirectionOut, 16, 2n ** 64n - 1n), null);
  m.kill(m.client);
  assert.is(make(m.client, kIODirectionOut | kIOMemoryPageable, 16), null);
  assert.is(m.spaceOf(m.kernel).entries.count, 0);
});

it('C103 guard pages lie on both sides and go with the buffer', (m) => {
  const { pageSize } = m;
  const md = IOBufferMemoryDescriptor.inTaskWithGuardPages(m.kernel, kIODirectionInOut, pageSize + 1);
  assert.is(md.getCapacity(), 2 * pageSize);
  assert.is(md.getLength(), 2 * pageSize);
  const base = md.getBytesNoCopy();
  m.kernel.store8(base, 1);
  m.kernel.store8(base + 2 * pageSize - 1, 2);
  assert.throws(() => m.kernel.load8(base - 1), isFault);
  assert.throws(() => m.kernel.load8(base + 2 * pageSize), isFault);
  md.release();
  assert.is(m.spaceOf(m.kernel).entries.count, 0);
});

it('C104 what is contiguous is one segment, aligned to its size', (m) => {
  const { pageSize } = m;
  const hole = IOBufferMemoryDescriptor.withCapacity(pageSize, kIODirectionOut);
  const md = IOBufferMemoryDescriptor.withCapacity(3 * pageSize, kIODirectionOut, true);
  const segment = md.getPhysicalSegment(0);
  assert.is(segment.length, 3 * pageSize);
  assert.is(segment.address % (4 * pageSize), 0);
  const aligned = IOBufferMemoryDescriptor.withOptions(kIODirectionOut, 2 * pageSize, 8 * pageSize);
  assert.is(aligned.getPhysicalSegment(0).length, 2 * pageSize, 'more than a page of alignment asks for it');
  assert.is(aligned.getPhysicalAddress() % (8 * pageSize), 0);
  assert.is(aligned.getBytesNoCopy() % (8 * pageSize), 0);
  for (const each of [hole, md, aligned]) each.release();
});

it('C104 a physical mask limits every frame, and its low zero bits align', (m) => {
  const { pageSize } = m;
  const make = (mask: number | bigint, pages: number) =>
    IOBufferMemoryDescriptor.inTaskWithPhysicalMask(m.kernel, kIODirectionOut, pages * pageSize, mask);
  const low = make(4 * pageSize - 1, 3);
  for (let offset = 0; offset < 3 * pageSize; offset += pageSize)
    assert.ok(low.getPhysicalSegment(offset).address < 4 * pageSize);
  assert.is(make(4 * pageSize - 1, 1), null, 'frame 0 is nobody’s');
  low.release();
  const wide = make(0xffffffff, 4);
  for (let page = 0; page < 4; page++) assert.ok(wide.getPhysicalSegment(page * pageSize).address < 2 ** 32);
  wide.release();
  const aligned = make(BigInt(16 * pageSize - 1) & ~BigInt(4 * pageSize - 1), 1);
  assert.is(aligned.getPhysicalAddress() % (4 * pageSize), 0);
  assert.ok(aligned.getPhysicalAddress() < 16 * pageSize);
  aligned.release();
  for (const mask of [0, 2n ** 64n - 1n, 2n ** 64n - BigInt(pageSize)]) make(mask, 2).release();
  assert.throws(() => make(-1, 1), /physicalMask: expected 0 to 2\^64 - 1, got -1/);
  assert.throws(() => make(2n ** 64n, 1), RangeError);
  assert.throws(() => make('4' as never, 1), /physicalMask: expected a whole number/);
});

it('C105 a pageable buffer of a task has an address there, which a map of it finds', (m) => {
  const { pageSize } = m;
  const options = kIODirectionInOut | kIOMemoryPageable;
  const md = IOBufferMemoryDescriptor.inTaskWithOptions(m.client, options, 2 * pageSize + 1);
  const at = md.getBytesNoCopy();
  m.client.store32(at + 2 * pageSize, 5);
  assert.is(md.getFlags() & kIOMemoryBufferPageable, kIOMemoryBufferPageable);
  assert.is(md.getPageCounts().residentPageCount, 1, 'it refers to its memory from the start');
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(map.getVirtualAddress(), at);
  assert.is(map.getMapOptions() & kIOMapStatic, kIOMapStatic);
  const kernelMap = md.map();
  assert.is.not(kernelMap.getVirtualAddress(), at);
  assert.is(m.kernel.load32(kernelMap.getVirtualAddress() + 2 * pageSize), 5);
  assert.is(md.prepare(), kIOReturnSuccess);
  md.complete();
  map.release();
  m.client.load8(at);
  md.release();
  assert.is(m.kernel.load32(kernelMap.getVirtualAddress() + 2 * pageSize), 5, 'a map keeps it');
  kernelMap.release();
  assert.throws(() => m.client.load8(at), isFault);
  assert.is(m.spaceOf(m.client).entries.count, 0);
});

it('a buffer without a task has memory but no address', (m) => {
  const md = IOBufferMemoryDescriptor.inTaskWithOptions(null, kIODirectionInOut | kIOMemoryPageable, m.pageSize);
  assert.is(md.getBytesNoCopy(), 0);
  assert.is(md.getBytesNoCopy(0, 1), null);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  m.client.store8(map.getVirtualAddress(), 3);
  md.setLength(0);
  md.appendBytes(new Uint8Array([7]));
  assert.is(m.client.load8(map.getVirtualAddress()), 7);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(md.getPhysicalSegment(0).length, 1);
  map.release();
  md.release();
});

it('a buffer for output can be written through its maps', (m) => {
  for (const task of [null, m.kernel, m.client]) {
    const md = IOBufferMemoryDescriptor.inTaskWithOptions(task, kIODirectionOut | kIOMemoryPageable, 8);
    const map = md.createMappingInTask(m.other, 0, kIOMapAnywhere);
    m.other.store8(map.getVirtualAddress(), 1);
    md.prepare();
    const bytes = new Uint8Array(1);
    assert.is(md.readBytes(0, bytes), 1);
    assert.is(bytes[0], 1);
    md.complete();
    map.release();
    md.release();
  }
});

it('a shared buffer outlives the task that has it', (m) => {
  const md = IOBufferMemoryDescriptor.inTaskWithOptions(m.client, kIODirectionOut | kIOMemoryPageable, 8);
  m.client.store8(md.getBytesNoCopy(), 9);
  m.kill(m.client);
  const map = md.map();
  assert.is(m.kernel.load8(map.getVirtualAddress()), 9);
  map.release();
  md.release();
});

it('what is not pageable is wired for life; its options are translated', (m) => {
  const options = kIODirectionOut | kIOMemoryThreadSafe | kIOMemoryMapperNone | kIOMemoryKernelUserShared;
  const md = IOBufferMemoryDescriptor.withOptions(options, 100);
  m.kernel.load8(md.getBytesNoCopy());
  assert.is(m.wires(m.kernel, md.getBytesNoCopy()), 1);
  const kept = kIODirectionOut | kIOMemoryThreadSafe | kIOMemoryMapperNone | kIOMemoryAutoPrepare;
  assert.is(md.getFlags() & 0x30ff, (kept & 0x30ff) | 0x10);
  assert.is(md.getFlags() & (kIOMemoryThreadSafe | kIOMemoryMapperNone), kIOMemoryThreadSafe | kIOMemoryMapperNone);
  assert.is(md.getFlags() & kIOMemoryBufferPageable, 0);
  const bytes = new Uint8Array(4);
  assert.is(md.readBytes(0, bytes), 4);
  assert.is(md.getCapacity(), 100);
  assert.equal(m.violations, []);
  md.release();
  const pageable = kIODirectionOut | kIOMemoryPageable | kIOMemoryPurgeable;
  const other = IOBufferMemoryDescriptor.withOptions(pageable | kIOMapWriteCombineCache, 100);
  assert.is(other.getFlags() & kIOMemoryBufferPurgeable, kIOMemoryBufferPurgeable);
  assert.is((other.getFlags() >>> 28) & 7, 4);
  assert.is(other.getFlags() & kIOMemoryAutoPrepare, 0);
  other.release();
  const prepared = IOBufferMemoryDescriptor.withOptions(
    kIODirectionOut | kIOMemoryPageable | kIOMemoryAutoPrepare,
    100,
  );
  assert.is(prepared.getPhysicalSegment(0).length, 100);
  prepared.release();
});

it('a purgeable buffer is the kernel’s to empty, not that of a task that maps it', (m) => {
  const options = kIODirectionInOut | kIOMemoryPageable | kIOMemoryPurgeable;
  const md = IOBufferMemoryDescriptor.inTaskWithOptions(m.client, options, m.pageSize);
  const address = md.getBytesNoCopy();
  m.client.store8(address, 7);
  const own: IOMemoryDescriptor = BaseDescriptor.withAddressRange(address, m.pageSize, kIODirectionInOut, m.client);
  assert.equal(own.setPurgeable(kIOMemoryPurgeableEmpty), { result: 2, oldState: 0 });
  assert.equal(own.setPurgeable(kIOMemoryPurgeableKeepCurrent), { result: 0, oldState: 2 });
  assert.is(m.client.load8(address), 7);
  assert.equal(md.setPurgeable(kIOMemoryPurgeableEmpty), { result: 0, oldState: 2 });
  assert.is(m.client.load8(address), 0);
  const plain = IOBufferMemoryDescriptor.inTaskWithOptions(m.client, kIODirectionInOut | kIOMemoryPageable, 16);
  assert.is(plain.setPurgeable(kIOMemoryPurgeableEmpty).result, 4);
  for (const one of [own, plain, md]) one.release();
});

it('a prefaulted buffer does not fault', (m) => {
  const options = kIODirectionOut | kIOMemoryPageable | kIOMapPrefault | kIOMapInhibitCache;
  const md = IOBufferMemoryDescriptor.inTaskWithOptions(m.client, options, 2 * m.pageSize);
  for (const page of [0, 1]) assert.is.not(m.frameOf(m.client, md.getBytesNoCopy() + page * m.pageSize), 0);
  assert.is(md.getPageCounts().residentPageCount, 2);
  md.release();
  const all = m.freeFrames * m.pageSize + 1;
  if (all <= m.hardware.configuration.physicalMemory)
    assert.is(IOBufferMemoryDescriptor.inTaskWithOptions(m.client, options, all), null);
  assert.is(m.spaceOf(m.client).entries.count, 0);
});

it('the length may shrink and grow under a map, which covers what it did when it was made', (m) => {
  const { pageSize } = m;
  const md = IOBufferMemoryDescriptor.inTaskWithOptions(m.kernel, kIODirectionInOut | kIOMemoryPageable, 4 * pageSize);
  md.setLength(pageSize);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(map.getLength(), pageSize);
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere, 0, 2 * pageSize), null);
  md.setLength(4 * pageSize);
  const all = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(all.getLength(), 4 * pageSize);
  m.client.store8(all.getVirtualAddress() + 3 * pageSize, 1);
  assert.is(m.kernel.load8(md.getBytesNoCopy() + 3 * pageSize), 1);
  assert.is(map.getLength(), pageSize);
  md.prepare();
  md.setLength(10);
  assert.equal(md.getPhysicalSegment(4).length, 6);
  assert.equal(md.getPhysicalSegment(10), { address: 0, length: 0 });
  md.complete();
  for (const each of [map, all, md]) each.release();
});

it('the direction can be set; in the sources with whatever else the argument holds', (m, semantics) => {
  const md = IOBufferMemoryDescriptor.withOptions(kIODirectionOut | kIOMemoryPageable, 16);
  md.setDirection(kIODirectionIn | 0x40000);
  assert.is(md.getDirection(), kIODirectionIn);
  assert.is((md.getFlags() & 0x40000) !== 0, semantics === 'xnu');
  md.setDirection(kIODirectionIn);
  if (semantics === 'documented') {
    assert.is(md.prepare(), kIOReturnSuccess);
    assert.is(md.writeBytes(0, new Uint8Array([1])), 1, 'prepared with the new direction');
    md.complete();
  }
  assert.is(m.violations.length, 0);
  md.release();
});

it('withCopy copies a range of a task, once', (m) => {
  const { pageSize } = m;
  const from = m.other.allocate(2 * pageSize);
  m.other.write(from + pageSize - 2, new Uint8Array([1, 2, 3, 4]));
  const options = kIODirectionOut | kIOMemoryPageable;
  const md = IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, from + pageSize - 2, 4);
  m.other.store8(from + pageSize, 99);
  assert.equal([...m.client.read(md.getBytesNoCopy(), 4)], [1, 2, 3, 4]);
  assert.is(md.getLength(), 4);
  assert.is(IOBufferMemoryDescriptor.withCopy(m.client, kIODirectionOut, m.other, from, 4), null, 'not pageable');
  assert.is(IOBufferMemoryDescriptor.withCopy(null, options, m.other, from, 4), null);
  assert.is(IOBufferMemoryDescriptor.withCopy(m.client, options, null, from, 4), null);
  assert.is(IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, from + pageSize, pageSize + 1), null);
  assert.is(IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, from, 2n ** 64n - 1n), null);
  m.other.protect(from, pageSize, 0);
  assert.is(IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, from, 4), null, 'not readable');
  md.release();
  m.other.deallocate(from, 2 * pageSize);
});

it('withCopy takes no page before one side stores to it, and keeps the place in the page', (m) => {
  const { pageSize } = m;
  const from = m.other.allocate(3 * pageSize);
  for (const page of [0, 1, 2]) m.other.store8(from + page * pageSize + 5, page + 1);
  const free = m.freeFrames;
  const options = kIODirectionInOut | kIOMemoryPageable;
  const md = IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, from + 5, 2 * pageSize + 1);
  const address = md.getBytesNoCopy();
  assert.is(address % pageSize, 5);
  assert.equal([m.client.load8(address), m.client.load8(address + 2 * pageSize)], [1, 3]);
  assert.is(m.freeFrames, free);
  m.client.store8(address, 10);
  assert.is(m.freeFrames, free - 1);
  m.other.store8(from + 2 * pageSize + 5, 30);
  assert.equal([m.other.load8(from + 5), m.client.load8(address), m.client.load8(address + 2 * pageSize)], [1, 10, 3]);
  md.prepare();
  const bytes = new Uint8Array(2);
  assert.is(md.readBytes(2 * pageSize - 1, bytes), 2);
  assert.equal([...bytes], [0, 3]);
  md.complete();
  md.setLength(pageSize - 1);
  assert.is(md.appendBytes(Uint8Array.of(4, 5)), true);
  assert.equal([...m.client.read(address + pageSize - 1, 2)], [4, 5]);
  md.release();
  m.other.deallocate(from, 3 * pageSize);
});

it('withCopy of several objects, of a hole and of too much', (m) => {
  const { pageSize } = m;
  const from = 2 ** 33;
  m.other.allocate(pageSize, { address: from });
  m.other.allocate(pageSize, { address: from + pageSize });
  m.other.store8(from + 1, 1);
  m.other.store8(from + pageSize, 2);
  const options = kIODirectionInOut | kIOMemoryPageable;
  const md = IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, from + 1, pageSize);
  assert.equal([...m.client.read(md.getBytesNoCopy(), 1)], [1]);
  assert.equal([...m.client.read(md.getBytesNoCopy() + pageSize - 1, 1)], [2]);
  md.release();
  const hash = stateHash(m.kernelState);
  for (const [address, size] of [
    [from + 1, 2 * pageSize],
    [from - 1, 2],
    [from, 0],
    [2n ** 64n - 1n, 1],
    [2 ** 47, 1],
  ] as const)
    assert.is(IOBufferMemoryDescriptor.withCopy(m.client, options, m.other, address, size), null);
  assert.is(stateHash(m.kernelState), hash);
  m.other.deallocate(from, 2 * pageSize);
});

it('memory that runs out while a buffer is prepared leaves nothing behind', (m) => {
  const half = Math.floor(m.freeFrames / 2) + 1;
  const first = IOBufferMemoryDescriptor.withCapacity(half * m.pageSize, kIODirectionOut);
  assert.is(IOBufferMemoryDescriptor.withCapacity(half * m.pageSize, kIODirectionOut), null);
  assert.is(IOBufferMemoryDescriptor.withCapacity(half * m.pageSize, kIODirectionOut, true), null);
  first.release();
});

it('a buffer keeps the memory it allocated', (m) => {
  const md: IOMemoryDescriptor = IOBufferMemoryDescriptor.withCapacity(16, kIODirectionOut);
  assert.is(md.initWithOptions([{ address: 2 ** 32, length: 8 }], 1, 0, m.client, kIODirectionOut | 0x10), false);
  assert.is(md.getLength(), 16);
  md.release();
});

suite.run();
