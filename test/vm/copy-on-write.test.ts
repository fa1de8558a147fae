/** Copies of memory between tasks: nobody sees what the other stores, pages are copied late, chains stay short. */
import * as assert from 'uvu/assert';
import { kIODirectionIn, kIODirectionOut } from '../../src/iokit/options.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { VM_PROT_NONE, VM_PROT_READ } from '../../src/task/task.ts';
import type { MemoryObject as KernelMemoryObject } from '../../src/vm/memory-object.ts';
import { copyToObject } from '../../src/vm/remap.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const suite = machineSuite('copy-on-write');

const objectAt = (machine: TestMachine, task: TestMachine['client'], address: number): KernelMemoryObject =>
  machine.spaceOf(task).lookup(address)!.object!;

function depth(object: KernelMemoryObject): number {
  return object.shadow === null ? 1 : 1 + depth(object.shadow);
}

suite.case('a copy costs no page until one side stores, and then one', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(4 * pageSize);
  for (let page = 0; page < 4; page++) client.store32(a + page * pageSize, page + 1);
  const before = machine.freeFrames;
  const b = other.remap(client, a, 4 * pageSize, { copy: true });
  for (let page = 0; page < 4; page++) assert.is(other.load32(b + page * pageSize), page + 1);
  assert.is(machine.freeFrames, before);
  assert.is(machine.frameOf(other, b), machine.frameOf(client, a));
  other.store32(b, 10);
  client.store32(a + pageSize, 20);
  assert.is(machine.freeFrames, before - 2);
  assert.equal(
    [0, 1, 2, 3].map((page) => client.load32(a + page * pageSize)),
    [1, 20, 3, 4],
  );
  assert.equal(
    [0, 1, 2, 3].map((page) => other.load32(b + page * pageSize)),
    [10, 2, 3, 4],
  );
  other.deallocate(b, 4 * pageSize);
  client.deallocate(a, 4 * pageSize);
  assert.is(machine.freeFrames, before + 4);
});

suite.case('what is shared stays shared: remap without copy', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  const copy = other.remap(client, a, 2 * pageSize, { copy: true });
  const same = other.remap(client, a + pageSize, pageSize);
  client.store32(a + pageSize, 7);
  assert.is(other.load32(same), 7);
  other.store32(same, 8);
  assert.is(client.load32(a + pageSize), 8);
  assert.is(other.load32(copy + pageSize), 0);
});

suite.case('a copy of shared memory sees none of the later stores, from whichever side', (machine) => {
  const { client, other, pageSize } = machine;
  const object = machine.enter(machine.kernel, () => MemoryObject.withSize(3 * pageSize));
  const a = client.map(object);
  const b = other.map(object);
  client.store32(a, 1);
  const first = other.remap(client, a, 3 * pageSize, { copy: true });
  other.store32(b, 2);
  const second = other.remap(client, a, 3 * pageSize, { copy: true });
  client.store32(a, 3);
  client.store32(a + pageSize, 4);
  assert.equal([other.load32(first), other.load32(second), other.load32(b)], [1, 2, 3]);
  assert.equal([other.load32(first + pageSize), other.load32(second + pageSize)], [0, 0]);
  other.store32(second, 5);
  assert.equal([other.load32(first), client.load32(a)], [1, 3]);
  machine.enter(machine.kernel, () => object.release());
});

suite.case('chains do not grow with the number of copies that have come and gone', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  client.store32(a + pageSize, 99);
  const before = machine.freeFrames;
  for (let round = 0; round < 40; round++) {
    client.store32(a, round);
    const b = other.remap(client, a, 2 * pageSize, { copy: true });
    client.store32(a, 1000 + round);
    assert.is(other.load32(b), round);
    other.deallocate(b, 2 * pageSize);
  }
  assert.ok(depth(objectAt(machine, client, a)) <= 2);
  assert.is(client.load32(a + pageSize), 99);
  assert.is(machine.freeFrames, before - 1);
});

suite.case('a copy of a copy of a copy outlives the tasks that it came from', (machine) => {
  const { client, other, kernel, pageSize } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 1);
  const b = other.remap(client, a, pageSize, { copy: true });
  const c = kernel.remap(other, b, pageSize, { copy: true });
  other.store32(b, 2);
  machine.kill(client);
  machine.kill(other);
  assert.is(kernel.load32(c), 1);
  kernel.store32(c, 3);
  assert.is(kernel.load32(c), 3);
  assert.is(objectAt(machine, kernel, c).shadow, null);
});

