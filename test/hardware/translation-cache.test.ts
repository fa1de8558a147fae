/** Translation caches: protection, dirty marks, staleness (design.md, "A load", "Unmapping is never early"). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { addressLimit, pteFrameShift, pteRead, pteWrite } from '../../src/hardware/page-table.ts';
import { accessRead, accessWrite } from '../../src/hardware/translation-cache.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('translation cache');
const both = pteRead | pteWrite;

function build(pageSize: 4096 | 16384 = 4096) {
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20, pageSize }));
  const map = (page: number, frame: number, rights: number): void => {
    assert.ok(hardware.tables.set(1, page, (frame << pteFrameShift) | rights));
  };
  return { hardware, map, cache: hardware.translationCache(1), frames: hardware.frames, pageSize };
}

for (const pageSize of [4096, 16384] as const) {
  test(`translates each byte of a page of ${pageSize}, and nothing beside it`, () => {
    const { map, cache } = build(pageSize);
    map(7, 3, pteRead);
    for (const offset of [0, 1, 2, pageSize - 1]) {
      assert.is(cache.translate(7 * pageSize + offset, accessRead), 3 * pageSize + offset);
    }
    assert.is(cache.translate(7 * pageSize - 1, accessRead), -1);
    assert.is(cache.translate(8 * pageSize, accessRead), -1);
  });
}

test('refuses stores to what can be read only, cached or not', () => {
  const { map, cache, frames } = build();
  map(7, 3, pteRead);
  assert.is(cache.translate(7 * 4096, accessWrite), -1);
  assert.ok(cache.translate(7 * 4096, accessRead) > 0);
  assert.is(cache.translate(7 * 4096, accessWrite), -1);
  assert.not(frames.isDirty(3), 'a refused store marks nothing');
  map(8, 4, pteWrite);
  assert.is(cache.translate(8 * 4096, accessRead), -1, 'rights are single bits');
  assert.ok(cache.translate(8 * 4096, accessWrite) > 0);
  assert.is(cache.translate(8 * 4096, accessRead), -1);
});

test('marks the frame dirty at the first store through it, not at a load', () => {
  const { map, cache, frames, hardware } = build();
  map(7, 3, both);
  cache.translate(7 * 4096, accessRead);
  assert.not(frames.isDirty(3));
  cache.translate(7 * 4096, accessWrite);
  assert.ok(frames.isDirty(3));
  // The rule for whoever clears the mark: the epoch moves, and the next store sets it again.
  frames.setDirty(3, 0);
  hardware.tables.invalidate();
  cache.translate(7 * 4096, accessWrite);
  assert.ok(frames.isDirty(3));
});

test('marks the frame as referenced where somebody cares, and again once the mark was taken', () => {
  const { map, cache, frames, hardware } = build();
  map(5, 3, both);
  cache.translate(5 * 4096, accessRead);
  assert.is(frames.referenced[3], 0);
  frames.marksReferences = true;
  hardware.tables.invalidate();
  hardware.journal.base();
  for (let round = 0; round < 2; round++) {
    cache.translate(5 * 4096, accessRead);
    assert.is(frames.referenced[3], 1);
    frames.setReferenced(3, 0);
    hardware.tables.invalidate();
  }
  cache.translate(5 * 4096, accessRead);
  // What an execution marked is marked in the next one as well: the cache must not keep what made it do so.
  hardware.journal.rollback();
  assert.is(frames.referenced[3], 0);
  cache.translate(5 * 4096, accessRead);
  assert.is(frames.referenced[3], 1);
});

test('a removed translation is gone for every cache at once', () => {
  const { map, cache, hardware } = build();
  const other = hardware.translationCache(1);
  map(7, 3, both);
  for (const each of [cache, other]) assert.ok(each.translate(7 * 4096, accessWrite) > 0);
  hardware.tables.clear(1, 7);
  for (const each of [cache, other]) {
    assert.is(each.translate(7 * 4096, accessRead), -1);
    assert.is(each.translate(7 * 4096, accessWrite), -1);
  }
  map(7, 5, pteRead);
  for (const each of [cache, other]) {
    assert.is(each.translate(7 * 4096, accessRead), 5 * 4096);
    assert.is(each.translate(7 * 4096, accessWrite), -1);
  }
});

test('a right that was taken away is gone though the line is cached with it', () => {
  const { map, cache } = build();
  map(7, 3, both);
  cache.translate(7 * 4096, accessWrite);
  map(7, 3, pteRead);
  assert.is(cache.translate(7 * 4096, accessWrite), -1);
  assert.is(cache.translate(7 * 4096, accessRead), 3 * 4096);
});

test('what an execution mapped and marked is gone after the rollback (rule 19)', () => {
  const { map, cache, hardware, frames } = build();
  map(7, 3, both);
  hardware.journal.base();
  map(9, 4, both);
  assert.ok(cache.translate(9 * 4096, accessWrite) > 0);
  assert.ok(cache.translate(7 * 4096, accessWrite) > 0);
  hardware.journal.rollback();
  assert.is(cache.translate(9 * 4096, accessRead), -1);
  assert.not(frames.isDirty(3));
  assert.ok(cache.translate(7 * 4096, accessWrite) > 0);
  assert.ok(frames.isDirty(3), 'the first store after the rollback marks it again');
});

test('pages that share a line drive each other out, and nothing else', () => {
  const { map, cache } = build();
  const pages = [3, 3 + 256, 3 + 512, 3 + 2 ** 31, 3 + 2 ** 32];
  for (const [i, page] of pages.entries()) map(page, i + 1, pteRead);
  for (let round = 0; round < 2; round++) {
    for (const [i, page] of pages.entries())
      assert.is(cache.translate(page * 4096 + 8, accessRead), (i + 1) * 4096 + 8);
  }
});

const bad = [
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  -4096,
  -0.5,
  0.5,
  7 * 4096 + 0.5,
  7 * 4096 + 4095.5,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 60,
  2 ** 53 - 1,
  addressLimit,
  2 ** 48,
  2 ** 48 + 7 * 4096,
  2 ** 50,
];

for (const address of bad) {
  test(`${address} is no address, whatever is cached`, () => {
    const { map, cache } = build();
    map(0, 1, both);
    map(7, 3, both);
    for (const access of [accessRead, accessWrite]) {
      assert.is(cache.translate(address, access), -1);
      cache.translate(0, access);
      cache.translate(7 * 4096, access);
      assert.is(cache.translate(address, access), -1, 'with page 0 and 7 cached');
    }
  });
}

test('an address beyond 2^47 reads no table, not even by accident', () => {
  const { map, cache } = build();
  // With 1100 tables in use, an index beyond the root's 512 words would find a leaf entry and take it for the number of a table.
  for (let i = 0; i < 1100; i++) map(i * 512, 1, both);
  for (let bit = 47; bit < 53; bit++) assert.is(cache.translate(2 ** bit, accessRead), -1, `2^${bit}`);
});

test('publishes the epoch it has emptied itself up to', () => {
  const { map, cache, hardware } = build();
  const words = new Int32Array(new SharedArrayBuffer(8));
  cache.publish(words, 1);
  assert.is(words[1], hardware.tables.epochs[0]);
  map(7, 3, pteRead);
  cache.translate(7 * 4096, accessRead);
  hardware.tables.clear(1, 7);
  assert.is.not(words[1], hardware.tables.epochs[0], 'it cannot know yet');
  cache.translate(7 * 4096, accessRead);
  assert.is(words[1], hardware.tables.epochs[0]);
});

test('equals the page table at any time (property)', () => {
  const page = fc.oneof(fc.nat(3), fc.constantFrom(256, 257, 512));
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('map' as const),
      page,
      frame: fc.integer({ min: 1, max: 200 }),
      rights: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ kind: fc.constant('clear' as const), page }),
    fc.record({
      kind: fc.constant('use' as const),
      page,
      offset: fc.nat(4095),
      access: fc.constantFrom(accessRead, accessWrite),
    }),
    fc.record({ kind: fc.constant('rollback' as const) }),
  );
  seeded(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { hardware, map, cache, frames } = build();
      hardware.journal.base();
      for (const entry of steps) {
        if (entry.kind === 'map') map(entry.page, entry.frame, entry.rights);
        else if (entry.kind === 'clear') hardware.tables.clear(1, entry.page);
        else if (entry.kind === 'rollback') hardware.journal.rollback();
        else {
          const pte = hardware.tables.entry(1, entry.page);
          const expected = (pte & entry.access) === 0 ? -1 : (pte >>> pteFrameShift) * 4096 + entry.offset;
          assert.is(cache.translate(entry.page * 4096 + entry.offset, entry.access), expected);
          if (expected >= 0 && entry.access === accessWrite) assert.ok(frames.isDirty(pte >>> pteFrameShift));
        }
      }
    }),
    300,
  );
});

test.run();
