/** Wiring to its last rules: pages that a device is to fill, low frames, wiring that outlives everything (xnu-reference 3.1). */
import { test as plain } from 'uvu';
import * as assert from 'uvu/assert';
import {
  kIODirectionCompleteWithDataValid,
  kIODirectionCompleteWithError,
  kIODirectionIn,
  kIODirectionOut,
  kIODirectionOutIn,
  kIODirectionPrepareAvoidThrottling,
  kIODirectionPrepareNoFault,
  kIODirectionPrepareNonCoherent,
  kIODirectionPrepareNoZeroFill,
  kIODirectionPrepareToPhys32,
  kIOMapAnywhere,
  kIOMemoryPurgeableVolatile,
} from '../../src/iokit/options.ts';
import { kIOReturnCannotWire, kIOReturnNoResources } from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { machineSuite, TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const suite = machineSuite('wiring, completed');

const inWithoutZeroes = kIODirectionIn | kIODirectionPrepareNoZeroFill;

function thread(machine: TestMachine, task = 'client'): HandDriven {
  return new HandDriven(machine, `${task}.1`, machine.kernelState.tasks.find(({ name }) => name === task)!);
}

suite.case(
  'C11: pages that failed to come are gone; the next prepare and complete is another one',
  (machine, semantics) => {
    const { client, pageSize } = machine;
    const a = client.allocate(2 * pageSize);
    client.store32(a, 1);
    const before = machine.freeFrames;
    const descriptor = IOMemoryDescriptor.withAddressRange(a, 2 * pageSize, kIODirectionIn, client);
    assert.is(descriptor.prepare(inWithoutZeroes), 0);
    assert.is(machine.freeFrames, before - 1);
    descriptor.writeBytes(0, new Uint8Array(2 * pageSize).fill(7));
    assert.is(descriptor.complete(kIODirectionCompleteWithError), 0);
    assert.is(machine.freeFrames, before);
    // The page that was there before keeps what the device wrote.
    assert.equal([client.load8(a), client.load8(a + pageSize)], [7, 0]);
    client.deallocate(a + pageSize, pageSize);
    client.allocate(pageSize, { address: a + pageSize });
    assert.is(descriptor.prepare(inWithoutZeroes), 0);
    descriptor.writeBytes(0, new Uint8Array(2 * pageSize).fill(9));
    assert.is(descriptor.complete(), 0);
    assert.is(client.load8(a + pageSize), semantics === 'xnu' ? 0 : 9);
    descriptor.release();
  },
);

suite.case('C12: whoever touches such a page sleeps until the data is valid', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(pageSize);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, client);
  assert.is(descriptor.prepare(inWithoutZeroes), 0);
  assert.is(descriptor.prepare(), 0);
  const toucher = thread(machine);
  assert.is(toucher.begin(calls.fault, [a, 1]), Status.Blocked);
  assert.throws(() => client.load8(a), /would wait for page 0/);
  descriptor.writeBytes(0, new Uint8Array([5]));
  assert.is(descriptor.complete(kIODirectionCompleteWithDataValid), 0);
  assert.is(toucher.thread.waitingIn, null);
  assert.is(toucher.finish(toucher.step()), Status.Done);
  assert.equal([client.load8(a), machine.isDirty(client, a), machine.wires(client, a)], [5, true, 1]);
  descriptor.complete();
  descriptor.release();
});

suite.case('C12: or until the last complete, whether it failed or not', (machine) => {
  const { client, pageSize } = machine;
  for (const [flag, value] of [
    [0, 5],
    [kIODirectionCompleteWithError, 0],
  ] as const) {
    const a = client.allocate(pageSize);
    const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, client);
    descriptor.prepare(inWithoutZeroes);
    const toucher = new HandDriven(machine, `client.${flag}`, machine.kernelState.tasks[1]!);
    assert.is(toucher.begin(calls.fault, [a, 1]), Status.Blocked);
    descriptor.writeBytes(0, new Uint8Array([5]));
    descriptor.complete(flag);
    assert.is(toucher.finish(toucher.step()), Status.Done);
    assert.is(client.load8(a), value);
    descriptor.release();
  }
});

