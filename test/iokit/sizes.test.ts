/**
 * Addresses, lengths and offsets at every edge, in every factory and in createMappingInTask: an object or null as the reference
 * has it (3.4.2, 3.7), never an error or a half-made object.
 */
import * as assert from 'uvu/assert';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapOverwrite,
  kIOMemoryPageable,
  kIOMemoryTypePhysical,
  kIOMemoryTypeUPL,
  kIOMemoryTypeVirtual,
} from '../../src/iokit/options.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IODeviceMemory } from '../../src/task/iokit/io-device-memory.ts';
import { IOGuardPageMemoryDescriptor } from '../../src/task/iokit/io-guard-page-memory-descriptor.ts';
import { IOInterleavedMemoryDescriptor } from '../../src/task/iokit/io-interleaved-memory-descriptor.ts';
import { IOMemoryDescriptor, type Size } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { UPL } from '../../src/task/iokit/upl.ts';
import { edges } from '../support/edges.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('edges of sizes');

function everyPair(m: TestMachine, check: (address: Size, length: Size, a: bigint, l: bigint) => void): void {
  for (const address of edges(m))
    for (const length of edges(m)) check(address, length, BigInt(address), BigInt(length));
}

function expect(made: IOMemoryDescriptor | null, wanted: boolean, length: Size, what: string): void {
  assert.is(made !== null, wanted, what);
  if (made === null) return;
  assert.is(made.getLength(), Number(length), what);
  made.release();
}

it('virtual ranges: below 2^47, and no more pages than memory has', (m) => {
  const page = BigInt(m.pageSize);
  const pages = BigInt(m.hardware.configuration.physicalMemory) / page;
  everyPair(m, (address, length, a, l) => {
    const touched = l === 0n ? 0n : (a + l + page - 1n) / page - a / page;
    const legal = a + l <= 2n ** 47n && touched <= pages;
    const what = `(${address}, ${length})`;
    const ranges = [{ address, length }];
    expect(IOMemoryDescriptor.withAddressRange(address, length, kIODirectionOut, m.other), legal, length, what);
    const options = kIODirectionOut | kIOMemoryTypeVirtual;
    expect(IOMemoryDescriptor.withOptions(ranges, 1, 0, m.other, options), legal, length, what);
    const md = IOMemoryDescriptor.withAddressRange(2 ** 32, 16, kIODirectionOut, m.other);
    assert.is(md.initWithOptions(ranges, 1, 0, m.other, options), legal, what);
    md.release();
    if (m.kernelState.configuration.semantics === 'documented')
      expect(IOMemoryDescriptor.withAddress(address, length, kIODirectionOut), legal, length, what);
  });
});

it('physical ranges: no wrap, and page numbers of 32 bits', (m) => {
  const page = BigInt(m.pageSize);
  everyPair(m, (address, length, a, l) => {
    const end = a + l + page - 1n;
    const legal = end < 2n ** 64n && end / page <= 2n ** 32n && (a + l + page - 1n) / page - a / page < 2n ** 32n;
    const what = `(${address}, ${length})`;
    expect(IOMemoryDescriptor.withPhysicalAddress(address, length, kIODirectionOut), legal, length, what);
    expect(IODeviceMemory.withRange(address, length), legal, length, what);
    const options = kIODirectionOut | kIOMemoryTypePhysical;
    expect(IOMemoryDescriptor.withOptions([{ address, length }], 1, 0, null, options), legal, length, what);
  });
});

it('ranges that are legal one by one may be too many together', (m) => {
  const half = m.hardware.configuration.physicalMemory / 2;
  const at = (address: number, length: number) => ({ address, length });
  const make = (ranges: { address: number; length: number }[]) =>
    IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOut, m.other);
  expect(make([at(2 ** 32, half), at(2 ** 33, half)]), true, 2 * half, 'all of memory');
  expect(make([at(2 ** 32, half), at(2 ** 33, half), at(2 ** 34, 1)]), false, 0, 'a page more');
  expect(make([at(2 ** 32 + 1, half), at(2 ** 33, half)]), false, 0, 'a page touched twice counts twice');
});

it('parts: within what they are a part of', (m, semantics) => {
  const whole = 2 * m.pageSize;
  const md = IOMemoryDescriptor.withAddressRange(2 ** 32, whole, kIODirectionOut, m.other);
  const upl = UPL.withObject(MemoryObject.withSize(whole), 0, whole);
  everyPair(m, (offset, length, a, l) => {
    const legal = a + l <= BigInt(whole);
    const what = `(${offset}, ${length})`;
    // In the sources a sum of 2^64 and more wraps; near there it is known to the nearest double only.
    if (semantics === 'documented' || a + l < 2n ** 63n) {
      expect(IOSubMemoryDescriptor.withSubRange(md, offset, length, kIODirectionOut), legal, length, what);
      expect(IODeviceMemory.withSubRange(md, offset, length), legal, length, what);
      const interleaved = IOInterleavedMemoryDescriptor.withCapacity(1, kIODirectionOut);
      assert.is(interleaved.setMemoryDescriptor(md, offset, length), legal, what);
      interleaved.release();
    }
    const options = kIOMemoryTypeUPL | kIODirectionOut;
    expect(IOMemoryDescriptor.withOptions(upl, length, offset, null, options), legal, length, what);
  });
});

