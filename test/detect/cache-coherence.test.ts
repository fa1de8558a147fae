/** What breaks the agreement between cache and memory (invariant I7), and what only looks like it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uncached, writeThrough } from '../../src/hardware/cache-policy.ts';
import { Maintain } from '../../src/hardware/data-cache.ts';
import { Kind } from '../../src/kernel/trace.ts';
import { actorsNamed, scan, stories, TraceWriter } from './support/traces.ts';

const test = suite('cache coherence');
const [kernel, app, disk, cache] = [0, 1, 2, 3] as const;
const quiet = { 'data-race': 'off', 'double-fetch': 'off' } as const;

class CachedTrace extends TraceWriter {
  constructor() {
    const [driver, client] = actorsNamed('kernel', 'app');
    const device = { name: 'disk', task: 'disk', privileged: false, sort: 'device' } as const;
    super([driver!, client!, device, { name: 'cache', task: 'cache', privileged: false, sort: 'cache' }]);
  }

  /** `to` comes after what `from` did so far. */
  order(from: number, to: number): void {
    const key = this.trace.length;
    this.release(from, key);
    this.acquire(to, key);
  }

  evict(physical: number): void {
    this.trace.append(Kind.Evict, cache, 0, 1, physical, 64, 0, 0);
  }

  maintain(actor: number, physical: number, length: number, operation: number): void {
    this.call(actor);
    this.trace.append(Kind.Maintained, actor, 0, operation, physical, length, 0, 0);
  }

  policy(actor: number, policy: number): this {
    this.trace.append(Kind.CachePolicy, actor, 0, policy, 0, 0, 0, 0);
    return this;
  }
}

/** The stories of a trace. */
function told(write: (t: CachedTrace) => void): string[] {
  const trace = new CachedTrace();
  write(trace);
  return stories(trace, quiet);
}

const flush = Maintain.WriteBack | Maintain.Drop;

test('a device that was told to read finds what a task stored only once it is written back', () => {
  const ways: [string, (t: CachedTrace) => void, string[]][] = [
    ['nothing', () => {}, ['missing-cache-flush fail: kernel.0 store, disk.0 load past the cache']],
    ['eviction', (t) => t.evict(4096), []],
    ['another line', (t) => t.evict(4160), ['missing-cache-flush fail: kernel.0 store, disk.0 load past the cache']],
    ['store', (t) => t.maintain(kernel, 4100, 1, Maintain.WriteBack), []],
    ['flush', (t) => t.maintain(kernel, 4096, 64, flush), []],
    [
      'dropped',
      (t) => t.maintain(kernel, 4096, 64, Maintain.Drop),
      ['lost-write fail: kernel.0 store that is lost, kernel.1 drop, disk.0 load'],
    ],
  ];
  for (const [name, between, expected] of ways) {
    const found = told((t) => {
      t.store(kernel, 4096);
      between(t);
      t.order(kernel, disk);
      t.load(disk, 4096);
    });
    assert.equal(found, expected, name);
  }
});

test('a device that nobody told may read either', () => {
  assert.equal(
    told((t) => {
      t.store(kernel, 4096);
      t.load(disk, 4096);
    }),
    [],
  );
});

test('bytes beside those that were stored are in memory', () => {
  assert.equal(
    told((t) => {
      t.store(kernel, 4096);
      t.order(kernel, disk);
      t.load(disk, 4100);
    }),
    [],
  );
});

test('a task that was told finds what a device wrote only once the old line is gone', () => {
  const ways: [string, (t: CachedTrace) => void, string[]][] = [
    ['nothing', () => {}, ['stale-data fail: disk.0 store past the cache, kernel.1 stale load']],
    [
      'store',
      (t) => t.maintain(kernel, 4096, 4, Maintain.WriteBack),
      ['stale-data fail: disk.0 store past the cache, kernel.2 stale load'],
    ],
    ['invalidate', (t) => t.maintain(kernel, 4096, 4, Maintain.Drop), []],
    ['eviction', (t) => t.evict(4096), []],
  ];
  for (const [name, between, expected] of ways) {
    const found = told((t) => {
      t.load(kernel, 4096);
      t.store(disk, 4096);
      t.order(disk, kernel);
      between(t);
      t.load(kernel, 4096);
    });
    assert.equal(found, expected, name);
  }
});

