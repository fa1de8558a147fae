/** execution.md, rules 3 and 9: which accesses race, on physical bytes, and at which level. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Detectors } from '../../src/detect/detectors.ts';
import { Kind } from '../../src/kernel/trace.ts';
import { actorsNamed, scan, stories, TraceWriter, virtualBase } from './support/traces.ts';

const threads = actorsNamed('app.0', 'app.1', 'app.2');
const tasks = actorsNamed('a', 'b');

test('an unordered store and load of two threads of one task fail', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.load(1, 64);
  const { findings, failed } = scan(record);
  assert.is(failed, true);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.1.0 load']);
  assert.is(
    findings[0]!.message,
    'app.0 (store of 4 bytes at 0x100000040) and app.1 (load of 4 bytes at 0x100000040) touch the same memory and nothing orders them',
  );
});

test('marks are in trace order, the key is the same either way', () => {
  const one = new TraceWriter(threads);
  one.store(0, 64);
  one.load(1, 64);
  const other = new TraceWriter(threads);
  other.load(1, 64);
  other.store(0, 64);
  assert.equal(stories(other), ['data-race fail: app.1.0 load, app.0.0 store']);
  assert.is(scan(one).findings[0]!.key, scan(other).findings[0]!.key);
});

test('between tasks a race is a note and fails nothing', () => {
  const record = new TraceWriter(tasks);
  record.store(0, 64);
  record.store(1, 64);
  assert.equal(stories(record), ['data-race note: a.0 store, b.0 store']);
  assert.is(scan(record).failed, false);
});

test('a setting decides for threads and tasks alike', () => {
  for (const actors of [threads, tasks]) {
    const record = new TraceWriter(actors);
    record.store(0, 64);
    record.load(1, 64);
    for (const level of ['fail', 'note'] as const) {
      const { findings, failed } = scan(record, { 'data-race': level });
      assert.equal(
        findings.map((finding) => finding.level),
        [level],
      );
      assert.is(failed, level === 'fail');
    }
    assert.equal(scan(record, { 'data-race': 'off' }), { findings: [], failed: false });
  }
});

test('loads do not race with loads, nor an actor with itself', () => {
  const record = new TraceWriter(threads);
  record.load(0, 64);
  record.load(1, 64);
  record.store(2, 128);
  record.load(2, 128);
  assert.equal(stories(record), []);
});

test('a release and an acquire of the same key order, of another key do not', () => {
  const passed = (key: number): TraceWriter => {
    const record = new TraceWriter(threads);
    record.store(0, 64);
    record.release(0, 7);
    record.acquire(1, key);
    record.store(1, 64);
    return record;
  };
  assert.equal(stories(passed(7)), []);
  assert.equal(stories(passed(8)), ['data-race fail: app.0.0 store, app.1.0 store']);
});

test('what follows a release is not ordered by it', () => {
  const record = new TraceWriter(threads);
  record.release(0, 7);
  record.store(0, 64);
  record.acquire(1, 7);
  record.load(1, 64);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.1.0 load']);
});

test('order passes through a third thread', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.release(0, 7);
  record.acquire(1, 7);
  record.release(1, 8);
  record.acquire(2, 8);
  record.store(2, 64);
  assert.equal(stories(record), []);
});

test('both readers hand their past on under one key', () => {
  const record = new TraceWriter(threads);
  record.load(0, 64);
  record.release(0, 7);
  record.load(1, 64);
  record.release(1, 7);
  record.acquire(2, 7);
  record.store(2, 64);
  assert.equal(stories(record), []);
});

test('a kernel call orders nothing', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.call(0);
  record.call(1);
  record.store(1, 64);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.1.1 store']);
});

test('a flag that is stored and loaded atomically orders what came before it', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.atomic(Kind.AtomicStore, 0, 128, 0, 1);
  record.atomic(Kind.AtomicLoad, 1, 128, 1);
  record.load(1, 64);
  assert.equal(stories(record), []);
});

test('an atomic load of another word orders nothing', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.atomic(Kind.AtomicStore, 0, 128, 0, 1);
  record.atomic(Kind.AtomicLoad, 1, 132, 1);
  record.load(1, 64);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.1.1 load']);
});

test('a load comes after the atomic store that it read from, not after one that was overwritten', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.atomic(Kind.AtomicStore, 0, 128, 0, 1);
  record.atomic(Kind.AtomicStore, 1, 128, 1, 2);
  record.atomic(Kind.AtomicLoad, 2, 128, 2);
  record.load(2, 64);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.2.1 load']);
});

test('an atomic that also reads hands on what it read', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.atomic(Kind.AtomicStore, 0, 128, 0, 1);
  record.atomic(Kind.AtomicAdd, 1, 128, 1, 1);
  record.atomic(Kind.AtomicLoad, 2, 128, 2);
  record.load(2, 64);
  assert.equal(stories(record), []);
});

test('a compareExchange that succeeds releases, one that fails only acquires', () => {
  const handedOn = (before: number): TraceWriter => {
    const record = new TraceWriter(threads);
    record.store(0, 64);
    record.atomic(Kind.AtomicCompareExchange, 0, 128, before, 1, 0);
    record.atomic(Kind.AtomicLoad, 1, 128, 1);
    record.load(1, 64);
    return record;
  };
  assert.equal(stories(handedOn(0)), []);
  assert.equal(stories(handedOn(5)), ['data-race fail: app.0.0 store, app.1.1 load']);
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.atomic(Kind.AtomicStore, 0, 128, 0, 1);
  record.atomic(Kind.AtomicCompareExchange, 1, 128, 1, 2, 0);
  record.load(1, 64);
  assert.equal(stories(record), []);
});

test('atomics do not race with atomics, but with plain accesses; a failed compareExchange is a load', () => {
  const record = new TraceWriter(threads);
  record.atomic(Kind.AtomicAdd, 0, 64, 0, 1);
  record.atomic(Kind.AtomicStore, 1, 64, 1, 1);
  record.load(2, 64);
  assert.equal(stories(record), [
    'data-race fail: app.1.0 atomic store, app.2.0 load',
    'data-race fail: app.0.0 atomic store, app.2.0 load',
  ]);
  const failing = new TraceWriter(threads);
  failing.load(1, 64);
  failing.atomic(Kind.AtomicCompareExchange, 0, 64, 3, 1, 0);
  assert.equal(stories(failing), []);
  failing.store(2, 64);
  assert.equal(stories(failing), [
    'data-race fail: app.0.0 atomic load, app.2.0 store',
    'data-race fail: app.1.0 load, app.2.0 store',
  ]);
});

test('accesses race where they share a byte: neighbours do not, unaligned and wider ones do', () => {
  const pair = (one: [number, number], other: [number, number]): string[] => {
    const record = new TraceWriter(threads);
    record.store(0, ...one);
    record.load(1, ...other);
    return stories(record);
  };
  assert.is(pair([64, 1], [65, 1]).length, 0);
  assert.is(pair([64, 4], [68, 4]).length, 0);
  assert.is(pair([67, 1], [64, 8]).length, 1);
  assert.is(pair([64, 8], [71, 1]).length, 1);
  assert.is(pair([64, 8], [72, 1]).length, 0);
  // Both cross the edge of eight bytes; the pair is one finding.
  assert.is(pair([70, 4], [69, 8]).length, 1);
  assert.is(pair([62, 8], [69, 8]).length, 1);
});

test('a scalar across a page edge touches both pages', () => {
  const record = new TraceWriter(threads);
  record.split(Kind.Store32, 0, 4094, 0x8000, 4);
  record.load(1, 4096);
  assert.equal(stories(record), []);
  record.load(1, 0x8001, 1);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.1.1 load']);
  assert.match(scan(record).findings[0]!.message, 'app.0 (store of 4 bytes at 0x100000ffe)');
  record.load(2, 4095, 1);
  assert.is(stories(record).length, 2);
});

test('two virtual addresses of one physical byte are one place', () => {
  const record = new TraceWriter(tasks);
  record.store(0, 64, 4, 0, 0x7000_0040);
  record.store(1, 64, 4, 0, 0x9000_0040);
  assert.match(
    scan(record).findings[0]!.message,
    /a \(store of 4 bytes at 0x70000040\) and b \(store of 4 bytes at 0x90000040\)/,
  );
});

test('one virtual address over two physical bytes is two places', () => {
  const record = new TraceWriter(tasks);
  record.store(0, 64, 4, 0, virtualBase);
  record.store(1, 4096, 4, 0, virtualBase);
  assert.equal(stories(record), []);
});

test('places at the top of 8 GiB are told apart from those at the bottom', () => {
  const top = 2 ** 33 - 8;
  const record = new TraceWriter(threads);
  record.store(0, top);
  record.store(1, top % 2 ** 32);
  assert.equal(stories(record), []);
  record.load(2, top + 3, 1);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.2.0 load']);
});

test('fragments of bulk copies are accesses', () => {
  const record = new TraceWriter(threads);
  record.write(0, 100, 500);
  record.load(1, 596, 8);
  record.load(1, 600, 8);
  assert.equal(stories(record), ['data-race fail: app.0.0 store, app.1.0 load']);
});

test('each pair of operations is reported once, however many bytes and executions show it', () => {
  const record = new TraceWriter(threads);
  record.write(0, 0, 4096);
  record.read(1, 0, 4096);
  const detectors = new Detectors({}, record.actors);
  detectors.scan(record);
  assert.is(detectors.sink.fresh.length, 1);
  const { key } = detectors.sink.fresh[0]!;
  detectors.scan(record);
  assert.is(detectors.sink.fresh.length, 0);
  assert.is(detectors.sink.failed, true);
  assert.is(detectors.sink.occurrences(key), 2);
});

test('what was forgotten is new again, early operations and late ones alike', () => {
  const record = new TraceWriter(threads);
  for (let i = 0; i < 400; i++) record.store(0, 64 + 8 * i);
  record.store(1, 64);
  record.store(1, 64 + 8 * 399);
  const detectors = new Detectors({}, record.actors);
  for (let round = 0; round < 2; round++) {
    detectors.scan(record);
    const keys = detectors.sink.fresh.map(({ key }) => key);
    assert.is(keys.length, 2);
    for (let again = 2; again < 5; again++) {
      detectors.scan(record);
      assert.is(detectors.sink.fresh.length, 0);
      assert.equal(
        keys.map((key) => detectors.sink.occurrences(key)),
        [again, again],
      );
    }
    detectors.sink.forget();
  }
});

test('the latest racing access of each actor and sort is the one reported', () => {
  const record = new TraceWriter(threads);
  record.store(0, 64);
  record.load(0, 64);
  record.store(0, 64);
  record.store(1, 64);
  assert.equal(stories(record), [
    'data-race fail: app.0.1 load, app.1.0 store',
    'data-race fail: app.0.2 store, app.1.0 store',
  ]);
});

test('faults and steps of the clock are no accesses', () => {
  const record = new TraceWriter(actorsNamed('app.0', 'app.1', 'clock'));
  record.store(0, -1);
  record.store(1, -1);
  record.store(0, 0);
  record.clock(2);
  assert.equal(stories(record), []);
});

test('an execution leaves nothing behind for the next one', () => {
  const one = new TraceWriter(threads);
  one.store(0, 64);
  one.release(0, 7);
  const other = new TraceWriter(threads);
  other.acquire(1, 7);
  other.store(1, 64);
  const detectors = new Detectors({}, threads);
  for (const record of [one, other, one]) {
    detectors.scan(record);
    assert.is(detectors.sink.fresh.length, 0);
  }
});

test('a frame that comes back as other memory has no past', () => {
  const record = new TraceWriter(threads);
  record.store(0, 4096 + 64);
  record.store(0, 8192 + 64);
  record.recycled(1, 4096);
  record.store(1, 4096 + 64);
  record.store(1, 8192 + 64);
  assert.equal(stories(record), ['data-race fail: app.0.1 store, app.1.1 store']);
});

test.run();
