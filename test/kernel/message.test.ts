/** Messages at the kernel (execution.md rules 3, 13, 15, 19). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { Words } from '../../src/kernel/words.ts';
import { BareKernel } from '../support/calls.ts';

const test = suite('messages');
const value = (...words: number[]): Float64Array => Float64Array.from(words);

test('are received in the order in which they were sent', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  for (const word of [1, 2, 3]) bare.call(a, calls.send, 'b', value(word), []);
  assert.equal(
    [1, 2, 3].map(() => [...bare.call(b, calls.receive)]),
    [[1], [2], [3]],
  );
});

test('an empty mailbox blocks; a message wakes one receiver and orders it behind the sender (rule 3)', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  assert.is(bare.begin(b, calls.receive), Status.Blocked);
  assert.is(b.waitingIn, b.mailbox);
  bare.call(a, calls.send, 'b', value(7), []);
  assert.ok(bare.told.includes('woken b'));
  assert.is(b.waitingIn, null);
  assert.is(bare.kernel.resume(b), Status.Done);
  assert.equal([...bare.result(calls.receive)], [7]);
  const released = bare.told.filter((line) => line.startsWith('release a'));
  assert.ok(
    released.some((line) => bare.told.includes(line.replace('release a', 'acquire b'))),
    bare.told.join(),
  );
});

test('a thread that is in a call can make no other one', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  bare.begin(b, calls.receive);
  assert.is(bare.begin(b, calls.now), Status.Refused);
  assert.match(bare.refusal()[1], /b is in receive still/);
  bare.call(a, calls.send, 'b', value(1), []);
  assert.is(bare.kernel.resume(b), Status.Done, 'the call under way is unharmed');
  assert.is(bare.kernel.resume(b), Status.Refused, 'and it is in none now');
});

test('an unknown receiver is refused by name, and a thread may send to itself', () => {
  const bare = new BareKernel();
  const a = bare.thread('a');
  assert.is(bare.begin(a, calls.send, 'nobody', value(1), []), Status.Refused);
  assert.equal(bare.refusal(), ['RangeError', 'send: there is no thread "nobody"; there are a']);
  bare.call(a, calls.send, 'a', value(5), []);
  assert.equal([...bare.call(a, calls.receive)], [5]);
});

test('a handle that travels gives the receiver a right and a reference of its own (rule 15)', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  const id = bare.call(a, calls.memoryObject, 4096);
  const object = bare.kernel.handles.lookup(id, 'MemoryObject', a);
  assert.is(bare.begin(b, calls.retain, id), Status.Refused, 'foreign before');
  bare.call(a, calls.send, 'b', value(1), [id]);
  assert.is(object.references, 2, 'the message holds one');
  assert.equal(checkInvariants(bare.kernel), []);
  bare.call(a, calls.release, id);
  assert.is(bare.begin(b, calls.retain, id), Status.Refused, 'foreign until received');
  bare.call(b, calls.receive);
  assert.is(object.references, 1);
  assert.equal(
    [...bare.kernel.handles.held(b.holder)].map(([, count]) => count),
    [1],
  );
  assert.equal(checkInvariants(bare.kernel), []);
  bare.call(b, calls.release, id);
  assert.equal(
    [...bare.kernel.handles.objects()].filter(({ kind }) => kind === 'MemoryObject'),
    [],
  );
});

test('a message with a bad handle is refused whole: nothing was retained, nothing was sent', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  const id = bare.call(a, calls.memoryObject, 4096);
  const object = bare.kernel.handles.lookup(id, 'MemoryObject', a);
  assert.is(bare.begin(a, calls.send, 'b', value(1), [id, id + 1]), Status.Refused);
  assert.is(bare.refusal()[0], 'HandleError');
  assert.is(object.references, 1);
  assert.is(b.messages.length, 0);
});

test('one handle twice in a message is two references', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  const id = bare.call(a, calls.memoryObject, 4096);
  bare.call(a, calls.send, 'b', value(1), [id, id]);
  bare.call(b, calls.receive);
  assert.equal(
    [...bare.kernel.handles.held(b.holder)].map(([, count]) => count),
    [2],
  );
  assert.equal(checkInvariants(bare.kernel), []);
});

test('an undelivered message releases what it carries when its receiver ends; later ones go nowhere (rule 15)', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  const id = bare.call(a, calls.memoryObject, 4096);
  const object = bare.kernel.handles.lookup(id, 'MemoryObject', a);
  bare.call(a, calls.send, 'b', value(1), [id]);
  bare.kernel.endThread(b);
  assert.is(object.references, 1);
  bare.call(a, calls.send, 'b', value(2), [id]);
  assert.is(object.references, 1);
  assert.is(b.messages.length, 0);
  assert.equal(checkInvariants(bare.kernel), []);
});

test('a rollback brings every message back in its order, those of a thread that ended too (rule 19)', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  const id = bare.call(a, calls.memoryObject, 4096);
  for (const word of [1, 2, 3]) bare.call(a, calls.send, 'b', value(word), [id]);
  const { journal } = bare.kernel;
  journal.base();
  const order = () => b.messages.map(({ words }) => words[0]);
  bare.call(b, calls.receive);
  bare.call(a, calls.send, 'b', value(4), [id]);
  journal.rollback();
  assert.equal(order(), [1, 2, 3]);
  bare.call(a, calls.send, 'b', value(4), []);
  bare.kernel.endThread(b);
  assert.equal(order(), []);
  journal.rollback();
  b.ended = false;
  assert.equal(order(), [1, 2, 3]);
  bare.kernel.killTask(b.task);
  journal.rollback();
  b.ended = false;
  assert.equal(order(), [1, 2, 3]);
  assert.is(bare.kernel.handles.lookup(id, null, a).references, 4);
});

test('a receiver that ends while it waits is in no queue any more', () => {
  const bare = new BareKernel();
  const [a, b] = [bare.thread('a'), bare.thread('b')];
  bare.kernel.journal.base();
  bare.begin(b, calls.receive);
  bare.kernel.endThread(b);
  assert.equal(b.mailbox.waiters, []);
  assert.is(b.running, null);
  bare.kernel.journal.rollback();
  assert.equal(b.mailbox.waiters, []);
  b.ended = false;
  bare.call(a, calls.send, 'b', value(9), []);
  assert.equal([...bare.call(b, calls.receive)], [9]);
});

test('requests that are no encoding are refused and change nothing', () => {
  const bare = new BareKernel();
  const a = bare.thread('a');
  for (const number of [-1, 0.5, 10_000, Number.NaN])
    assert.is(bare.kernel.begin(a, number, new Words()), Status.Refused);
  const tooMany = new Words();
  tooMany.put(1);
  assert.is(bare.kernel.begin(a, calls.now.number, tooMany), Status.Refused);
  assert.match(bare.refusal()[1], /1 words too many/);
  assert.is(bare.kernel.begin(a, calls.retain.number, new Words()), Status.Refused);
});

test.run();
