/** readBytes and writeBytes: the cases C90 to C92 of the reference, on the rules of its section 3.9. */
import * as assert from 'uvu/assert';
import {
  kIODirectionIn,
  kIODirectionNone,
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryThreadSafe,
} from '../../src/iokit/options.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { machineSuite } from '../support/machine.ts';

const { case: it, run } = machineSuite('copying');

it('C90 a copy past the end copies what fits; in the sources nothing', (m, semantics) => {
  const address = m.client.allocate(m.pageSize);
  m.client.write(
    address,
    Uint8Array.from({ length: 0x100 }, (_, i) => i),
  );
  const md = IOMemoryDescriptor.withAddressRange(address, 0x100, kIODirectionOut, m.client);
  md.prepare();
  const buffer = new Uint8Array(0x100);
  const short = (count: number) => (semantics === 'documented' ? count : 0);
  assert.is(md.readBytes(0xf0, buffer, 0x10), 0x10);
  assert.equal([...buffer.subarray(0, 3)], [0xf0, 0xf1, 0xf2]);
  assert.is(md.readBytes(0xf0, buffer, 0x11), short(0x10));
  assert.is(md.readBytes(0x100, buffer, 0), 0);
  assert.is(md.readBytes(0x100, buffer, 1), 0);
  assert.is(md.readBytes(0x101, buffer, 0), 0);
  assert.is(md.readBytes(0x10, buffer, 2n ** 64n - 1n), short(0xf0));
  assert.is(md.readBytes(2n ** 64n - 1n, buffer, 2), 0);
  assert.throws(() => md.readBytes(0, new Uint8Array(4), 8), /bytes: expected room for 8 bytes, got 4/);
  assert.equal(m.violations, []);
  md.complete();
});

it('C91 writing needs a prepare that allows it', (m, semantics) => {
  const address = m.client.allocate(m.pageSize);
  m.client.store32(address, 5);
  const md = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOutIn, m.client);
  md.prepare(kIODirectionOut);
  assert.is(md.writeBytes(0, new Uint8Array([9])), 0);
  assert.is(m.client.load32(address), 5);
  assert.equal(m.violations, semantics === 'documented' ? ['direction-misuse'] : []);
  md.complete();
  md.prepare(kIODirectionIn);
  assert.is(md.writeBytes(0, new Uint8Array([9, 8, 7])), 3);
  assert.is(m.client.load32(address), 0x070809);
  assert.is(md.writeBytes(1, null, 2), 2);
  assert.is(m.client.load32(address), 9);
  assert.is(md.readBytes(0, new Uint8Array(1)), semantics === 'documented' ? 0 : 1);
  md.complete();
});

it('every prepare in force counts for what may be copied', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionNone, m.client);
  md.prepare(kIODirectionIn);
  md.prepare(kIODirectionOut);
  assert.is(md.writeBytes(0, new Uint8Array([3])), 1);
  assert.is(md.readBytes(0, new Uint8Array(1)), 1);
  assert.equal(m.violations, []);
  md.complete();
  md.complete();
});

it('C92 a copy crosses frames that are not adjacent, in order', (m) => {
  const { pageSize } = m;
  const address = m.client.allocate(3 * pageSize);
  for (const page of [2, 1, 0]) m.touch(m.client, address + page * pageSize, 1);
  const bytes = Uint8Array.from({ length: 2 * pageSize }, (_, i) => (i * 7) & 0xff);
  for (const options of [0, kIOMemoryThreadSafe]) {
    const md = IOMemoryDescriptor.withAddressRange(address, 3 * pageSize, kIODirectionOutIn | options, m.client);
    md.prepare();
    assert.is(md.getPhysicalSegment(0).length, pageSize);
    assert.is(md.writeBytes(pageSize - 5, bytes), bytes.length);
    assert.equal(m.client.read(address + pageSize - 5, bytes.length), bytes);
    const back = new Uint8Array(bytes.length);
    assert.is(md.readBytes(pageSize - 5, back), bytes.length);
    assert.equal(back, bytes);
    md.complete();
    md.release();
    m.client.write(address, new Uint8Array(3 * pageSize));
  }
});

it('unprepared memory is a panic', (m) => {
  const address = m.client.allocate(m.pageSize);
  const md = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOutIn, m.client);
  const isPanic = (error: Error) => error.name === 'KernelPanic';
  assert.throws(() => md.readBytes(0, new Uint8Array(1)), isPanic);
  assert.throws(() => md.writeBytes(0, new Uint8Array(1)), isPanic);
  assert.equal(m.violations, ['use-before-prepare', 'use-before-prepare']);
});

it('copies through a part stay in it', (m) => {
  const address = m.client.allocate(m.pageSize);
  m.client.store32(address + 8, 0x04030201);
  const md = IOMemoryDescriptor.withAddressRange(address, 16, kIODirectionOutIn, m.client);
  const sub = IOSubMemoryDescriptor.withSubRange(md, 8, 2, kIODirectionOut);
  sub.prepare();
  const buffer = new Uint8Array(2);
  assert.is(sub.readBytes(0, buffer), 2);
  assert.equal([...buffer], [1, 2]);
  assert.is(sub.readBytes(2, buffer), 0);
  sub.complete();
});

it('physical memory is copied as it is, and an allocation after that is zero all the same', (m) => {
  const last = m.hardware.configuration.physicalMemory - m.pageSize;
  const md = IOMemoryDescriptor.withPhysicalAddress(last, m.pageSize, kIODirectionOutIn);
  assert.is(md.writeBytes(0, new Uint8Array([1, 2, 3])), 3);
  const buffer = new Uint8Array(3);
  assert.is(md.readBytes(0, buffer), 3);
  assert.equal([...buffer], [1, 2, 3]);
  const address = m.client.allocate(m.freeFrames * m.pageSize);
  for (let at = address; m.freeFrames > 0; at += m.pageSize) assert.is(m.client.load32(at), 0);
});

it('there is no memory behind the end of memory', (m) => {
  const md = IOMemoryDescriptor.withPhysicalAddress(m.hardware.configuration.physicalMemory, 16, kIODirectionOutIn);
  assert.throws(() => md.readBytes(0, new Uint8Array(1)), /no memory at the physical address/);
  const map = md.map();
  assert.throws(
    () => m.kernel.load8(map.getVirtualAddress()),
    (error: Error) => error.name === 'MemoryFault',
  );
  map.release();
});

run();
