/** Factories, limits and accessors: the cases C30 to C35 of the reference. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryAsReference,
  kIOMemoryDirectionMask,
  kIOMemoryThreadSafe,
  kIOMemoryTypeMask,
  kIOMemoryTypePhysical,
  kIOMemoryTypePhysical64,
  kIOMemoryTypeUIO,
  kIOMemoryTypeVirtual,
  kIOMemoryTypeVirtual64,
} from '../../src/iokit/options.ts';
import { kIOReturnCannotWire, kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { machineSuite } from '../support/machine.ts';

const { case: it, run } = machineSuite('factories');

it('C30 ranges must be expressible, not mapped', (m) => {
  const page = BigInt(m.pageSize);
  assert.is(IOMemoryDescriptor.withPhysicalAddress(2n ** 64n - page, 2n * page, kIODirectionOut), null);
  assert.is(IOMemoryDescriptor.withPhysicalAddress(2n ** 32n * page, 1, kIODirectionOut), null);
  assert.is(IOMemoryDescriptor.withAddressRange(2n ** 64n - 0x100n, 0xf0n, kIODirectionOut, m.client), null);
  assert.is(IOMemoryDescriptor.withAddressRange(2 ** 47 - 16, 17, kIODirectionOut, m.client), null);
  const md = IOMemoryDescriptor.withAddressRange(0x5000_0000, 64, kIODirectionOut, m.client);
  assert.is(md.prepare(), kIOReturnCannotWire);
  assert.is(md.map(), null);
});

it('C31 a virtual descriptor may not have more pages than memory', (m) => {
  const memory = m.hardware.configuration.physicalMemory;
  assert.is(IOMemoryDescriptor.withAddressRange(2 ** 32, memory + 1, kIODirectionOut, m.client), null);
  assert.ok(IOMemoryDescriptor.withAddressRange(2 ** 32, memory, kIODirectionOut, m.client));
  assert.is(IOMemoryDescriptor.withPhysicalAddress(0, 16 * memory, kIODirectionOut).getLength(), 16 * memory);
});

it('C32 the type must be known, and virtual memory needs a task', (m) => {
  const ranges = [{ address: 2 ** 32, length: 16 }];
  assert.is(IOMemoryDescriptor.withOptions(ranges, 1, 0, m.client, kIODirectionOut), null);
  assert.is(IOMemoryDescriptor.withOptions(ranges, 1, 0, m.client, kIODirectionOut | 0xf0), null);
  assert.is(IOMemoryDescriptor.withOptions(ranges, 1, 0, m.client, kIODirectionOut | kIOMemoryTypeUIO), null);
  assert.is(IOMemoryDescriptor.withOptions(ranges, 1, 0, null, kIODirectionOut | kIOMemoryTypeVirtual), null);
  assert.ok(IOMemoryDescriptor.withOptions(ranges, 1, 0, m.client, kIODirectionOut | kIOMemoryTypeVirtual));
  assert.ok(IOMemoryDescriptor.withOptions(ranges, 1, 0, null, kIODirectionOut | kIOMemoryTypePhysical));
  m.kill(m.client);
  assert.is(IOMemoryDescriptor.withAddressRange(2 ** 32, 16, kIODirectionOut, m.client), null);
});

it('C33 the array of ranges is copied', (m) => {
  const ranges = [
    { address: 2 ** 32, length: 16 },
    { address: 2 ** 33, length: 16 },
  ];
  const md = IOMemoryDescriptor.withAddressRanges(ranges, kIODirectionOut, m.client);
  ranges[0]!.length = 999;
  ranges.pop();
  assert.is(md.getLength(), 32);
});

it('C34 a descriptor that is initialised again drops its wiring', (m) => {
  const { pageSize } = m;
  const address = m.client.allocate(4 * pageSize);
  m.touch(m.client, address, 4 * pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 4 * pageSize, kIODirectionOut, m.client);
  md.prepare();
  md.prepare();
  const range = [{ address: address + pageSize, length: pageSize }];
  assert.is(md.initWithOptions(range, 1, 0, m.client, kIODirectionIn | kIOMemoryTypeVirtual), true);
  for (let i = 0; i < 4; i++) assert.is(m.wires(m.client, address + i * pageSize), 0);
  assert.is(md.getLength(), pageSize);
  assert.is(md.getDirection(), kIODirectionIn);
  assert.is(md.complete(), kIOReturnSuccess);
  assert.equal(m.violations, ['unbalanced-complete']);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.is(m.wires(m.client, address + pageSize), 1);
  assert.is(md.initWithOptions(range, 1, 0, null, kIOMemoryTypeVirtual), false);
  md.complete();
});

it('re-initialising a mapped descriptor is refused; the sources free its maps under their holders', (m, semantics) => {
  const { pageSize } = m;
  const address = m.client.allocate(2 * pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 2 * pageSize, kIODirectionOut, m.client);
  const map = md.map();
  const at = map.getVirtualAddress();
  m.kernel.load8(at);
  const done = md.initWithOptions([{ address, length: 16 }], 1, 0, m.client, kIODirectionOut | kIOMemoryTypeVirtual);
  if (semantics === 'documented') {
    assert.is(done, false);
    assert.is(md.getLength(), 2 * pageSize);
    m.kernel.load8(at);
    map.release();
    return;
  }
  assert.is(done, true);
  assert.equal(m.violations, ['dangling-mapping']);
  assert.throws(
    () => m.kernel.load8(at),
    (error: Error) => error.name === 'MemoryFault',
  );
  assert.throws(
    () => map.getLength(),
    (error: Error) => error.name === 'HandleError',
  );
});

it('C35 tags are kept as they are, and copied by a sub-descriptor once', (m) => {
  const md = IOMemoryDescriptor.withAddressRange(2 ** 32, 16, kIODirectionOut, m.client);
  assert.is(md.getTag(), 0);
  md.setTag(0xffffffff);
  assert.is(md.getTag(), 0xffffffff);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 8, 8, kIODirectionOut);
  assert.is(sub.getTag(), 0xffffffff);
  md.setTag(1);
  assert.is(sub.getTag(), 0xffffffff);
});

it('C110 a sub-descriptor lies within its parent; in the sources the sum may wrap', (m, semantics) => {
  const md = IOMemoryDescriptor.withAddressRange(2 ** 32, 16, kIODirectionOut, m.client);
  assert.is(IOSubMemoryDescriptor.withSubRange(md, 8, 8, kIODirectionIn).getLength(), 8);
  assert.is(IOSubMemoryDescriptor.withSubRange(md, 8, 9, kIODirectionOut), null);
  const wrapped = IOSubMemoryDescriptor.withSubRange(md, 2n ** 64n - 4096n, 4096n, kIODirectionOut);
  if (semantics === 'documented') return assert.is(wrapped, null);
  assert.is(wrapped.getLength(), 4096);
  assert.is(IOSubMemoryDescriptor.withSubRange(md, 2n ** 64n - 4096n, 8192n, kIODirectionOut), null);
});

it('flags show options and state; ids are stable and distinct', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut | kIOMemoryThreadSafe, m.client);
  assert.is(md.getFlags(), kIODirectionOut | kIOMemoryThreadSafe | kIOMemoryTypeVirtual | kIOMemoryAsReference);
  assert.is(md.getDescriptorID(), 1);
  const other = IOMemoryDescriptor.withAddressRanges([], kIODirectionOutIn, m.client);
  assert.is.not(other.getDescriptorID(), 1);
  assert.is(md.getDescriptorID(), 1);
});

it('a descriptor without bytes is legal', (m) => {
  const md = IOMemoryDescriptor.withAddressRange(2 ** 32, 0, kIODirectionOutIn, m.client);
  assert.is(md.prepare(), kIOReturnSuccess);
  assert.equal(md.getPhysicalSegment(0), { address: 0, length: 0 });
  assert.is(md.readBytes(0, new Uint8Array(0)), 0);
  assert.is(md.map(), null);
  assert.is(md.complete(), kIOReturnSuccess);
});

it('wrong arguments are errors that name them', (m) => {
  const make = (address: never) => () => IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOut, m.client);
  assert.throws(make('x' as never), /address: expected a number or bigint, got "x"/);
  assert.throws(make(-1 as never), /address/);
  assert.throws(() => IOMemoryDescriptor.withAddressRange(0, 16, 0, {} as never), /task: expected a handle of Task/);
  assert.throws(() => IOMemoryDescriptor.withOptions([], 1, 0, null, 0), /count: expected 0 to 0/);
  assert.throws(
    () => IOSubMemoryDescriptor.withSubRange(m.client as never, 0, 0, 0),
    /of: expected an IOMemoryDescriptor/,
  );
});

it('the flags hold direction and type, with or without the 64 in the name', (m) => {
  const { pageSize } = m;
  const address = m.client.allocate(pageSize);
  const ranges = [{ address, length: pageSize }];
  for (const direction of [kIODirectionNone, kIODirectionIn, kIODirectionOut, kIODirectionOutIn])
    for (const [type, other, task] of [
      [kIOMemoryTypeVirtual64, kIOMemoryTypeVirtual, m.client],
      [kIOMemoryTypePhysical64, kIOMemoryTypePhysical, null],
    ] as const) {
      const md = IOMemoryDescriptor.withOptions(ranges, 1, 0, task, direction | type | kIOMemoryThreadSafe);
      assert.is(md.getFlags() & kIOMemoryDirectionMask, direction);
      assert.is(md.getFlags() & kIOMemoryTypeMask, other);
      assert.is(md.getDirection(), direction);
      md.release();
    }
});

run();
