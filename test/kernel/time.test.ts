/** Virtual time and waiting on words, at the kernel (execution.md rules 3, 13, 19). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pteFrameShift, pteRead, pteWrite } from '../../src/hardware/page-table.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { waitResults } from '../../src/kernel/calls/time.ts';
import type { KernelThread } from '../../src/kernel/thread.ts';
import { BareKernel } from '../support/calls.ts';

const test = suite('time and waiting');

/** Puts frame `frame` at `address` of the thread's task. */
function show(bare: BareKernel, thread: KernelThread, address: number, frame: number): void {
  bare.kernel.hardware.tables.set(
    thread.task.space.number,
    address / 4096,
    (frame << pteFrameShift) | pteRead | pteWrite,
  );
}

function woken(bare: BareKernel): string[] {
  return bare.told.filter((line) => line.startsWith('woken')).map((line) => line.slice(6));
}

test('sleepers wake in the order of their deadlines, whoever slept first; ties by number (rule 13)', () => {
  const bare = new BareKernel();
  const threads = ['a', 'b', 'c', 'd'].map((name) => bare.thread(name));
  [30, 10, 20, 10].forEach((time, i) => {
    assert.is(bare.begin(threads[i]!, calls.sleep, time), Status.Blocked);
  });
  const times: number[] = [];
  while (bare.kernel.sleepers.nextDeadline() !== null) {
    bare.kernel.sleepers.expire();
    times.push(bare.kernel.sleepers.time);
  }
  assert.equal(woken(bare), ['b', 'd', 'c', 'a']);
  assert.equal(times, [10, 10, 20, 30]);
  for (const thread of threads) assert.is(bare.kernel.resume(thread), Status.Done);
});

test('time is virtual: it moves to the next deadline and no further, and never back', () => {
  const bare = new BareKernel();
  const a = bare.thread('a');
  assert.is(bare.call(a, calls.now), 0);
  bare.begin(a, calls.sleep, 1e9);
  bare.kernel.sleepers.expire();
  bare.kernel.resume(a);
  assert.is(bare.call(a, calls.now), 1e9);
  bare.kernel.sleepers.advance(5);
  assert.is(bare.call(a, calls.now), 1e9);
  bare.begin(a, calls.sleep, 0);
  bare.kernel.sleepers.expire();
  bare.kernel.resume(a);
  assert.is(bare.call(a, calls.now), 1e9);
  bare.kernel.sleepers.expire();
  assert.is(bare.kernel.sleepers.time, 1e9, 'with nobody asleep nothing happens');
});

test('a sleep without end has no deadline', () => {
  const bare = new BareKernel();
  const a = bare.thread('a');
  bare.begin(a, calls.sleep, Number.POSITIVE_INFINITY);
  assert.is(bare.kernel.sleepers.nextDeadline(), null);
});

test('wait returns at once when the word is another', () => {
  const bare = new BareKernel();
  const a = bare.thread('a');
  show(bare, a, 8192, 5);
  bare.kernel.hardware.memory.store32(5 * 4096 + 4, 7);
  assert.is(waitResults[bare.call(a, calls.atomicWait, 8196, 6, 100)], 'not-equal');
  assert.is(bare.kernel.sleepers.nextDeadline(), null);
});

