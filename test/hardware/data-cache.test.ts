/** The data cache: lines of 64 bytes that hold what memory does not, until somebody writes them back or drops them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uncached, writeBack, writeThrough } from '../../src/hardware/cache-policy.ts';
import { configure } from '../../src/hardware/configuration.ts';
import { cacheLine, type DataCache, Maintain } from '../../src/hardware/data-cache.ts';
import { Hardware } from '../../src/hardware/hardware.ts';

const test = suite('data cache');
const page = 4096;

function build(): { hardware: Hardware; caches: DataCache } {
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20, coherentDma: false }));
  return { hardware, caches: hardware.caches! };
}

const store = (caches: DataCache, at: number, value: number, policy = writeBack): void =>
  caches.open(at, 1, policy, true).store8(at, value);
const load = (caches: DataCache, at: number, policy = writeBack): number => caches.open(at, 1, policy, false).load8(at);

test('there is none where devices are coherent', () => {
  assert.is(Hardware.build(configure({ physicalMemory: 2 ** 20 })).caches, null);
});

test('a store stays in the line until it is written back, with the whole line', () => {
  const { hardware, caches } = build();
  store(caches, page, 5);
  assert.equal([load(caches, page), hardware.memory.load8(page)], [5, 0]);
  hardware.memory.store8(page + 1, 9);
  caches.maintain(page + 63, 1, Maintain.WriteBack);
  assert.equal([hardware.memory.load8(page), hardware.memory.load8(page + 1)], [5, 0]);
  assert.equal(caches.count(), { lines: 1, dirty: 0 });
});

test('what is dropped is gone, and read again from memory', () => {
  const { hardware, caches } = build();
  store(caches, page, 5);
  hardware.memory.store8(page, 7);
  assert.is(load(caches, page), 5);
  caches.maintain(page, 1, Maintain.Drop);
  assert.is(load(caches, page), 7);
  assert.is(hardware.memory.load8(page), 7);
});

test('a range that begins or ends within a line takes all of it, and no neighbour', () => {
  for (const [from, length, lines] of [
    [page, 1, 1],
    [page + 63, 2, 2],
    [page, cacheLine, 1],
    [page + 1, cacheLine, 2],
    [page, 0, 0],
  ] as const) {
    const { caches } = build();
    for (let line = -1; line < 4; line++) store(caches, page + line * cacheLine, 1);
    caches.maintain(from, length, Maintain.WriteBack);
    assert.is(caches.count().dirty, 5 - lines, `${length} bytes from ${from - page}`);
  }
});

test('a range may reach beyond memory', () => {
  const { hardware, caches } = build();
  store(caches, 2 ** 20 - 1, 3);
  caches.maintain(2 ** 20 - 1, 2 ** 40, Maintain.WriteBack | Maintain.Drop);
  caches.maintain(2 ** 45, page, Maintain.Drop);
  assert.equal([hardware.memory.load8(2 ** 20 - 1), caches.count()], [3, { lines: 0, dirty: 0 }]);
});

test('uncached accesses neither look into lines nor make any', () => {
  const { caches } = build();
  store(caches, page, 5);
  assert.is(load(caches, page, uncached), 0);
  store(caches, page, 6, uncached);
  assert.equal([load(caches, page), load(caches, page, uncached)], [5, 6]);
  assert.is(load(caches, 2 * page, uncached), 0);
  assert.equal(caches.count(), { lines: 1, dirty: 1 });
});

test('a store through a line reaches memory too, and leaves it clean, or as dirty as it was', () => {
  const { hardware, caches } = build();
  store(caches, page, 5, writeThrough);
  caches.write(page + 1, Uint8Array.of(1, 2, 3), 0, 3, writeThrough);
  caches.open(page + 7, 4, writeThrough, true).store32(page + 7, 0x04030201);
  assert.equal(
    [page, page + 1, page + 3, page + 10].map((at) => [load(caches, at), hardware.memory.load8(at)]),
    [
      [5, 5],
      [1, 1],
      [3, 3],
      [4, 4],
    ],
  );
  assert.is(caches.count().dirty, 0);
  store(caches, page + 2, 8);
  store(caches, page, 6, writeThrough);
  assert.equal([hardware.memory.load8(page), hardware.memory.load8(page + 2), caches.count().dirty], [6, 2, 1]);
});

test('lines that differ from memory can be evicted, each by its place, and no others', () => {
  const { hardware, caches } = build();
  caches.watch(null);
  load(caches, page);
  assert.is(caches.evictable, 0);
  for (const line of [1, 2, 3]) store(caches, page + line * cacheLine, line);
  store(caches, page, 9, uncached);
  assert.is(caches.evictable, 4);
  assert.equal(
    caches.evict((n) => n - 3),
    { physical: page + 2 * cacheLine, place: 1, wasDirty: true },
  );
  assert.is(hardware.memory.load8(page + 2 * cacheLine), 2);
  // The last of the list, the line that memory was written past, has taken its place.
  assert.equal(
    caches.evict(() => 1),
    { physical: page, place: 1, wasDirty: false },
  );
  assert.is(load(caches, page), 9);
  caches.maintain(page, page, Maintain.WriteBack);
  assert.is(caches.evictable, 0);
});

test('only lines of pages that matter are offered; their places count all', () => {
  const { caches } = build();
  const points = new Uint8Array(256);
  points[2] = 1;
  caches.watch(points);
  for (const frame of [1, 2, 1, 2]) store(caches, frame * page + caches.count().lines * cacheLine, 1);
  assert.is(caches.evictable, 2);
  const asked: number[] = [];
  const { place } = caches.evict((n) => asked.push(n));
  assert.equal([asked, place, caches.evictable], [[2], 3, 1]);
});

test('executions are rolled back to an empty cache', () => {
  const { hardware, caches } = build();
  store(caches, page, 5);
  hardware.journal.base();
  caches.watch(null);
  const base = JSON.stringify(caches.state.map((words) => [...words]));
  for (let round = 0; round < 2; round++) {
    assert.is(load(caches, page), 5);
    for (let line = 0; line < 20; line++) store(caches, page + line * cacheLine, 6);
    caches.evict(() => 3);
    caches.maintain(page, 2 * cacheLine, Maintain.WriteBack | Maintain.Drop);
    hardware.preserve(page, 4);
    store(caches, page, 7, uncached);
    hardware.journal.rollback();
    assert.equal([caches.evictable, caches.count(), hardware.memory.load8(page)], [0, { lines: 0, dirty: 0 }, 5]);
    assert.is(JSON.stringify(caches.state.map((words) => [...words])), base);
  }
});

test('a copy goes line by line as each frame’s own mode says', () => {
  const { hardware, caches } = build();
  caches.setMode(2, 1);
  const bytes = new Uint8Array(2 * page).fill(4);
  caches.write(page, bytes, 0, bytes.length, null);
  assert.equal([hardware.memory.load8(page), hardware.memory.load8(2 * page)], [0, 4]);
  const read = new Uint8Array(bytes.length);
  caches.read(page, read, 0, read.length, null);
  assert.equal(read, bytes);
});

test('a lock that its owner died with comes free', () => {
  const { hardware, caches } = build();
  const { cache } = hardware.buffers;
  // Every lock is taken: the words behind the first are theirs.
  new Int32Array(cache!.registers, 4, 1024).fill(1);
  const before = performance.now();
  assert.is(
    caches.alone(page, 4, writeBack, true, (memory) => memory.load32(page)),
    0,
  );
  const waited = performance.now() - before;
  assert.ok(waited > 500 && waited < 30_000, `${waited} ms`);
  assert.is(
    caches.alone(page, 4, writeBack, true, () => 1),
    1,
  );
});

test.run();
