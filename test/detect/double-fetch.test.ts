/** execution.md, rule 10, and entry B02 of the race catalogue: shared memory looked at twice by privileged code. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Kind } from '../../src/kernel/trace.ts';
import { actorsNamed, stories as allStories, scan, TraceWriter } from './support/traces.ts';

const actors = actorsNamed('kernel.submit', 'client', 'kernel.other', 'disk');
const [kernel, client, other, disk] = [0, 1, 2, 3];
const stories = (record: TraceWriter): string[] => allStories(record, { 'data-race': 'off' });

/** kernel.submit loads, `between` happens, kernel.submit loads 4096 where it loaded 16. */
function fetchedTwice(between: (record: TraceWriter) => void, second = 4096): TraceWriter {
  const record = new TraceWriter(actors);
  record.load(kernel, 64, 4, 16);
  between(record);
  record.load(kernel, 64, 4, second);
  return record;
}

test('a length that the client changes between two loads', () => {
  const record = fetchedTwice((r) => r.store(client, 64, 4, 4096));
  assert.equal(stories(record), [
    'double-fetch fail: kernel.submit.0 first fetch, client.0 store between, kernel.submit.1 second fetch',
  ]);
  const { findings, failed } = scan(record, { 'data-race': 'off' });
  assert.is(findings[0]!.message, 'kernel.submit read 16 at 0x100000040, client stored 4096, kernel.submit read 4096');
  assert.is(failed, true);
});

test('a store of its own that somebody changes before it is loaded back', () => {
  const record = new TraceWriter(actors);
  record.store(kernel, 64, 4, 16);
  record.store(client, 64, 4, 4096);
  record.load(kernel, 64, 4, 4096);
  assert.equal(stories(record), [
    'double-fetch fail: kernel.submit.0 own store, client.0 store between, kernel.submit.1 second fetch',
  ]);
  assert.is(
    scan(record, { 'data-race': 'off' }).findings[0]!.message,
    'kernel.submit stored 16 at 0x100000040, client stored 4096, kernel.submit read 4096',
  );
});

test('a device changes it', () => {
  const record = fetchedTwice((r) => r.write(disk, 0, 128));
  assert.equal(stories(record), [
    'double-fetch fail: kernel.submit.0 first fetch, disk.0 store between, kernel.submit.1 second fetch',
  ]);
});

test('an atomic store of another task changes it too', () => {
  const record = fetchedTwice((r) => r.atomic(Kind.AtomicExchange, client, 64, 16, 4096));
  assert.match(scan(record).findings.at(-1)!.message, 'client stored 4096');
  const added = fetchedTwice((r) => r.atomic(Kind.AtomicAdd, client, 64, 16, 4080));
  assert.match(scan(added).findings.at(-1)!.message, 'client changed it atomically');
  const failing = fetchedTwice((r) => r.atomic(Kind.AtomicCompareExchange, client, 64, 16, 4096, 5), 16);
  assert.equal(stories(failing), []);
});

test('an acquire or an atomic of its own in between makes a new look of it', () => {
  const synchronised: ((r: TraceWriter) => void)[] = [
    (r) => r.acquire(kernel, 7),
    (r) => r.atomic(Kind.AtomicLoad, kernel, 128),
    (r) => r.atomic(Kind.AtomicStore, kernel, 128),
  ];
  const store = (r: TraceWriter): number => r.store(client, 64, 4, 4096);
  for (const synchronise of synchronised) {
    for (const order of [
      [store, synchronise],
      [synchronise, store],
    ]) {
      const between = (r: TraceWriter): void => order.forEach((step) => void step(r));
      assert.equal(stories(fetchedTwice(between)), []);
    }
  }
});

test('somebody else’s acquire, a release and a kernel call are no excuse', () => {
  const record = fetchedTwice((r) => {
    r.store(client, 64, 4, 4096);
    r.acquire(other, 7);
    r.acquire(client, 7);
    r.release(kernel, 7);
    r.call(kernel);
  });
  assert.is(stories(record).length, 1);
});