test('notify wakes the first sleepers of that word, as many as asked, through any address of it (rule 3)', () => {
  const bare = new BareKernel();
  const threads = ['a', 'b', 'c', 'd'].map((name) => bare.thread(name));
  threads.forEach((thread, i) => {
    show(bare, thread, 8192 + i * 4096, 5);
    assert.is(bare.begin(thread, calls.atomicWait, 8192 + i * 4096 + 8, 0, Infinity), Status.Blocked);
  });
  const waker = bare.thread('waker');
  show(bare, waker, 4096, 5);
  show(bare, waker, 40960, 6);
  assert.is(bare.call(waker, calls.atomicNotify, 4096 + 12, Infinity), 0, 'another word');
  assert.is(bare.call(waker, calls.atomicNotify, 40960 + 8, Infinity), 0, 'another page');
  assert.is(bare.call(waker, calls.atomicNotify, 4096 + 8, 0), 0);
  assert.equal(woken(bare), []);
  assert.is(bare.call(waker, calls.atomicNotify, 4096 + 8, 2), 2);
  assert.equal(woken(bare), ['a', 'b']);
  assert.is(bare.call(waker, calls.atomicNotify, 4096 + 8, Infinity), 2);
  assert.equal(woken(bare), ['a', 'b', 'c', 'd']);
  assert.is(bare.call(waker, calls.atomicNotify, 4096 + 8, Infinity), 0);
  for (const thread of threads) {
    assert.is(bare.kernel.resume(thread), Status.Done);
    assert.is(waitResults[bare.result(calls.atomicWait)], 'ok');
    assert.ok(
      bare.told.some((line) => line.startsWith(`acquire ${thread.name}`)),
      'the waker comes before',
    );
  }
});

test('a wait ends by the clock when nobody notifies, and only then', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  for (const thread of [a, b]) show(bare, thread, 8192, 5);
  bare.begin(a, calls.atomicWait, 8192, 0, 50);
  assert.is(bare.kernel.sleepers.nextDeadline(), a);
  bare.kernel.sleepers.expire();
  assert.is(bare.call(b, calls.atomicNotify, 8192, Infinity), 0, 'it is out of the queue');
  assert.is(bare.kernel.resume(a), Status.Done);
  assert.is(waitResults[bare.result(calls.atomicWait)], 'timed-out');
  bare.begin(a, calls.atomicWait, 8192, 0, 50);
  bare.call(b, calls.atomicNotify, 8192, 1);
  assert.is(bare.kernel.sleepers.nextDeadline(), null, 'its deadline is void');
  bare.kernel.resume(a);
  assert.is(waitResults[bare.result(calls.atomicWait)], 'ok');
});

test('addresses that are no words are refused', () => {
  const bare = new BareKernel();
  const a = bare.thread('a');
  show(bare, a, 8192, 5);
  for (const address of [8193, 8194]) {
    assert.is(bare.begin(a, calls.atomicWait, address, 0, 1), Status.Refused);
    assert.is(bare.refusal()[0], 'RangeError');
  }
  for (const address of [4096, 2 ** 47, 2 ** 53]) {
    assert.is(bare.begin(a, calls.atomicWait, BigInt(address), 0, 1), Status.Refused);
    assert.is(bare.refusal()[0], 'MemoryFault');
  }
});

test('sleepers, queues and time are rolled back (rule 19)', () => {
  const bare = new BareKernel();
  const [a, b, c] = [bare.thread('a'), bare.thread('b'), bare.thread('c')];
  for (const thread of [a, b, c]) show(bare, thread, 8192, 5);
  bare.begin(a, calls.atomicWait, 8192, 0, Infinity);
  bare.begin(b, calls.atomicWait, 8192, 0, 70);
  bare.kernel.journal.base();
  for (let round = 0; round < 3; round++) {
    bare.begin(c, calls.sleep, 5);
    bare.kernel.sleepers.expire();
    assert.is(bare.kernel.sleepers.time, 5);
    bare.kernel.resume(c);
    if (round === 0) bare.call(c, calls.atomicNotify, 8192, 2);
    if (round === 1) bare.kernel.sleepers.expire();
    if (round === 2) bare.kernel.killTask(a.task);
    bare.kernel.journal.rollback();
    a.ended = false;
    assert.is(bare.kernel.sleepers.time, 0);
    const queue = a.waitingIn!;
    assert.equal(
      queue.waiters.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.is(b.waitingIn, queue);
    assert.is(bare.kernel.sleepers.nextDeadline(), b);
    assert.is(b.deadline, 70);
    assert.is(c.running, null);
  }
});

test.run();
