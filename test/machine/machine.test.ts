// deadline: 300
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Status } from '../../src/kernel/call.ts';
import { calls, callTable } from '../../src/kernel/calls/index.ts';
import { Words } from '../../src/kernel/words.ts';
import { Machine } from '../../src/machine/machine.ts';
import { Slot, SlotState } from '../../src/machine/threads/layout.ts';
import { SlotClient } from '../../src/machine/threads/slot-client.ts';
import { Spin } from '../../src/machine/threads/spin.ts';
import type { TaskClient } from '../../src/machine/threads/task-client.ts';
import { rejection, within } from './support/bounded.ts';
import { shutDown } from './support/shut-down.ts';

const url = new URL('../fixtures/script-task.ts', import.meta.url);
const limit = 120_000;
let machine: Machine;
let a: TaskClient;
let b: TaskClient;

test.before(async () => {
  machine = await within(limit, 'booting', Machine.boot({ physicalMemory: 1 << 20 }));
  [a, b] = await within(
    limit,
    'spawning',
    Promise.all([machine.spawn(url, { name: 'a' }), machine.spawn(url, { name: 'b' })]),
  );
});

test.after(() => within(limit, 'shutting down', shutDown(machine)));

test('bad options are refused by name', async () => {
  const error = await rejection(Machine.boot({ physicalMemory: 12 }));
  assert.instance(error, RangeError);
  assert.match(error.message, /machine\.physicalMemory/);
  assert.match((await rejection(machine.spawn(url, { name: 'a' }))).message, /already/);
  assert.is((await rejection(machine.spawn(new URL('nothing.ts', url), { name: 'nothing' }))).name, 'ScenarioError');
});

test('handles pass between tasks as handles, and are opaque on the main thread', async () => {
  const { address, buffer } = (await a.call('makeBuffer', 4096, 41)) as {
    address: number;
    buffer: { prepare(): void };
  };
  assert.is(await b.call('readFirst', buffer), 41);
  assert.is(await a.call('load', address), 42);
  assert.throws(() => buffer.prepare(), /call it there/);
  const inspection = await machine.inspect();
  assert.is(inspection.descriptors.length, 1);
  assert.is(inspection.maps.length, 0);
  await a.call('release', buffer);
  assert.is((await rejection(b.call('readFirst', buffer))).name, 'HandleError');
});

test('a DMA command copies through its own thread', async () => {
  const { address, buffer } = (await a.call('makeBuffer', 3 * 4096, 41)) as { address: number; buffer: object };
  assert.equal(await b.call('transfer', buffer), [0, 4, 4, 0, 0]);
  assert.is(await a.call('load', address), 42);
  await a.call('release', buffer);
});

test('errors arrive as what they were', async () => {
  const fault = await rejection(a.call('load', 4));
  assert.is(fault.name, 'MemoryFault');
  assert.is((fault as Error & { address: number }).address, 4);
  assert.instance(await rejection(a.call('wrong')), RangeError);
  const syntax = await rejection(a.call('fails'));
  assert.instance(syntax, SyntaxError);
  assert.is((syntax as Error & { code: string }).code, 'E_CODE');
  assert.match((await rejection(a.call('nothing'))).message, /exports no function "nothing"/);
});

test('a call that blocks is answered when another task wakes it; time is real', async () => {
  const received = a.call('receive');
  await b.call('send', 'a', { list: [1, 'two'] });
  assert.equal(await within(limit, 'the message', received), { list: [1, 'two'] });
  const before = (await a.call('sleep', 0)) as number;
  const after = (await within(limit, 'the sleep', a.call('sleep', 3e6))) as number;
  assert.ok(after - before >= 3e6);
  assert.is(await a.call('later'), 'a');
});

test('frames that were freed come back', async () => {
  for (let round = 0; round < 20; round++) {
    const address = (await a.call('allocate', 200 * 4096)) as number;
    await a.call('fill', address, 200 * 4096);
    await a.call('free', address, 200 * 4096);
  }
  assert.ok((await machine.inspect()).frames.free > 240);
});

test('a plain module is loaded as it is, by each task for itself', async () => {
  const plain = new URL('../fixtures/plain-task.mjs', import.meta.url);
  const [one, two] = await within(
    limit,
    'spawning',
    Promise.all([machine.spawn(plain, { name: 'plain' }), machine.spawn(plain, { name: 'plain 2' })]),
  );
  assert.is(await one.call('where'), plain.href);
  assert.equal([await one.call('bump'), await one.call('bump'), await two.call('bump')], [1, 2, 1]);
});

/** A slot that no worker uses, of a thread that the kernel knows: what a task would write into its own. */
async function ownSlot(name: string): Promise<{ client: SlotClient; slot: number }> {
  const task = await within(limit, 'spawning', machine.spawn(url, { name }));
  return { client: new SlotClient(machine.control, task.thread + 1, new Spin(1000)), slot: task.thread + 1 };
}