test('after an acquire, two further loads count again', () => {
  const record = new TraceWriter(actors);
  record.load(kernel, 64, 4, 16);
  record.acquire(kernel, 7);
  record.load(kernel, 64, 4, 16);
  record.store(client, 64, 4, 17);
  record.load(kernel, 64, 4, 17);
  assert.equal(stories(record), [
    'double-fetch fail: kernel.submit.1 first fetch, client.0 store between, kernel.submit.2 second fetch',
  ]);
});

test('no finding when the value is the same, when nobody stored, or when the store came before', () => {
  assert.equal(stories(fetchedTwice((r) => r.store(client, 64, 4, 16), 16)), []);
  assert.equal(
    stories(
      fetchedTwice((r) => {
        r.store(client, 64, 4, 4096);
        r.store(client, 64, 4, 16);
      }, 16),
    ),
    [],
  );
  assert.equal(stories(fetchedTwice((r) => r.store(client, 68, 4, 4096), 16)), []);
  const record = new TraceWriter(actors);
  record.store(client, 64, 4, 16);
  record.load(kernel, 64, 4, 16);
  record.load(kernel, 64, 4, 16);
  assert.equal(stories(record), []);
});

test('bytes are compared one by one: only a byte that changed counts', () => {
  // The client rewrites the upper half with what it was; the kernel loads the halves with loads of different widths.
  const record = new TraceWriter(actors);
  record.load(kernel, 64, 8, 0x5_0000_0010);
  record.store(client, 68, 4, 5);
  record.load(kernel, 68, 4, 5);
  assert.equal(stories(record), []);
  record.store(client, 71, 1, 1);
  record.load(kernel, 70, 2, 0x100);
  assert.equal(stories(record), [
    'double-fetch fail: kernel.submit.1 first fetch, client.1 store between, kernel.submit.2 second fetch',
  ]);
});

test('a change by the kernel itself is none, even beside a foreign store of something else', () => {
  assert.equal(stories(fetchedTwice((r) => r.store(other, 64, 4, 4096))), []);
  assert.equal(
    stories(
      fetchedTwice((r) => {
        r.store(client, 64, 4, 5);
        r.store(other, 64, 4, 4096);
      }),
    ),
    [],
  );
});

test('each thread has its own first look', () => {
  const record = new TraceWriter(actors);
  record.load(kernel, 64, 4, 16);
  record.store(client, 64, 4, 4096);
  record.load(other, 64, 4, 4096);
  assert.equal(stories(record), []);
});

test('unprivileged threads may look as often as they like', () => {
  const record = new TraceWriter(actors);
  record.load(client, 64, 4, 16);
  record.store(kernel, 64, 4, 4096);
  record.load(client, 64, 4, 4096);
  assert.equal(stories(record), []);
});

test('two virtual addresses of one physical byte are one place', () => {
  const record = new TraceWriter(actors);
  record.load(kernel, 64, 4, 16, 0x7000_0040);
  record.store(client, 64, 4, 4096, 0x9000_0040);
  record.load(kernel, 64, 4, 4096, 0xa000_0040);
  assert.is(stories(record).length, 1);
});

test('a scalar across a page edge looks at both pages', () => {
  const record = new TraceWriter(actors);
  record.split(Kind.Load32, kernel, 4094, 0x8000, 4, 0x11223344);
  record.store(client, 0x8001, 1, 0x55);
  record.split(Kind.Load32, kernel, 4094, 0x8000, 4, 0x55223344);
  assert.is(stories(record).length, 1);
});

test('a page that turns out to be shared is looked at from the start of the execution', () => {
  const record = fetchedTwice((r) => r.store(client, 64, 4, 4096));
  // `scan` makes fresh detectors, for which the client's store is the first sign of sharing.
  assert.is(stories(record).length, 1);
});

