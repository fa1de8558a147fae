/** Devices as the kernel keeps them: interrupts stay pending, idle means that nothing is left to do. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { BareKernel } from '../support/calls.ts';

const test = suite('devices');

function bare() {
  const k = new BareKernel();
  const driver = k.thread('driver');
  const disk = k.thread('disk', k.kernel.addTask('disk', true));
  k.told.length = 0;
  return { k, driver, disk };
}

const doorbell = (k: BareKernel, from: ReturnType<typeof bare>['driver'], handles: number[] = []) =>
  k.begin(from, calls.send, 'disk', new Float64Array([1]), handles);

test('interrupts stay pending, are counted, and order', () => {
  const { k, driver, disk } = bare();
  k.call(disk, calls.interrupt, 'done');
  k.call(disk, calls.interrupt, 'done');
  assert.is(k.call(driver, calls.waitInterrupt, 'done'), 2);
  assert.equal(k.told, ['release disk 2', 'release disk 2', 'acquire driver 2']);
  assert.is(k.begin(driver, calls.waitInterrupt, 'done'), Status.Blocked);
  assert.is(driver.waitingIn!.subject, 'the interrupt "done"');
  k.call(disk, calls.interrupt, 'other');
  assert.is(driver.waitingIn === null, false);
  k.call(disk, calls.interrupt, 'done');
  assert.is(k.kernel.resume(driver), Status.Done);
  assert.is(k.result(calls.waitInterrupt), 1);
});

test('only devices raise interrupts, and they make no other calls of tasks', () => {
  const { k, driver, disk } = bare();
  const before = stateHash(k.kernel);
  assert.is(k.begin(driver, calls.interrupt, 'done'), Status.Refused);
  assert.equal(k.refusal(), ['RangeError', 'interrupt: driver is no device']);
  assert.is(k.begin(disk, calls.allocate, 4096, 0, true, 3), Status.Refused);
  assert.match(k.refusal()[1], 'disk is a device: allocate is for tasks');
  assert.is(doorbell(k, driver, [driver.task.handle]), Status.Refused);
  assert.match(k.refusal()[1], 'understands addresses and no handles');
  assert.is(k.begin(driver, calls.stopDevice, 'drum'), Status.Refused);
  assert.match(k.refusal()[1], 'there is no device "drum"; there are disk');
  assert.is(stateHash(k.kernel), before);
});

test('a device is idle when it waits and nothing is left for it', () => {
  const { k, driver, disk } = bare();
  assert.is(k.begin(driver, calls.stopDevice, 'disk'), Status.Blocked, 'it has not begun');
  assert.is(k.begin(disk, calls.receive), Status.Blocked);
  assert.is(k.kernel.resume(driver), Status.Done);
  assert.is(doorbell(k, driver), Status.Done);
  assert.is(k.begin(driver, calls.stopDevice, 'disk'), Status.Blocked, 'it has something to do');
  assert.is(k.kernel.resume(disk), Status.Done);
  assert.is(driver.waitingIn === null, false, 'it is doing it');
  k.told.length = 0;
  assert.is(k.begin(disk, calls.receive), Status.Blocked);
  assert.is(k.kernel.resume(driver), Status.Done);
  assert.equal(k.told.at(0), 'release disk 1');
  assert.equal(k.told.at(-1), 'acquire driver 1');
  assert.equal(checkInvariants(k.kernel), []);
});

test('one that ends, or dies, is idle for good', () => {
  const { k, driver, disk } = bare();
  assert.is(k.begin(driver, calls.stopDevice, 'disk'), Status.Blocked);
  k.kernel.killTask(disk.task);
  assert.is(k.kernel.resume(driver), Status.Done);
  k.call(driver, calls.stopDevice, 'disk');
  assert.equal(checkInvariants(k.kernel), []);
});

test('every change is rolled back', () => {
  const { k, driver, disk } = bare();
  k.kernel.journal.base();
  const before = stateHash(k.kernel);
  k.call(disk, calls.interrupt, 'done');
  assert.is(k.begin(driver, calls.stopDevice, 'disk'), Status.Blocked);
  assert.is(k.begin(disk, calls.receive), Status.Blocked);
  assert.is(k.kernel.resume(driver), Status.Done);
  assert.is(k.call(driver, calls.waitInterrupt, 'done'), 1);
  assert.is.not(stateHash(k.kernel), before);
  k.kernel.journal.rollback();
  assert.is(stateHash(k.kernel), before);
});

test.run();
