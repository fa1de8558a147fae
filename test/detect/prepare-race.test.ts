/** api.md: unsynchronised prepare and complete on a descriptor without kIOMemoryThreadSafe. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { actorsNamed, scan, stories, TraceWriter } from './support/traces.ts';

const actors = actorsNamed('kernel.a', 'kernel.b', 'client');

test('two unordered calls on one descriptor fail, also between tasks', () => {
  const record = new TraceWriter(actors);
  record.prepare(0, 5);
  record.prepare(1, 5);
  assert.equal(stories(record), ['prepare-race fail: kernel.a.0 first call, kernel.b.0 second call']);
  assert.match(scan(record).findings[0]!.message, 'kernel.a and kernel.b prepare or complete descriptor 0x5');
  const between = new TraceWriter(actors);
  between.prepare(0, 5);
  between.prepare(2, 5);
  assert.equal(stories(between), ['prepare-race fail: kernel.a.0 first call, client.0 second call']);
});

test('the marks are the steps of the calls', () => {
  const record = new TraceWriter(actors);
  const steps = [record.prepare(0, 5), record.prepare(1, 5)];
  assert.equal(
    scan(record).findings[0]!.marks.map((mark) => mark.at),
    steps,
  );
});

test('a lock around them orders them', () => {
  const record = new TraceWriter(actors);
  for (const thread of [0, 1]) {
    record.acquire(thread, 9);
    record.prepare(thread, 5);
    record.prepare(thread, 5);
    record.release(thread, 9);
  }
  assert.equal(stories(record), []);
});

test('different descriptors, of any handle, do not race; nor does a descriptor with memory', () => {
  const record = new TraceWriter(actors);
  record.prepare(0, 5);
  record.prepare(1, 6);
  // The same slot in its next generation.
  record.prepare(2, 5 + 2 ** 30);
  record.prepare(0, 5 + 2 ** 32);
  record.store(1, 40);
  assert.equal(stories(record), []);
});

test('it does not depend on data-race, and can be off itself', () => {
  const record = new TraceWriter(actors);
  record.prepare(0, 5);
  record.prepare(1, 5);
  record.store(0, 64);
  record.store(1, 64);
  assert.equal(stories(record, { 'data-race': 'off' }), [
    'prepare-race fail: kernel.a.0 first call, kernel.b.0 second call',
  ]);
  assert.equal(stories(record, { 'prepare-race': 'off' }), ['data-race fail: kernel.a.1 store, kernel.b.1 store']);
  assert.equal(stories(record, { 'data-race': 'off', 'prepare-race': 'off' }), []);
});

test.run();
