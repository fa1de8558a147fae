/** Nothing at all, and too much: lengths at their ends (xnu-reference 3.7). */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMapAnywhere, kIOMemoryMapCopyOnWrite } from '../../src/iokit/options.ts';
import { kIOReturnNotReady } from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { machineSuite } from '../support/machine.ts';

const suite = machineSuite('limits');

suite.case('3.7 a descriptor of no bytes is legal, prepares, has no segments and cannot be mapped', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(pageSize);
  for (const [address, options] of [
    [a + 5, kIODirectionOutIn],
    [pageSize * 3, kIODirectionOutIn | kIOMemoryMapCopyOnWrite],
  ] as const) {
    const descriptor = IOMemoryDescriptor.withAddressRange(address, 0, options, client);
    assert.is(descriptor.getLength(), 0);
    assert.equal(descriptor.getPhysicalSegment(0), { address: 0, length: 0 });
    assert.is(descriptor.prepare(), 0);
    assert.is.not(descriptor.getPreparationID(), 0);
    assert.equal(descriptor.getPhysicalSegment(0), { address: 0, length: 0 });
    assert.is(descriptor.readBytes(0, new Uint8Array(0)), 0);
    assert.is(descriptor.createMappingInTask(other, 0, kIOMapAnywhere), null);
    assert.is(descriptor.getPageCounts().result, kIOReturnNotReady);
    assert.is(descriptor.complete(), 0);
    descriptor.release();
  }
});

suite.case('3.7 ranges of no bytes among others count for nothing', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  client.store32(a + pageSize - 4, 7);
  const descriptor = IOMemoryDescriptor.withAddressRanges(
    [
      { address: a, length: 0 },
      { address: a + pageSize - 4, length: 8 },
      { address: a, length: 0 },
    ],
    kIODirectionOutIn,
    client,
  );
  assert.is(descriptor.getLength(), 8);
  assert.is(descriptor.prepare(), 0);
  const bytes = new Uint8Array(8);
  assert.is(descriptor.readBytes(0, bytes), 8);
  assert.is(bytes[0], 7);
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  assert.is(map.getVirtualAddress() % pageSize, pageSize - 4);
  assert.is(other.load32(map.getVirtualAddress()), 7);
  descriptor.complete();
  map.release();
  descriptor.release();
});

suite.case('3.7 what would wrap, or lie outside of every address space, is no descriptor', (machine) => {
  const { client, pageSize } = machine;
  const virtual = (address: bigint | number, length: bigint | number) =>
    IOMemoryDescriptor.withAddressRange(address, length, kIODirectionOutIn, client);
  assert.is(virtual(2n ** 64n - 0x100n, 0xf0n), null);
  assert.is(virtual(2n ** 47n, 1n), null);
  assert.is(virtual(2n ** 47n - 1n, 2n), null);
  const last = virtual(2 ** 47 - pageSize, pageSize);
  assert.is(last.getLength(), pageSize);
  last.release();
  const physical = (address: bigint, length: bigint) =>
    IOMemoryDescriptor.withPhysicalAddress(address, length, kIODirectionOutIn);
  assert.is(physical(2n ** 64n - BigInt(pageSize), 2n * BigInt(pageSize)), null);
  assert.is(physical(2n ** 32n * BigInt(pageSize), 1n), null);
});

suite.case('a copy keeps the place in its page, and so does a map of it', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  client.store32(a + 0x124, 7);
  const b = other.remap(client, a + 0x124, 4, { copy: true });
  assert.is(b % pageSize, 0);
  client.store32(a + 0x124, 8);
  assert.is(other.load32(b + 0x124), 7);
  assert.throws(() => other.load8(b + pageSize), /not mapped/);
});

suite.run();