test('10,000 malformed requests change nothing and stop nothing', async () => {
  const { slot } = await ownSlot('forger');
  const before = await machine.stateHash();
  const { control } = machine;
  const payload = control.payload(slot);
  let state = 12345;
  const random = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 2 ** 31) * n);
  };
  const garbage = [Number.NaN, -1, 0.5, 2 ** 60, -0, Number.POSITIVE_INFINITY, 1e300, 2 ** 31];
  const at = (word: number): number => control.slot(slot, word);
  for (let i = 0; i < 10_000; i++) {
    const kind = i % 4;
    const length = kind === 1 ? [-1, 2 ** 30, payload.length + 1][random(3)]! : 9 + random(20);
    for (let word = 0; word < 40; word++) payload[word] = garbage[random(garbage.length)]!;
    const strange = [-1, -2, -4, -5, -20, -25, callTable.length, 2 ** 31 - 1, -(2 ** 31)][random(9)]!;
    control.words[at(Slot.Call)] = kind === 0 ? strange : random(callTable.length);
    control.words[at(Slot.Length)] = length;
    control.words[at(Slot.Status)] = random(100);
    Atomics.store(control.words, at(Slot.State), kind === 3 && i % 8 === 3 ? 3 + random(100) : SlotState.Request);
    control.ring();
    if (kind === 3 && i % 8 === 3) continue;
    const deadline = Date.now() + 5000;
    while (Atomics.load(control.words, at(Slot.State)) === SlotState.Request)
      assert.ok(Date.now() < deadline, `request ${i} is answered`);
    assert.is(control.words[at(Slot.Status)], Status.Refused, `request ${i} is refused`);
  }
  Atomics.store(control.words, at(Slot.State), SlotState.Free);
  assert.is(await machine.stateHash(), before);
  assert.is(await a.call('later'), 'a');
});

test('10,000 forged or stale handles change nothing and stop nothing', async () => {
  const { client } = await ownSlot('stranger');
  const { buffer } = (await a.call('makeBuffer', 4096, 1)) as { buffer: { id: number } };
  const { buffer: stale } = (await a.call('makeBuffer', 4096, 1)) as { buffer: { id: number } };
  await a.call('release', stale);
  const before = await machine.stateHash();
  const words = new Words();
  for (let i = 0; i < 10_000; i++) {
    words.clear();
    words.put([buffer.id, stale.id, i, i * 2 ** 30 + 1, 2 ** 20 + i][i % 5]!);
    const call = [calls.release, calls.getRetainCount, calls.getLength, calls.prepare][i % 4]!;
    if (call === calls.prepare) words.put(0);
    const status = client.ask(call.number, words);
    // The task's own handle and the kernel's are good; everything else is refused.
    if (status !== Status.Refused) assert.is(call, calls.getRetainCount, `handle ${i}`);
  }
  assert.is(await machine.stateHash(), before);
  assert.is(await a.call('later'), 'a');
});

for (const [how, message] of [
  ['exit', /died/],
  ['throwLater', /died/],
  ['exhaust', /died/],
] as const) {
  test(`a task that dies by ${how} rejects its calls and leaves the machine usable`, async () => {
    const name = `mortal ${how}`;
    const mortal = await within(limit, 'spawning', machine.spawn(url, { name }));
    const other = await within(limit, 'spawning', machine.spawn(url, { name: `${name} 2`, task: mortal }));
    const waiting = other.call('receive');
    waiting.catch(() => {});
    const dying = mortal.call(how);
    if (how === 'throwLater') await dying.catch(() => {});
    else assert.match((await within(limit, 'the death', rejection(dying))).message, message);
    assert.match((await within(limit, 'the other thread', rejection(waiting))).message, message);
    assert.match((await rejection(mortal.call('later'))).message, message);
    const task = (await machine.inspect()).tasks.find((candidate) => candidate.name === name);
    assert.is(task?.alive, false);
    assert.is(await a.call('later'), 'a');
  });
}

test('a task that is ended in a loop, or asleep in the kernel, dies too', async () => {
  const looping = await within(limit, 'spawning', machine.spawn(url, { name: 'looping' }));
  const address = await looping.call('allocate', 4096);
  const loop = looping.call('loop', address);
  setTimeout(() => looping.terminate(), 30);
  assert.match((await within(limit, 'the loop', rejection(loop))).message, /died/);
  const asleep = await within(limit, 'spawning', machine.spawn(url, { name: 'asleep' }));
  const sleeping = asleep.call('receive');
  setTimeout(() => asleep.terminate(), 30);
  assert.match((await within(limit, 'the sleeper', rejection(sleeping))).message, /died/);
  assert.is(await a.call('later'), 'a');
});

test('shutdown ends what is under way, and may be called twice', async () => {
  const small = await within(limit, 'booting', Machine.boot());
  const task = await within(limit, 'spawning', small.spawn(url, { name: 'x' }));
  const waiting = rejection(task.call('receive'));
  await within(limit, 'shutting down', Promise.all([small.shutdown(), small.shutdown()]));
  assert.match((await waiting).message, /shut down/);
  assert.match((await rejection(small.inspect())).message, /shut down/);
  assert.match((await rejection(small.spawn(url, { name: 'y' }))).message, /shut down/);
});

test.run();
