/** A task's own memory calls: allocate, deallocate, protect, map, and memory that the machine shares. */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn } from '../../src/iokit/options.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE } from '../../src/task/task.ts';
import { machineSuite } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('memory of tasks');
const isFault = (error: Error) => error.name === 'MemoryFault';

it('allocated memory is zero, private, and gone after deallocate', (m) => {
  const before = m.freeFrames;
  const address = m.client.allocate(m.pageSize + 1);
  assert.is(m.client.load32(address + m.pageSize), 0);
  m.client.store64(address + m.pageSize - 4, 0x1122334455667788n);
  assert.is(m.client.load32(address + m.pageSize), 0x11223344);
  assert.throws(() => m.other.load8(address), isFault);
  m.client.deallocate(address, 2 * m.pageSize);
  assert.throws(() => m.client.load8(address), isFault);
  assert.is(m.freeFrames, before);
});

it('arguments out of range are refused by name and change nothing', (m) => {
  const address = m.client.allocate(m.pageSize);
  const entries = m.spaceOf(m.client).entries.count;
  assert.throws(() => m.client.allocate(0), /size: expected at least 1 byte/);
  assert.throws(() => m.client.allocate(2 ** 50), /no space/);
  assert.throws(() => m.client.allocate(1, { address: 5 }), /address: expected a multiple of the page size/);
  assert.throws(() => m.client.allocate(1, { address }), /no space/);
  assert.throws(() => m.client.allocate(1, { protection: 8 }), /protection/);
  assert.throws(() => m.client.protect(address, 2 * m.pageSize, VM_PROT_READ), /not mapped/);
  assert.is(m.spaceOf(m.client).entries.count, entries);
  m.client.store8(address, 1);
});

it('memory that is not pageable is resident and wired until nobody has it', (m) => {
  const before = m.freeFrames;
  const address = m.client.allocate(2 * m.pageSize, { pageable: false });
  assert.is(m.freeFrames, before - 2);
  m.client.store8(address, 1);
  assert.is(m.wires(m.client, address), 1);
  const md = IOMemoryDescriptor.withAddressRange(address, m.pageSize, kIODirectionOutIn, m.client);
  md.prepare();
  assert.is(m.wires(m.client, address), 2);
  m.client.deallocate(address, 2 * m.pageSize);
  assert.is(m.freeFrames, before - 1, 'prepared');
  md.complete();
  md.release();
  assert.is(m.freeFrames, before);
  const copied = m.client.allocate(m.pageSize, { pageable: false });
  m.client.store8(copied, 3);
  const copy = m.other.remap(m.client, copied, m.pageSize, { copy: true });
  m.client.store8(copied, 4);
  assert.is(m.other.load8(copy), 3);
  m.kill(m.client);
  m.other.deallocate(copy, m.pageSize);
  assert.is(m.freeFrames, before);
});

it('memory that is not pageable is all there or not at all', (m) => {
  const before = m.freeFrames;
  const { count } = m.spaceOf(m.client).entries;
  const size = m.hardware.configuration.physicalMemory;
  for (const bytes of [(before + 1) * m.pageSize, size, 2 * size, 2 ** 34])
    assert.throws(() => m.client.allocate(bytes, { pageable: false }), /out of memory/, String(bytes));
  const taken = m.client.allocate(m.pageSize);
  assert.throws(() => m.client.allocate(1, { pageable: false, address: taken }), /no space/);
  assert.throws(() => m.client.allocate(1, { pageable: false, purgeable: true }), /purgeable: expected it only/);
  assert.is(m.freeFrames, before);
  assert.is(m.spaceOf(m.client).entries.count, count + 1);
});

it('protect takes rights away and gives them back', (m) => {
  const address = m.client.allocate(2 * m.pageSize);
  m.client.store8(address, 5);
  m.client.protect(address, m.pageSize, VM_PROT_READ);
  assert.is(m.client.load8(address), 5);
  assert.throws(() => m.client.store8(address, 6), isFault);
  m.client.store8(address + m.pageSize, 7);
  m.client.protect(address, m.pageSize, VM_PROT_NONE);
  assert.throws(() => m.client.load8(address), isFault);
  m.client.protect(address, m.pageSize, VM_PROT_READ | VM_PROT_WRITE);
  m.client.store8(address, 8);
  assert.is(m.client.load8(address), 8);
});

it('one object shows the same bytes in several tasks', (m) => {
  const before = m.freeFrames;
  const object = MemoryObject.withSize(2 * m.pageSize);
  const here = m.client.map(object);
  const there = m.other.map(object, { offset: m.pageSize, address: 32 * m.pageSize, protection: VM_PROT_READ });
  m.client.store32(here + m.pageSize, 99);
  assert.is(m.other.load32(there), 99);
  assert.throws(() => m.other.store32(there, 1), isFault);
  assert.throws(() => m.other.map(object, { address: there }), /no space/);
  assert.throws(() => m.other.map(object, { offset: 2 * m.pageSize }), /expected a part/);
  m.other.map(object, { address: there, overwrite: true, size: m.pageSize });
  m.client.store32(here, 98);
  assert.is(m.other.load32(there), 98);
  object.release();
  m.client.deallocate(here, 2 * m.pageSize);
  assert.is(m.other.load32(there), 98);
  m.other.deallocate(there, m.pageSize);
  assert.is(m.freeFrames, before);
});

it('shared memory is at one address everywhere', (m) => {
  const address = m.share(m.pageSize + 1);
  m.client.store32(address, 0xcafe);
  for (const task of [m.other, m.kernel]) assert.is(task.load32(address), 0xcafe);
  assert.is(m.share(1), address + 2 * m.pageSize);
});

it('a thread that dies while it holds the map lock lets the others go on', (m) => {
  const holder = new HandDriven(m, 'client.holder', m.kernelState.tasks[1]);
  const waiter = new HandDriven(m, 'client.waiter', m.kernelState.tasks[1]);
  const { lock } = m.spaceOf(m.client);
  // Only calls take locks: this one says that the thread makes some.
  assert.is(holder.begin(calls.now, []), Status.Done);
  assert.ok(lock.take(holder.thread).next().done);
  assert.is(waiter.begin(calls.allocate, [1, 0, true, 3]), Status.Blocked);
  assert.is(waiter.thread.waitingIn?.holders[0], holder.thread);
  assert.match(waiter.thread.waitingIn!.subject, 'the map lock of client');
  m.kernelState.endThread(holder.thread);
  assert.is(waiter.thread.waitingIn, null);
  assert.is(waiter.finish(waiter.step()), Status.Done);
});

it('everybody who waits for the map lock goes on once it is free, one after the other', (m) => {
  const holder = new HandDriven(m, 'client.holder', m.kernelState.tasks[1]);
  const waiters = ['client.a', 'client.b', 'client.c'].map((name) => new HandDriven(m, name, m.kernelState.tasks[1]));
  const { lock } = m.spaceOf(m.client);
  assert.ok(lock.take(holder.thread).next().done);
  for (const waiter of waiters) assert.is(waiter.begin(calls.allocate, [1, 0, true, 3]), Status.Blocked);
  lock.release(holder.thread);
  assert.equal(
    waiters.map(({ thread }) => thread.waitingIn === null),
    [true, false, false],
  );
  assert.is(waiters[0]!.finish(waiters[0]!.step()), Status.Done);
  assert.is(waiters[1]!.thread.waitingIn, null);
  m.kernelState.endThread(waiters[1]!.thread);
  assert.is(waiters[2]!.finish(waiters[2]!.step()), Status.Done, 'one that died handed its wakeup on');
});

run();
