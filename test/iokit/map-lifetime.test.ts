/** How long maps, descriptors and memory live: the cases C54 to C58, C60 and C61 of the reference. */
import * as assert from 'uvu/assert';
import { kIODirectionOut, kIODirectionOutIn, kIOMapAnywhere, kIOMapStatic } from '../../src/iokit/options.ts';
import { kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOSubMemoryDescriptor } from '../../src/task/iokit/io-sub-memory-descriptor.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('lifetime of maps');
const isFault = (error: Error) => error.name === 'MemoryFault';

function fourPages(m: TestMachine) {
  const address = m.other.allocate(4 * m.pageSize);
  for (let page = 0; page < 4; page++) m.other.store32(address + page * m.pageSize, 0x100 + page);
  return { address, md: IOMemoryDescriptor.withAddressRange(address, 4 * m.pageSize, kIODirectionOutIn, m.other) };
}

it('C54 unmap takes the memory from every holder; a later request maps anew', (m) => {
  const { md } = fourPages(m);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const sharer = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const at = map.getVirtualAddress();
  m.client.load32(at);
  assert.is(map.unmap(), kIOReturnSuccess);
  assert.is(sharer.getVirtualAddress(), 0);
  assert.is(map.getLength(), 4 * m.pageSize);
  assert.throws(() => m.client.load32(at), isFault);
  assert.is(map.unmap(), kIOReturnSuccess);
  assert.is(map.getAddressTask()?.id, m.client.id);
  const fresh = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is.not(fresh.id, map.id);
  assert.is(m.client.load32(fresh.getVirtualAddress()), 0x100);
  for (const each of [map, sharer, fresh]) each.release();
});

it('C55 unmapping the whole cuts a part off, and not the other way round', (m) => {
  const { md } = fourPages(m);
  const whole = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const first = md.createMappingInTask(m.client, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
  const second = md.createMappingInTask(m.client, 0, kIOMapAnywhere, 2 * m.pageSize, m.pageSize);
  const at = whole.getVirtualAddress();
  assert.is(first.unmap(), kIOReturnSuccess);
  assert.is(first.getVirtualAddress(), 0);
  assert.is(m.client.load32(at + m.pageSize), 0x101);
  whole.unmap();
  assert.is(second.getVirtualAddress(), at + 2 * m.pageSize);
  assert.throws(() => m.client.load32(at + 2 * m.pageSize), isFault);
  for (const each of [whole, first, second]) each.release();
});

it('C56 a map made through a part names the whole', (m) => {
  const { md } = fourPages(m);
  const sub = IOSubMemoryDescriptor.withSubRange(md, m.pageSize, m.pageSize, kIODirectionOut);
  const map = sub.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(map.getMemoryDescriptor().id, md.id);
  assert.is(map.getLength(), m.pageSize);
  assert.is(m.client.load32(map.getVirtualAddress()), 0x101);
  sub.release();
  map.release();
});

it('C57 a registered mapping is shared and never unmapped', (m) => {
  const { md } = fourPages(m);
  const own = m.client.allocate(4 * m.pageSize);
  m.client.store8(own, 1);
  const map = md.setMapping(m.client, own);
  assert.is(map.getVirtualAddress(), own);
  assert.is(map.getLength(), md.getLength());
  assert.is(map.getMapOptions(), kIOMapStatic);
  const shared = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(shared.id, map.id);
  assert.is(shared.unmap(), kIOReturnSuccess);
  assert.is(m.client.load8(own), 1);
  shared.release();
  map.release();
  assert.is(m.client.load8(own), 1);
});

it('C58 once mapped, a descriptor no longer follows its task', (m) => {
  const { address, md } = fourPages(m);
  const never = IOMemoryDescriptor.withAddressRange(address, 4 * m.pageSize, kIODirectionOut, m.other);
  const map = md.map();
  m.other.deallocate(address, 4 * m.pageSize);
  m.other.allocate(4 * m.pageSize, { address });
  m.other.store32(address, 0x999);
  const read = (descriptor: IOMemoryDescriptor) => {
    const bytes = new Uint8Array(2);
    assert.is(descriptor.prepare(), kIOReturnSuccess);
    descriptor.readBytes(0, bytes);
    descriptor.complete();
    return bytes[0]! + 256 * bytes[1]!;
  };
  assert.is(read(md), 0x100);
  assert.is(m.kernel.load32(map.getVirtualAddress()), 0x100);
  assert.is(read(never), 0x999);
  map.release();
});

it('C60 maps of a dead task show nothing and go quietly', (m) => {
  const { md } = fourPages(m);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  const part = md.createMappingInTask(m.client, 0, kIOMapAnywhere, m.pageSize, m.pageSize);
  const elsewhere = md.map();
  m.client.load32(map.getVirtualAddress());
  m.kill(m.client);
  for (const each of [map, part]) {
    assert.is(each.getAddressTask(), null);
    assert.is(map.getVirtualAddress(), 0);
  }
  assert.is(map.getLength(), 4 * m.pageSize);
  assert.is(m.kernel.load32(elsewhere.getVirtualAddress()), 0x100);
  assert.is(md.createMappingInTask(m.client, 0, kIOMapAnywhere), null);
  part.release();
  map.release();
  assert.is(m.kernel.load32(elsewhere.getVirtualAddress()), 0x100);
  elsewhere.release();
});

it('C61 a mapped descriptor lives as long as its map, with the memory of a task that is dead', (m) => {
  const before = m.freeFrames;
  const { address, md } = fourPages(m);
  const map = md.map();
  md.release();
  m.other.deallocate(address, 4 * m.pageSize);
  m.kill(m.other);
  assert.is(m.kernel.load32(map.getVirtualAddress() + 3 * m.pageSize), 0x103);
  const still = map.getMemoryDescriptor();
  assert.is(still.getLength(), 4 * m.pageSize);
  map.release();
  assert.is(m.freeFrames, before);
  assert.throws(
    () => still.getLength(),
    (error: Error) => error.name === 'HandleError',
  );
});

it('a task may unmap what I/O Kit mapped for it', (m) => {
  const { md } = fourPages(m);
  const map = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  m.client.deallocate(map.getVirtualAddress() + m.pageSize, m.pageSize);
  assert.is(m.client.load32(map.getVirtualAddress()), 0x100);
  map.release();
  assert.is(m.spaceOf(m.client).entries.count, 0);
});

run();
