/** I/O Kit's locks as the kernel keeps them: who holds them, who waits, and what breaks their rules (IOLocks.h). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { text } from '../../src/kernel/wire.ts';
import { BareKernel } from '../support/calls.ts';

const test = suite('locks');

function bare() {
  const k = new BareKernel();
  const task = k.kernel.addTask('kernel driver');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => k.thread(name, task));
  const panic = (status: number) => {
    assert.is(status, Status.Panicked);
    k.kernel.reply.at = 0;
    return text.decode(k.kernel.reply);
  };
  const end = () => assert.equal(checkInvariants(k.kernel), []);
  return { k, a: a!, b: b!, c: c!, panic, end };
}

test('a mutex: the second waits for the first, and takes over what it did', () => {
  const { k, a, b, c, end } = bare();
  const id = k.call(a, calls.lockAlloc, 'queue');
  k.told.length = 0;
  k.call(a, calls.lock, id);
  assert.is(k.begin(b, calls.lock, id), Status.Blocked);
  assert.is(b.waitingIn!.subject, 'the IOLock "queue"');
  assert.is(b.waitingIn!.holders[0], a);
  assert.is(k.call(c, calls.tryLock, id), false);
  k.call(a, calls.unlock, id);
  assert.is(k.kernel.resume(b), Status.Done);
  assert.equal(k.told, ['acquire a 1', 'release a 1', 'woken b', 'acquire b 1']);
  k.call(b, calls.unlock, id);
  assert.is(k.call(c, calls.tryLock, id), true);
  k.call(c, calls.unlock, id);
  k.call(a, calls.lockFree, id);
  end();
});

test('one that was woken may find that another was faster, and a dead one hands its wakeup on', () => {
  const { k, a, b, c, end } = bare();
  const id = k.call(a, calls.lockAlloc, '');
  k.call(a, calls.lock, id);
  assert.is(k.begin(b, calls.lock, id), Status.Blocked);
  assert.is(k.begin(c, calls.lock, id), Status.Blocked);
  k.call(a, calls.unlock, id);
  assert.is(b.waitingIn, null);
  k.kernel.endThread(b);
  assert.is(c.waitingIn, null, 'c was woken in its place');
  k.call(a, calls.lock, id);
  assert.is(k.kernel.resume(c), Status.Blocked);
  k.call(a, calls.unlock, id);
  assert.is(k.kernel.resume(c), Status.Done);
  k.call(c, calls.unlock, id);
  end();
});

test('misuse panics: not the owner, nobody, freed while held or waited for', () => {
  const { k, a, b, panic } = bare();
  const id = k.call(a, calls.lockAlloc, 'l');
  assert.match(panic(k.begin(a, calls.unlock, id)), 'the IOLock "l" is unlocked by a, but nobody holds it');
  k.call(a, calls.lock, id);
  assert.match(panic(k.begin(b, calls.unlock, id)), 'is unlocked by b, but a holds it');
  assert.match(panic(k.begin(b, calls.lockSleep, id, 1, Number.POSITIVE_INFINITY, 0)), 'is slept on by b');
  assert.match(panic(k.begin(a, calls.lockFree, id)), 'is freed while a holds it');
  assert.is(k.begin(b, calls.lock, id), Status.Blocked);
  k.call(a, calls.unlock, id);
  const other = k.call(a, calls.rwAlloc, 'rw');
  assert.match(panic(k.begin(a, calls.rwUnlock, other)), 'the IORWLock "rw" is unlocked by a, which does not hold it');
  const spin = k.call(a, calls.simpleAlloc, 's');
  assert.match(panic(k.begin(a, calls.simpleUnlock, spin)), 'nobody holds it');
});

test('a handle of another class is refused and changes nothing', () => {
  const { k, a } = bare();
  const id = k.call(a, calls.rwAlloc, 'rw');
  const before = stateHash(k.kernel);
  assert.is(k.begin(a, calls.lock, id), Status.Refused);
  assert.match(k.refusal()[1], 'names a IORWLock, not a IOLock');
  assert.is(k.begin(a, calls.lockFree, a.task.handle), Status.Refused);
  assert.is(stateHash(k.kernel), before);
});

test('a recursive lock is free once it was given back as often, and is slept on whole', () => {
  const { k, a, b, end } = bare();
  const id = k.call(a, calls.recursiveAlloc, '');
  k.call(a, calls.recursiveLock, id);
  assert.is(k.call(a, calls.recursiveTryLock, id), true);
  assert.is(k.call(a, calls.recursiveHaveLock, id), true);
  assert.is(k.call(b, calls.recursiveHaveLock, id), false);
  assert.is(k.call(b, calls.recursiveTryLock, id), false);
  assert.is(k.begin(a, calls.recursiveSleep, id, 7, Number.POSITIVE_INFINITY, 0), Status.Blocked);
  assert.is(k.call(b, calls.recursiveTryLock, id), true);
  k.call(b, calls.wakeup, 7, true);
  assert.is(k.kernel.resume(a), Status.Blocked, 'b has it');
  k.call(b, calls.recursiveUnlock, id);
  assert.is(k.kernel.resume(a), Status.Done);
  assert.is(k.result(calls.recursiveSleep), 0);
  k.call(a, calls.recursiveUnlock, id);
  assert.is(k.call(b, calls.recursiveTryLock, id), false);
  k.call(a, calls.recursiveUnlock, id);
  assert.is(k.call(b, calls.recursiveTryLock, id), true);
  k.call(b, calls.recursiveUnlock, id);
  end();
});

test('a sleep with a deadline ends by the clock; a wakeup that nobody waits for is lost', () => {
  const { k, a, b, end } = bare();
  const id = k.call(a, calls.lockAlloc, '');
  k.call(b, calls.wakeup, 7, false);
  k.call(a, calls.lock, id);
  assert.is(k.begin(a, calls.lockSleep, id, 7, 100, 0), Status.Blocked);
  k.kernel.sleepers.expire();
  assert.is(k.kernel.sleepers.time, 100);
  assert.is(k.kernel.resume(a), Status.Done);
  assert.is(k.result(calls.lockSleep), 1);
  k.call(a, calls.unlock, id);
  end();
});

test('wakeup wakes one or all', () => {
  const { k, a, b, c, end } = bare();
  const id = k.call(a, calls.lockAlloc, '');
  for (const thread of [a, b]) {
    k.call(thread, calls.lock, id);
    assert.is(k.begin(thread, calls.lockSleep, id, 7, Number.POSITIVE_INFINITY, 0), Status.Blocked);
  }
  k.call(c, calls.wakeup, 7, true);
  assert.equal([a.waitingIn === null, b.waitingIn === null], [true, false]);
  k.call(c, calls.wakeup, 7, false);
  assert.is(b.waitingIn, null);
  for (const thread of [a, b]) {
    assert.is(k.kernel.resume(thread), Status.Done);
    k.call(thread, calls.unlock, id);
  }
  end();
});

test('readers share, a waiting writer keeps new readers out, and readers are no past of readers', () => {
  const { k, a, b, c, end } = bare();
  const id = k.call(a, calls.rwAlloc, 'table');
  k.call(a, calls.lockRead, id);
  k.call(b, calls.lockRead, id);
  assert.is(k.begin(c, calls.lockWrite, id), Status.Blocked);
  assert.is(c.waitingIn!.subject, 'the IORWLock "table"\'s readers');
  assert.is(c.waitingIn!.holders.length, 2);
  k.told.length = 0;
  k.call(a, calls.rwUnlock, id);
  assert.is(k.begin(a, calls.lockRead, id), Status.Blocked, 'the writer comes first');
  k.call(b, calls.rwUnlock, id);
  assert.is(k.kernel.resume(c), Status.Done);
  assert.equal(k.told, ['release a 2', 'release b 2', 'woken c', 'acquire c 1', 'acquire c 2']);
  k.call(c, calls.rwUnlock, id);
  assert.is(k.kernel.resume(a), Status.Done);
  k.call(a, calls.rwUnlock, id);
  assert.equal(k.told.slice(5), ['release c 1', 'woken a', 'acquire a 1', 'release a 2']);
  end();
});

test('a writer that dies while it waits lets readers in again', () => {
  const { k, a, b, c, end } = bare();
  const id = k.call(a, calls.rwAlloc, '');
  k.call(a, calls.lockRead, id);
  assert.is(k.begin(b, calls.lockWrite, id), Status.Blocked);
  assert.is(k.begin(c, calls.lockRead, id), Status.Blocked);
  k.kernel.endThread(b);
  assert.is(k.kernel.resume(c), Status.Done);
  for (const thread of [a, c]) k.call(thread, calls.rwUnlock, id);
  end();
});

test('sleeping with a spin lock in hand panics; waiting for another spin lock does not', () => {
  const { k, a, b, panic } = bare();
  const spin = k.call(a, calls.simpleAlloc, 'spin');
  const other = k.call(a, calls.simpleAlloc, 'other');
  k.call(a, calls.simpleLock, spin);
  k.call(b, calls.simpleLock, other);
  assert.is(k.begin(a, calls.simpleLock, other), Status.Blocked);
  k.call(b, calls.simpleUnlock, other);
  assert.is(k.kernel.resume(a), Status.Done);
  assert.match(
    panic(k.begin(a, calls.receive)),
    'a sleeps until a message to a while it holds the IOSimpleLock "spin"',
  );
  assert.equal([a.running, a.waitingIn], [null, null]);
});

test('every change is rolled back', () => {
  const { k, a, b, c } = bare();
  const id = k.call(a, calls.rwAlloc, '');
  const mutex = k.call(a, calls.lockAlloc, '');
  k.kernel.journal.base();
  const before = stateHash(k.kernel);
  k.call(a, calls.lockRead, id);
  assert.is(k.begin(b, calls.lockWrite, id), Status.Blocked);
  k.call(a, calls.lock, mutex);
  assert.is(k.begin(c, calls.lock, mutex), Status.Blocked);
  k.call(a, calls.rwUnlock, id);
  assert.is(k.kernel.resume(b), Status.Done);
  assert.is(k.begin(a, calls.lockSleep, mutex, 3, 50, 0), Status.Blocked);
  assert.is(k.kernel.resume(c), Status.Done);
  assert.is.not(stateHash(k.kernel), before);
  k.kernel.journal.rollback();
  assert.is(stateHash(k.kernel), before);
  assert.equal(checkInvariants(k.kernel), []);
});

test.run();