suite.case('a second descriptor over such a page waits as well, and wires what came', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(pageSize);
  const [one, two] = [0, 1].map(() => IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionOutIn, client));
  one!.prepare(kIODirectionOutIn | kIODirectionPrepareNoZeroFill);
  const other = new HandDriven(machine, 'kernel.2').grant(two!);
  assert.is(other.finish(other.begin(calls.prepare, [two!.id, 0])), Status.Blocked);
  one!.complete();
  assert.is(other.finish(other.step()), Status.Done);
  assert.is(machine.hardware.frames.wires(two!.getPhysicalAddress() / pageSize), 1);
  two!.complete();
  for (const descriptor of [one!, two!]) descriptor.release();
});

suite.case('what is there is not absent: NoZeroFill leaves it alone', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 3);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, client);
  descriptor.prepare(inWithoutZeroes);
  assert.is(client.load32(a), 3);
  descriptor.complete(kIODirectionCompleteWithError);
  assert.is(client.load32(a), 3);
  descriptor.release();
});

suite.case(
  'the task’s death, or unmapping, wakes nobody to a page that is not there, and leaks no frame',
  (machine) => {
    const { client, other, pageSize } = machine;
    const before = machine.freeFrames;
    for (const end of ['unmap', 'death']) {
      const task = end === 'unmap' ? client : other;
      const a = task.allocate(pageSize);
      const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, task);
      descriptor.prepare(inWithoutZeroes);
      const toucher = thread(machine, task.name);
      assert.is(toucher.begin(calls.fault, [a, 1]), Status.Blocked);
      if (end === 'unmap') {
        client.deallocate(a, pageSize);
        assert.is(toucher.finish(toucher.step()), Status.Done);
        assert.is(toucher.result(calls.fault as never), 1);
      } else {
        machine.kill(other);
      }
      assert.is(machine.freeFrames, before - 1);
      descriptor.complete(kIODirectionCompleteWithError);
      descriptor.release();
      assert.is(machine.freeFrames, before);
    }
  },
);

suite.case('DataValid for memory that is volatile, or the kernel’s, is a panic', (machine) => {
  const { client, kernel, pageSize } = machine;
  for (const task of [client, kernel]) {
    const a = task.allocate(pageSize, { purgeable: true });
    const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionIn, task);
    descriptor.prepare(inWithoutZeroes);
    descriptor.prepare();
    if (task === client) descriptor.setPurgeable(kIOMemoryPurgeableVolatile);
    assert.throws(() => descriptor.complete(kIODirectionCompleteWithDataValid), /DataValid/);
    // Nothing was completed.
    for (let left = 2; left > 0; left--) descriptor.complete();
    assert.is(descriptor.getPreparationID(), 0);
    descriptor.release();
  }
});

suite.case('NoFault is not satisfied by a page in swap; the other flags change nothing here', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(pageSize);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionOutIn, client);
  assert.is(descriptor.prepare(kIODirectionPrepareNoFault), kIOReturnNoResources);
  client.store32(a, 1);
  assert.is(descriptor.prepare(kIODirectionPrepareNoFault), 0);
  descriptor.complete();
  for (const flag of [
    kIODirectionPrepareNonCoherent,
    kIODirectionPrepareAvoidThrottling,
    kIODirectionPrepareToPhys32,
  ]) {
    const frame = machine.frameOf(client, a);
    assert.is(descriptor.prepare(flag), 0);
    assert.is(descriptor.getPhysicalAddress(), frame * pageSize);
    descriptor.complete();
  }
  descriptor.release();
});