test('a line that was not in the cache is read from memory; processors see each other', () => {
  assert.equal(
    told((t) => {
      t.store(disk, 4096);
      t.order(disk, kernel);
      t.load(kernel, 4096);
      t.store(kernel, 8192);
      t.order(kernel, app);
      t.load(app, 8192);
      t.atomic(Kind.AtomicAdd, app, 8192);
      t.atomic(Kind.AtomicLoad, kernel, 8192);
    }),
    [],
  );
});

test('a dirty line that is written back over what a device wrote loses it, whoever has it written back', () => {
  for (const [expected, back] of [
    ['cache.0 write back', (t: CachedTrace) => t.evict(4096)],
    ['app.0 write back', (t: CachedTrace) => t.maintain(app, 4096, 1, Maintain.WriteBack)],
  ] as const)
    assert.equal(
      told((t) => {
        t.store(kernel, 4100);
        t.order(kernel, disk);
        t.store(disk, 4096);
        back(t);
        // Told once.
        t.order(disk, kernel);
        t.load(kernel, 4096);
      }),
      [`lost-write fail: kernel.0 store, disk.0 write that is lost, ${expected}`],
    );
});

test('what nobody ordered may be overwritten; what was stored after the device’s write is newer', () => {
  assert.equal(
    told((t) => {
      t.store(kernel, 4096);
      t.store(disk, 4096);
      t.evict(4096);
    }),
    [],
  );
  assert.equal(
    told((t) => {
      t.store(disk, 4096);
      t.order(disk, kernel);
      t.store(kernel, 4096);
      t.evict(4096);
    }),
    [],
  );
});

test('a mapping past the cache reads memory, and writes what others have in lines', () => {
  assert.equal(
    told((t) => {
      t.store(kernel, 4096);
      t.policy(kernel, uncached).load(kernel, 4096);
      t.load(kernel, 4160);
      t.policy(kernel, uncached).store(kernel, 4160);
      t.load(kernel, 4160);
    }),
    [
      'missing-cache-flush fail: kernel.0 store, kernel.1 load past the cache',
      'stale-data fail: kernel.3 store past the cache, kernel.4 stale load',
    ],
  );
});

test('what is stored through a line is in memory at once', () => {
  assert.equal(
    told((t) => {
      t.policy(kernel, writeThrough).store(kernel, 4096);
      t.order(kernel, disk);
      t.load(disk, 4096);
    }),
    [],
  );
});

test('memory with another use has no history', () => {
  assert.equal(
    told((t) => {
      t.store(kernel, 4096);
      t.recycled(app, 4096);
      t.order(kernel, disk);
      t.load(disk, 4096);
      t.evict(4096);
    }),
    [],
  );
});

test('both parts of a scalar across a page edge count', () => {
  const expected = ['missing-cache-flush fail: kernel.0 store, disk.0 load past the cache'];
  for (const seen of [4096 + 4094, 3 * 4096])
    assert.equal(
      told((t) => {
        t.split(Kind.Store32, kernel, 4096 + 4094, 3 * 4096, 4);
        t.order(kernel, disk);
        t.load(disk, seen, 1);
      }),
      expected,
    );
});

test('a transfer of many lines that many stores are missing from is one finding, with what to do', () => {
  const trace = new CachedTrace();
  for (let at = 0; at < 4096; at += 64) trace.store(kernel, 4096 + at);
  trace.order(kernel, disk);
  for (let at = 0; at < 4096; at += 64) trace.trace.append(Kind.Read, disk, 0, 4096 + at, 4096 + at, 64, 0, 0);
  const { findings } = scan(trace, quiet);
  assert.is(findings.length, 1);
  assert.match(findings[0]!.message, 'kIOMemoryIncoherentIOStore');
});

test('the rules can be notes, or off', () => {
  const trace = new CachedTrace();
  trace.store(kernel, 4096);
  trace.order(kernel, disk);
  trace.load(disk, 4096);
  assert.equal(stories(trace, { ...quiet, 'missing-cache-flush': 'note' }), [
    'missing-cache-flush note: kernel.0 store, disk.0 load past the cache',
  ]);
  assert.is(scan(trace, { ...quiet, 'missing-cache-flush': 'note' }).failed, false);
  assert.equal(stories(trace, { ...quiet, 'missing-cache-flush': 'off' }), []);
  const off = { 'missing-cache-flush': 'off', 'stale-data': 'off', 'lost-write': 'off' } as const;
  assert.equal(stories(trace, { ...quiet, ...off }), []);
});

test.run();
