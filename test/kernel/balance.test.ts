/** I10 of the race catalogue: prepare, references and wirings are balanced by whoever made them, under both semantics. */
import * as assert from 'uvu/assert';
import { kIODirectionIn, kIOMemoryThreadSafe } from '../../src/iokit/options.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { Words } from '../../src/kernel/words.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { machineSuite, type TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const { case: it, run } = machineSuite('balance');

function parties(m: TestMachine) {
  const address = m.client.allocate(m.pageSize);
  const request = IOMemoryDescriptor.withAddressRange(
    address,
    m.pageSize,
    kIODirectionIn | kIOMemoryThreadSafe,
    m.client,
  );
  const other = m.kernelState.tasks.find(({ name }) => name === 'other')!;
  const [driver, thief] = [new HandDriven(m, 'driver'), new HandDriven(m, 'thief', other)];
  for (const party of [driver, thief]) party.grant(request);
  const prepare = (who: HandDriven) => assert.is(who.finish(who.begin(calls.prepare, [request.id, 0])), Status.Done);
  const complete = (who: HandDriven) => assert.is(who.finish(who.begin(calls.complete, [request.id, 0])), Status.Done);
  return { request, driver, thief, prepare, complete };
}

it('I10 a task that completes what another one prepared takes it from that one', (m) => {
  const { request, driver, thief, prepare, complete } = parties(m);
  prepare(driver);
  complete(thief);
  assert.equal(m.violations, ['unbalanced']);
  complete(driver);
  assert.equal(m.violations, ['unbalanced', 'unbalanced-complete']);
  request.release();
});

it('I10 who has prepared as often as it completes is silent, whatever others do; the machine’s is anybody’s', (m) => {
  const { request, driver, thief, prepare, complete } = parties(m);
  for (const who of [driver, thief, driver]) prepare(who);
  for (const who of [driver, driver, thief]) complete(who);
  request.prepare();
  complete(thief);
  request.prepare();
  prepare(driver);
  complete(driver);
  complete(driver);
  assert.equal(m.violations, []);
  request.release();
});

it('I10 what a dead task prepared is anybody’s to complete', (m) => {
  const { request, driver, thief, prepare, complete } = parties(m);
  prepare(thief);
  m.kill(m.other);
  complete(driver);
  assert.equal(m.violations, []);
  request.release();
});

it('I10 a reference that the releasing task does not hold is another one’s, or the kernel’s own', (m) => {
  const { request, driver, thief } = parties(m);
  assert.is(thief.begin(calls.release, [request.id]), Status.Done);
  assert.equal(m.violations, [], 'the machine’s is anybody’s');
  const task = m.kernelState.kernelTask.handle;
  for (const who of [driver, thief]) assert.is(who.begin(calls.retain, [task]), Status.Done);
  assert.is(driver.begin(calls.release, [task]), Status.Done);
  assert.equal(m.violations, []);
  assert.is(driver.begin(calls.release, [task]), Status.Done, 'the thief’s');
  assert.equal(m.violations, ['unbalanced']);
  m.kernelState.kernelTask.retain();
  assert.is(driver.begin(calls.release, [task]), Status.Done, 'the kernel’s own');
  assert.equal(m.violations, ['unbalanced', 'unbalanced']);
});

it('I10 a frame is unwired by who wired it', (m) => {
  const { driver, thief } = parties(m);
  const other = new HandDriven(m, 'second driver');
  const frame = m.kernel.kernel.frames.allocate();
  for (const who of [driver, other]) assert.is(who.begin(calls.frameWire, [frame]), Status.Done);
  assert.is(thief.begin(calls.frameUnwire, [frame]), Status.Refused, 'it is not privileged');
  for (const who of [driver, driver]) assert.is(who.begin(calls.frameUnwire, [frame]), Status.Done, 'one task');
  m.kernel.kernel.frames.wire(frame);
  assert.is(driver.begin(calls.frameUnwire, [frame]), Status.Done);
  assert.equal(m.violations, []);
  const privileged = m.kernelState.addThread('system call', m.kernelState.tasks[1]!, false, true);
  assert.is(driver.begin(calls.frameWire, [frame]), Status.Done);
  const words = new Words();
  calls.frameUnwire.parameters[0]!.codec.encode(words, frame, 'frame');
  m.kernelState.begin(privileged, calls.frameUnwire.number, words);
  assert.equal(m.violations, ['unbalanced']);
  m.kernel.kernel.frames.free(frame);
});

run();