suite.case(
  'C8: wiring survives unmapping and the task’s death; the frames are nobody else’s until complete',
  (machine) => {
    const { client, other, kernel, pageSize } = machine;
    const before = machine.freeFrames;
    for (const task of [client, other]) {
      const a = task.allocate(2 * pageSize);
      task.store32(a, 11);
      task.store32(a + pageSize, 12);
      const descriptor = IOMemoryDescriptor.withAddressRange(a, 2 * pageSize, kIODirectionOut, task);
      descriptor.prepare();
      const frames = [0, pageSize].map((offset) => descriptor.getPhysicalSegment(offset).address / pageSize);
      if (task === client) client.deallocate(a, 2 * pageSize);
      else machine.kill(other);
      const others = kernel.allocate(machine.freeFrames * pageSize);
      const count = machine.freeFrames;
      for (let page = 0; page < count; page++) {
        kernel.store32(others + page * pageSize, 99);
        assert.not(frames.includes(machine.frameOf(kernel, others + page * pageSize)));
      }
      const bytes = new Uint8Array(4);
      for (const [page, value] of [11, 12].entries()) {
        descriptor.readBytes(page * pageSize, bytes);
        assert.is(bytes[0], value);
      }
      kernel.deallocate(others, count * pageSize);
      descriptor.complete();
      descriptor.release();
      assert.is(machine.freeFrames, before);
    }
  },
);

suite.case('C85: resident and dirty pages of what is mapped; a page that is still to come is neither', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(8 * pageSize);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, 8 * pageSize, kIODirectionOutIn, client);
  assert.is(descriptor.getPageCounts().result, 0xe00002d8);
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  const counts = (): number[] => {
    const { residentPageCount, dirtyPageCount } = descriptor.getPageCounts();
    return [residentPageCount, dirtyPageCount];
  };
  assert.equal(counts(), [0, 0]);
  machine.touch(client, a, 3 * pageSize, true);
  assert.equal(counts(), [3, 3]);
  other.load8(map.getVirtualAddress() + 5 * pageSize);
  assert.equal(counts(), [4, 3]);
  const rest = IOMemoryDescriptor.withAddressRange(a + 6 * pageSize, pageSize, kIODirectionIn, client);
  rest.prepare(inWithoutZeroes);
  assert.equal(counts(), [4, 3]);
  rest.complete();
  assert.equal(counts(), [5, 4]);
  for (const object of [rest, map, descriptor]) object.release();
});

suite.run();

plain('PrepareToPhys32 moves pages below 4 GiB, and refuses those that are wired elsewhere', () => {
  const machine = new TestMachine({ physicalMemory: 8 * 2 ** 30, pageSize: 16384 });
  // What is left to the machine itself lies in the upper half.
  machine.hardware.frames.partition(1);
  machine.enter(machine.kernel, () => {
    const { client, pageSize } = machine;
    const a = client.allocate(2 * pageSize);
    client.store32(a, 1);
    client.store32(a + pageSize, 2);
    assert.ok(machine.frameOf(client, a) * pageSize >= 2 ** 32);
    const free = machine.freeFrames;
    const descriptor = IOMemoryDescriptor.withAddressRange(a, 2 * pageSize, kIODirectionOut, client);
    assert.is(descriptor.prepare(kIODirectionPrepareToPhys32), 0);
    assert.ok(descriptor.getPhysicalSegment(0).address < 2 ** 32);
    assert.ok(descriptor.getPhysicalSegment(pageSize).address < 2 ** 32);
    assert.is(machine.freeFrames, free);
    assert.equal([client.load32(a), client.load32(a + pageSize)], [1, 2]);
    assert.ok(machine.frameOf(client, a) * pageSize < 2 ** 32);
    descriptor.complete();
    const b = client.allocate(pageSize);
    client.store32(b, 3);
    const [one, two] = [0, 1].map(() => IOMemoryDescriptor.withAddressRange(b, pageSize, kIODirectionOut, client));
    assert.is(one!.prepare(), 0);
    assert.is(two!.prepare(kIODirectionPrepareToPhys32), kIOReturnCannotWire);
    one!.complete();
    for (const object of [descriptor, one!, two!]) object.release();
  });
  assert.equal(checkInvariants(machine.kernelState), []);
});

plain.run();
