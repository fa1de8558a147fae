/** User clients: memory by type, maps that go with the connection (xnu-reference 1.13, 3.4.10, case C63). */
import * as assert from 'uvu/assert';
import {
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapCacheMask,
  kIOMapInhibitCache,
  kIOMapReadOnly,
} from '../../src/iokit/options.ts';
import { kIOReturnBadArgument, kIOReturnNotAttached, kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOUserClient } from '../../src/task/iokit/io-user-client.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';

const { case: it, run } = machineSuite('user clients');
const isFault = (error: Error) => error.name === 'MemoryFault';
const isStale = (error: Error) => error.name === 'HandleError';

/** A connection of the client's, with a page of the kernel's under type 0 and the same, for reading only, under type 1. */
function connection(m: TestMachine) {
  const address = m.kernel.allocate(m.pageSize);
  m.kernel.store32(address, 0x100);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOutIn, m.kernel);
  const connect = IOUserClient.withTask(m.client);
  assert.is(connect.clientMemoryForType(0, md), kIOReturnSuccess);
  assert.is(connect.clientMemoryForType(1, md, kIOMapReadOnly), kIOReturnSuccess);
  return { md, connect, address };
}

it('a task maps what a driver offers, and sees what it writes', (m) => {
  const { connect, md, address } = connection(m);
  const map = connect.mapClientMemory64(0, m.client);
  assert.is(m.client.load32(map.getVirtualAddress()), 0x100);
  m.client.store32(map.getVirtualAddress(), 7);
  assert.is(m.kernel.load32(address), 7);
  assert.is(map.getAddressTask()?.id, m.client.id);
  assert.is(connect.mapClientMemory64(9, m.client), null);
  assert.is(connect.mapClientMemory64(0, null), null);
  connect.release();
  md.release();
});

it('C63 of the request only bits 0 to 11 count: a task can neither add nor remove kIOMapReadOnly', (m) => {
  const { connect, md } = connection(m);
  const all = connect.mapClientMemory64(0, m.client, 0xffffffff);
  assert.is(all.getMapOptions() & ~0xfff & 0x00ffffff, 0);
  assert.is(all.getMapOptions() & kIOMapCacheMask, kIOMapCacheMask);
  m.client.store32(all.getVirtualAddress(), 1);
  const reader = connect.mapClientMemory64(1, m.client, kIOMapAnywhere);
  assert.is.not(reader.id, all.id);
  assert.is(m.client.load32(reader.getVirtualAddress()), 1);
  assert.throws(() => m.client.store32(reader.getVirtualAddress(), 2), isFault);
  const fixed = connect.mapClientMemory64(0, m.client, kIOMapInhibitCache, 64 * m.pageSize);
  assert.is(fixed.getVirtualAddress(), 64 * m.pageSize);
  assert.is(connect.mapClientMemory64(0, m.client, kIOMapInhibitCache, 64 * m.pageSize + 8)?.id ?? 0, 0);
  connect.release();
  md.release();
});

it('a map that is asked for twice is one map, kept once', (m) => {
  const { connect, md } = connection(m);
  const map = connect.mapClientMemory64(0, m.client);
  assert.is(connect.mapClientMemory64(0, m.client).id, map.id);
  assert.is(map.getRetainCount(), 2);
  assert.is(connect.unmapClientMemory(0, m.client), kIOReturnSuccess);
  assert.throws(() => map.getVirtualAddress(), isStale);
  assert.is(connect.unmapClientMemory(0, m.client), kIOReturnBadArgument);
  assert.is(connect.unmapClientMemory(9, m.client), kIOReturnBadArgument);
  connect.release();
  md.release();
});

it('an unmap takes any compatible map, also one that the connection did not make', (m) => {
  const { connect, md } = connection(m);
  const own = md.createMappingInTask(m.client, 0, kIOMapAnywhere);
  assert.is(connect.unmapClientMemory(0, m.client, 12345), kIOReturnSuccess);
  assert.is(m.client.load32(own.getVirtualAddress()), 0x100, 'its own reference was none of the connection’s');
  own.release();
  connect.release();
  md.release();
});

it('closing takes the maps of every task away; closing again is ignored', (m) => {
  const { connect, md } = connection(m);
  const free = m.freeFrames;
  const maps = [connect.mapClientMemory64(0, m.client), connect.mapClientMemory64(0, m.other)];
  const at = maps[0]!.getVirtualAddress();
  m.client.load32(at);
  assert.is(connect.clientClose(), kIOReturnSuccess);
  assert.throws(() => m.client.load32(at), isFault);
  for (const map of maps) assert.throws(() => map.getVirtualAddress(), isStale);
  assert.is(connect.clientClose(), kIOReturnSuccess);
  assert.is(connect.mapClientMemory64(0, m.client), null);
  assert.is(connect.clientMemoryForType(0, md), kIOReturnNotAttached);
  assert.is(connect.unmapClientMemory(0, m.client), kIOReturnBadArgument);
  assert.is(m.freeFrames, free);
  connect.release();
  md.release();
});

it('a map that somebody else holds as well outlives the connection', (m) => {
  const { connect, md } = connection(m);
  const map = connect.mapClientMemory64(0, m.client);
  map.retain();
  connect.clientClose();
  assert.is(m.client.load32(map.getVirtualAddress()), 0x100);
  map.release();
  connect.release();
  md.release();
});

it('the death of its task closes it: maps forget the task, memory is let go of (3.4.10)', (m) => {
  const { connect, md } = connection(m);
  const map = connect.mapClientMemory64(0, m.client);
  const elsewhere = connect.mapClientMemory64(0, m.other);
  map.retain();
  m.kill(m.other);
  assert.is(elsewhere.getVirtualAddress(), 0);
  assert.is(elsewhere.getLength(), m.pageSize);
  m.kill(m.client);
  assert.is(map.getVirtualAddress(), 0);
  assert.is(map.getAddressTask(), null);
  assert.throws(() => elsewhere.getLength(), isStale);
  assert.is(connect.mapClientMemory64(0, m.kernel), null);
  assert.is(md.getRetainCount(), 2, 'the map keeps it');
  map.release();
  connect.release();
  md.release();
  assert.is(IOUserClient.withTask(m.client), null);
});

it('memory that is offered anew takes the place of the old', (m) => {
  const { connect, md } = connection(m);
  const other = IOMemoryDescriptor.withAddressRange(m.kernel.allocate(4096), 4096, kIODirectionOutIn, m.kernel);
  connect.clientMemoryForType(0, other);
  assert.is(md.getRetainCount(), 2);
  const map = connect.mapClientMemory64(0, m.client);
  assert.is(m.client.load32(map.getVirtualAddress()), 0);
  for (const each of [connect, other, md]) each.release();
});

it('every change is rolled back', (m) => {
  const { connect, md } = connection(m);
  m.kernelState.journal.base();
  const before = stateHash(m.kernelState);
  connect.mapClientMemory64(0, m.client);
  connect.clientMemoryForType(2, md);
  connect.clientMemoryForType(0, md, kIOMapReadOnly);
  connect.clientClose();
  connect.release();
  assert.is.not(stateHash(m.kernelState), before);
  m.kernelState.journal.rollback();
  assert.is(stateHash(m.kernelState), before);
  m.kernelState.journal.stop();
  for (const each of [connect, md]) each.release();
});

run();
