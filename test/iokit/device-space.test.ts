/** Which device addresses are given out: parts for each actor, alignment, limits, and no early reuse (execution.md, rule 5). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Journal } from '../../src/hardware/journal.ts';
import type { DeviceWindow } from '../../src/iokit/device-map.ts';
import { DeviceSpace } from '../../src/iokit/device-space.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('device addresses');
const everywhere = Number.POSITIVE_INFINITY;
const pages = 2 ** 16;

const take = (space: DeviceSpace, pool: number, count: number, alignment = 1, limit = everywhere) =>
  space.take({ pool }, count, alignment, limit, true);

test('each actor has a part of its own, whatever the others take', () => {
  const alone = new DeviceSpace(new Journal(), pages);
  const expected = [1, 5, 2].map((count) => take(alone, 3, count)!.first);
  const mixed = new DeviceSpace(new Journal(), pages);
  const got = [1, 5, 2].map((count) => {
    for (const pool of [0, 1, 2, 4]) take(mixed, pool, 7);
    return take(mixed, 3, count)!.first;
  });
  assert.equal(got, expected);
});

test('the machine itself has the upper half, threads the lower one, and nobody has page 0', () => {
  const space = new DeviceSpace(new Journal(), pages);
  assert.is(take(space, 0, 1)!.first, pages / 2);
  const firsts = Array.from({ length: 256 }, (_, i) => take(space, i + 1, 1)!.first);
  assert.is(firsts[0], 1);
  assert.ok(Math.max(...firsts) < pages / 2);
  assert.is(new Set(firsts).size, 256);
});

test('a part that is used up takes from everywhere; so do actors beyond the last part, and parts of no size', () => {
  const space = new DeviceSpace(new Journal(), pages);
  const share = take(space, 2, 1)!.first - 1;
  assert.ok(share > 0);
  const large = take(space, 1, share + 1)!;
  assert.ok(large.first > 1 && large.first + large.pages <= pages);
  assert.ok(take(space, 300, 1) !== null);
  const tiny = new DeviceSpace(new Journal(), 16);
  assert.equal(
    [take(tiny, 1, 4), take(tiny, 2, 4)].map((window) => window!.first),
    [1, 5],
  );
  assert.is(take(tiny, 9, 8), null);
  assert.is(take(tiny, 9, 7)!.first, 9);
  assert.is(take(tiny, 0, 1), null);
});

test('alignment and limits are kept', () => {
  const space = new DeviceSpace(new Journal(), pages);
  take(space, 1, 1);
  assert.is(take(space, 1, 2, 8)!.first, 8);
  assert.is(take(space, 0, 2, 64)!.first % 64, 0);
  const low = take(space, 0, 4, 1, 64)!;
  assert.ok(low.first > 0 && low.first + low.pages <= 64);
  assert.is(take(space, 0, 65, 1, 64), null);
  assert.is(take(space, 0, 1, 128, 128), null, 'only page 0 is aligned so');
});

test('an address is used again only when there is no other', () => {
  const space = new DeviceSpace(new Journal(), 64);
  const seen = new Set<number>();
  for (let i = 0; i < 8; i++) {
    const window = take(space, 0, 4)!;
    assert.not(seen.has(window.first));
    seen.add(window.first);
    space.give(window);
  }
  assert.ok(seen.has(take(space, 0, 4)!.first));
});

test('windows never overlap, are found by each of their pages, and are rolled back (rule 19, property)', () => {
  const step = fc.record({
    give: fc.boolean(),
    pool: fc.nat(3),
    count: fc.nat(9),
    alignment: fc.nat(3),
    pick: fc.nat(),
  });
  const run = (
    space: DeviceSpace,
    steps: { give: boolean; pool: number; count: number; alignment: number; pick: number }[],
  ) =>
    steps.map(({ give, pool, count, alignment, pick }) => {
      const { windows } = space;
      if (!give) return take(space, pool, count + 1, 2 ** alignment)?.first ?? null;
      if (windows.length > 0) space.give(windows[pick % windows.length]!);
      return null;
    });
  seeded(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 40 }), (before, after) => {
      const journal = new Journal();
      const space = new DeviceSpace(journal, 256);
      run(space, before);
      journal.base();
      const kept: DeviceWindow[] = [...space.windows];
      const once = run(space, after);
      let end = 1;
      for (const { first, pages: size } of space.windows) {
        assert.ok(first >= end && first + size <= 256, `${first}, ${size}`);
        end = first + size;
        assert.is(space.at(first)!.first, first);
        assert.is(space.at(end - 1)!.first, first);
      }
      journal.rollback();
      assert.equal(space.windows, kept);
      assert.equal(run(space, after), once);
    }),
  );
});

test.run();