test('a bulk copy after a load: what the store left is what was copied', () => {
  const record = new TraceWriter(actors);
  record.load(kernel, 64, 4, 16);
  record.store(client, 64, 4, 4096);
  record.read(kernel, 0, 128, 99);
  assert.equal(stories(record), [
    'double-fetch fail: kernel.submit.0 first fetch, client.0 store between, kernel.submit.1 second fetch',
  ]);
  assert.match(
    scan(record).findings.at(-1)!.message,
    'kernel.submit read 16 at 0x100000040, client stored 4096, kernel.submit read 128 bytes',
  );
});

test('a bulk copy before a load: counts where the trace proves what was copied', () => {
  const header = (proven: boolean): TraceWriter => {
    const record = new TraceWriter(actors);
    if (proven) record.store(client, 64, 4, 16);
    record.read(kernel, 0, 128, 99);
    record.store(client, 64, 4, 4096);
    record.load(kernel, 64, 4, 4096);
    return record;
  };
  assert.is(stories(header(true)).length, 1);
  assert.equal(stories(header(false)), []);
});

test('two bulk copies of the same bytes: counts when the hash differs and only others stored', () => {
  const copiedTwice = (second: number, ...between: ((record: TraceWriter) => void)[]): string[] => {
    const record = new TraceWriter(actors);
    record.read(kernel, 0, 128, 99);
    for (const write of between) write(record);
    record.read(kernel, 0, 128, second);
    return stories(record);
  };
  const foreign = (r: TraceWriter): number => r.write(client, 32, 8);
  assert.equal(copiedTwice(98, foreign), [
    'double-fetch fail: kernel.submit.0 first fetch, client.0 store between, kernel.submit.1 second fetch',
  ]);
  const none: ((record: TraceWriter) => void)[] = [
    (r) => r.write(other, 40, 8),
    (r) => r.store(kernel, 40, 8, 1),
    (r) => r.acquire(kernel, 7),
  ];
  for (const beside of none) assert.equal(copiedTwice(98, foreign, beside), []);
  assert.equal(copiedTwice(99, foreign), []);
  assert.equal(
    copiedTwice(98, (r) => r.write(client, 256, 8)),
    [],
  );
  // A store of its own stays its own when the byte is looked at in between.
  const own = (r: TraceWriter): number => r.store(other, 40, 1, 3);
  const look = (r: TraceWriter): number => r.load(kernel, 40, 1, 3);
  assert.equal(copiedTwice(98, own, look, foreign), []);
});

test('bulk copies of different ranges prove nothing by their hashes', () => {
  const record = new TraceWriter(actors);
  record.read(kernel, 0, 64, 99);
  record.write(client, 32, 8);
  record.read(kernel, 0, 128, 98);
  assert.equal(stories(record), []);
});

test('a load that is not what the last store left has another cause', () => {
  const record = fetchedTwice((r) => r.store(client, 64, 4, 4096), 0x1111);
  assert.equal(stories(record), []);
});

test('the rule can be a note or off', () => {
  const record = fetchedTwice((r) => r.store(client, 64, 4, 4096));
  assert.is(scan(record, { 'double-fetch': 'note' }).failed, false);
  assert.equal(allStories(record, { 'double-fetch': 'off', 'data-race': 'off' }), []);
});

test('a frame that comes back as other memory was not looked at before', () => {
  const actors = actorsNamed('client', 'kernel.a');
  for (const recycle of [false, true]) {
    const record = new TraceWriter(actors);
    record.load(1, 4096, 4, 2);
    if (recycle) record.recycled(0, 4096);
    record.store(0, 4096, 4, 100);
    record.load(1, 4096, 4, 100);
    assert.is(
      stories(record).some((story) => story.startsWith('double-fetch')),
      !recycle,
    );
  }
});

test.run();