it('buffers: from one byte to what memory has room for', (m) => {
  const free = m.freeFrames;
  for (const capacity of edges(m)) {
    const room = Number(capacity) > 0 && Number(capacity) <= 2 * m.pageSize;
    const what = String(capacity);
    const options = kIODirectionOut;
    expect(IOBufferMemoryDescriptor.withOptions(options, capacity), room, capacity, what);
    expect(IOBufferMemoryDescriptor.withCapacity(capacity, options, true), room, capacity, what);
    expect(
      IOBufferMemoryDescriptor.inTaskWithPhysicalMask(m.kernel, options, capacity, 0xffffffff),
      room,
      capacity,
      what,
    );
    const pageable = options | kIOMemoryPageable;
    expect(IOBufferMemoryDescriptor.inTaskWithOptions(m.client, pageable, capacity), room, capacity, what);
    expect(IOBufferMemoryDescriptor.inTaskWithOptions(null, pageable, capacity), room, capacity, what);
    const pages = Math.ceil(Number(capacity) / m.pageSize) * m.pageSize;
    expect(IOBufferMemoryDescriptor.inTaskWithGuardPages(m.kernel, options, capacity), room, pages, what);
    assert.is(IOBufferMemoryDescriptor.withCopy(m.client, pageable, m.other, 2 ** 32, capacity), null, what);
    const guard = IOGuardPageMemoryDescriptor.withSize(capacity);
    // Guards take addresses only, but a descriptor may not have more pages than memory.
    assert.is(guard !== null, room, what);
    guard?.release();
  }
  assert.is(m.freeFrames, free);
});

it('buffers with an alignment, of whatever size', (m) => {
  const free = m.freeFrames;
  for (const alignment of edges(m)) {
    const made = IOBufferMemoryDescriptor.withOptions(kIODirectionOut, 16, alignment);
    const wanted = Number(alignment) <= 2 * m.pageSize;
    assert.is(made !== null, wanted, String(alignment));
    made?.release();
  }
  assert.is(m.freeFrames, free);
});

it('maps: within the descriptor, and wherever there is room', (m) => {
  const { pageSize } = m;
  const whole = 2 * pageSize;
  const source = m.other.allocate(whole);
  const md = IOMemoryDescriptor.withAddressRange(source, whole, kIODirectionOutIn, m.other);
  everyPair(m, (offset, length, a, l) => {
    const size = l === 0n ? BigInt(whole) : l;
    const legal = a < BigInt(whole) && a + size <= BigInt(whole);
    const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere, offset, length);
    assert.is(map !== null, legal, `offset ${offset}, length ${length}`);
    if (map === null) return;
    assert.is(map.getLength(), Number(size));
    m.client.load8(map.getVirtualAddress() + Number(size) - 1);
    map.release();
  });
  for (const address of edges(m)) {
    for (const option of [0, kIOMapOverwrite]) {
      const start = (BigInt(address) / BigInt(pageSize)) * BigInt(pageSize);
      const legal = start >= BigInt(pageSize) && start + BigInt(whole) <= 2n ** 47n;
      const map = md.createMappingInTask(m.client, address, option);
      assert.is(map !== null, legal, `at ${address}`);
      if (map === null) continue;
      assert.is(BigInt(map.getVirtualAddress()), start);
      map.release();
      m.client.deallocate(Number(start), whole);
    }
  }
  assert.is(m.spaceOf(m.client).entries.count, 0);
});

it('what is no 64-bit number is an error that says so', (m) => {
  const bad: unknown[] = [-1, -1n, 0.5, Number.NaN, 2 ** 53, 2n ** 64n, '1', null, undefined];
  for (const value of bad) {
    const size = value as Size;
    for (const make of [
      () => IOMemoryDescriptor.withAddressRange(size, 1, kIODirectionOut, m.other),
      () => IOMemoryDescriptor.withPhysicalAddress(1, size, kIODirectionOut),
      () => IOBufferMemoryDescriptor.withOptions(kIODirectionOut, size),
      () => IOGuardPageMemoryDescriptor.withSize(size),
    ])
      assert.throws(make, (error: Error) => error instanceof TypeError || error instanceof RangeError);
  }
  assert.is(m.kernelState.iokit.descriptors.size, 0);
});

run();
