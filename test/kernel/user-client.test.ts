/** User clients among threads: the last right of the owning task closes them, also under a map that is being made (1.13). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMapAnywhere, kIOMemoryTypeVirtual } from '../../src/iokit/options.ts';
import { kIOReturnBadArgument } from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { BareKernel } from '../support/calls.ts';

const test = suite('user clients');

/** The driver's connection to `client`, which has received it; memory under type 0. */
function connected() {
  const k = new BareKernel();
  const driver = k.thread('kernel.driver', k.kernel.kernelTask);
  const client = k.thread('client');
  const address = k.call(driver, calls.allocate, 4096, 0, true, 3);
  const owner = k.kernel.handles.grant(client.task, driver);
  const kernel = k.kernel.kernelTask.handle;
  const options = kIODirectionOutIn | kIOMemoryTypeVirtual;
  const md = k.call(driver, calls.withOptions, [{ address, length: 4096 }], kernel, options);
  const connect = k.call(driver, calls.userClientWithTask, owner);
  k.call(driver, calls.clientMemoryForType, connect, 0, md, 0);
  k.call(driver, calls.release, md);
  k.call(driver, calls.send, 'client', new Float64Array([1]), [connect]);
  k.call(client, calls.receive);
  return { k, driver, client, connect, self: client.task.handle };
}

test('the last right of the owning task closes it; the driver’s is no matter', () => {
  const { k, driver, client, connect, self } = connected();
  const map = k.call(client, calls.mapClientMemory64, connect, 0, self, kIOMapAnywhere, 0);
  k.call(client, calls.retain, connect);
  k.call(client, calls.release, connect);
  assert.is(k.call(client, calls.getMapLength, map), 4096, 'one right is left');
  k.call(client, calls.release, connect);
  assert.is(k.begin(client, calls.getMapLength, map), Status.Refused);
  assert.match(k.refusal()[1], 'named a IOMemoryMap that client released');
  assert.is(k.call(driver, calls.mapClientMemory64, connect, 0, self, kIOMapAnywhere, 0), 0);
  k.call(driver, calls.release, connect);
  assert.equal(checkInvariants(k.kernel), []);
  assert.is(k.kernel.iokit.userClients.size, 0);
});

test('one that is closed while a map of it waits for the map lock makes none', () => {
  const { k, driver, client, connect, self } = connected();
  assert.ok(client.task.space.lock.take(driver).next().done);
  assert.is(k.begin(client, calls.mapClientMemory64, connect, 0, self, kIOMapAnywhere, 0), Status.Blocked);
  k.call(driver, calls.clientClose, connect);
  k.call(driver, calls.release, connect);
  client.task.space.lock.release(driver);
  assert.is(k.kernel.resume(client), Status.Done);
  assert.is(k.result(calls.mapClientMemory64), 0);
  k.call(client, calls.release, connect);
  assert.is(k.kernel.iokit.userClients.size, 0);
  assert.equal(checkInvariants(k.kernel), []);
});

test('tasks that die leave no right behind', () => {
  const { k, driver, client, connect, self } = connected();
  const map = k.call(client, calls.mapClientMemory64, connect, 0, self, kIOMapAnywhere, 0);
  k.kernel.killTask(client.task);
  assert.is(k.begin(driver, calls.getMapLength, map), Status.Refused);
  assert.is(k.call(driver, calls.unmapClientMemory, connect, 0, self, 0), kIOReturnBadArgument);
  k.call(driver, calls.release, connect);
  assert.equal(checkInvariants(k.kernel), []);
});

test.run();