suite.case(
  'rule 3.1-5: an Out prepare makes the task’s page its own, so that the device sees later stores',
  (machine) => {
    const { client, other, pageSize } = machine;
    const a = client.allocate(pageSize);
    client.store32(a, 1);
    const b = other.remap(client, a, pageSize, { copy: true });
    const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionOut, client);
    assert.is(descriptor.prepare(), 0);
    client.store32(a, 2);
    const bytes = new Uint8Array(4);
    descriptor.readBytes(0, bytes);
    assert.is(bytes[0], 2);
    assert.is(other.load32(b), 1);
    descriptor.complete();
    descriptor.release();
  },
);

suite.case('what a device may be storing to is copied at once', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 1);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, client);
  assert.is(descriptor.prepare(), 0);
  const b = other.remap(client, a, pageSize, { copy: true });
  descriptor.writeBytes(0, new Uint8Array([2, 0, 0, 0]));
  assert.is(client.load32(a), 2);
  assert.is(other.load32(b), 1);
  descriptor.complete();
  descriptor.release();
});

suite.case('a thread that waits on a word is found by a notify after the page was copied', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 0);
  const b = other.remap(client, a, pageSize, { copy: true });
  const task = machine.kernelState.tasks.find(({ name }) => name === 'client')!;
  const waiter = new HandDriven(machine, 'client.waits', task);
  assert.is(waiter.begin(calls.atomicWait, [a, 0, Number.POSITIVE_INFINITY]), Status.Blocked);
  client.store32(a, 1);
  const c = other.remap(client, a, pageSize, { copy: true });
  client.store32(a, 2);
  assert.is(client.atomic.notify(a), 1);
  assert.equal([other.load32(b), other.load32(c), client.load32(a)], [0, 1, 2]);
  machine.kernelState.endThread(waiter.thread);
});

suite.case(
  'a range with a hole, a guard, or pages that may not be read is not copied, and nothing changes',
  (machine) => {
    const { client, other, pageSize } = machine;
    const a = client.allocate(3 * pageSize);
    client.store32(a, 1);
    client.protect(a + pageSize, pageSize, VM_PROT_NONE);
    assert.throws(() => other.remap(client, a, 3 * pageSize, { copy: true }), /protected/);
    client.deallocate(a + pageSize, pageSize);
    assert.throws(() => other.remap(client, a, 3 * pageSize, { copy: true }), /not mapped/);
    assert.throws(() => other.remap(client, a, 0, { copy: true }), /1 byte/);
    assert.throws(() => other.remap(client, a, pageSize, { copy: true, address: pageSize + 1 }), /multiple/);
    const frame = machine.frameOf(client, a);
    client.store32(a, 2);
    assert.is(machine.frameOf(client, a), frame);
  },
);

suite.case('a copy takes the rights along, and may be made writable', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 1);
  client.protect(a, pageSize, VM_PROT_READ);
  const b = other.remap(client, a, pageSize, { copy: true });
  assert.throws(() => other.store32(b, 2), /protected/);
  other.protect(b, pageSize, 3);
  other.store32(b, 2);
  assert.is(client.load32(a), 1);
});

suite.case('a copy over memory that is mapped replaces it, also in the task itself', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  client.store32(a, 1);
  client.store32(a + pageSize, 2);
  assert.is(client.remap(client, a, pageSize, { copy: true, address: a + pageSize, overwrite: true }), a + pageSize);
  client.store32(a, 3);
  assert.equal([client.load32(a), client.load32(a + pageSize)], [3, 1]);
});

suite.case('an object that holds a copy, of one piece or of several', (machine) => {
  const { client, other, pageSize, kernelState } = machine;
  const { vm } = kernelState;
  const a = client.allocate(2 * pageSize, { address: 64 * pageSize });
  client.allocate(pageSize, { address: 66 * pageSize });
  for (const page of [0, 1, 2]) client.store32(a + page * pageSize, page + 1);
  const space = machine.spaceOf(client);
  const actor = kernelState.machineThread(kernelState.kernelTask);
  const one = copyToObject(vm, actor, space, a, a + 2 * pageSize) as KernelMemoryObject;
  const both = copyToObject(vm, actor, space, a, a + 3 * pageSize) as KernelMemoryObject;
  assert.is(copyToObject(vm, actor, space, a, a + 4 * pageSize), 1);
  for (const page of [0, 1, 2]) client.store32(a + page * pageSize, 9);
  const target = machine.spaceOf(other);
  target.enter(actor, a, 2 * pageSize, one, 0, 3, 3, false);
  target.enter(actor, a + 8 * pageSize, 3 * pageSize, both, 0, 3, 3, false);
  one.release(actor);
  both.release(actor);
  assert.equal(
    [0, 1].map((page) => other.load32(a + page * pageSize)),
    [1, 2],
  );
  assert.equal(
    [8, 9, 10].map((page) => other.load32(a + page * pageSize)),
    [1, 2, 3],
  );
  other.store32(a, 5);
  assert.is(client.load32(a), 9);
});

suite.run();
