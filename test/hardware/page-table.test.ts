/** Page tables: a radix tree an address space, and the epoch that voids cached translations (design.md, "Unmapping is never early"). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Journal } from '../../src/hardware/journal.ts';
import {
  addressLimit,
  maximumSpaces,
  PageTables,
  pteFrameShift,
  pteRead,
  pteWrite,
} from '../../src/hardware/page-table.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('page tables');
const frames = 256;

function build(): { tables: PageTables; journal: Journal } {
  const journal = new Journal();
  return { tables: new PageTables(new SharedArrayBuffer(PageTables.bytes(frames)), 0, frames, journal), journal };
}

const entryFor = (frame: number, rights: number = pteRead): number => (frame << pteFrameShift) | rights;
const lastPage = addressLimit / 4096 - 1;
/** Pages at the edges of every level of the tree. */
const edges = [0, 1, 511, 512, 2 ** 18 - 1, 2 ** 18, 2 ** 27 - 1, 2 ** 27, 2 ** 31, 2 ** 32 + 5, lastPage];

test('finds nothing where nothing was entered', () => {
  const { tables } = build();
  for (const page of edges) assert.is(tables.entry(3, page), 0);
  assert.equal([...tables.translations(3)], []);
  assert.is(tables.clear(3, 77), 0);
});

test('keeps pages at the edges of every level apart, and spaces too', () => {
  const { tables } = build();
  for (const [i, page] of edges.entries()) {
    assert.ok(tables.set(1, page, entryFor(i + 1)));
    assert.ok(tables.set(maximumSpaces - 1, page, entryFor(i + 100)));
  }
  edges.forEach((page, i) => {
    assert.is(tables.entry(1, page), entryFor(i + 1));
    assert.is(tables.entry(maximumSpaces - 1, page), entryFor(i + 100));
    assert.is(tables.entry(2, page), 0);
  });
  assert.equal(
    [...tables.translations(1)],
    edges.map((page, i) => [page, entryFor(i + 1)]),
  );
});

test('the highest frame of 8 GiB keeps its number', () => {
  const { tables } = build();
  const frame = 2 ** 21 - 1;
  tables.set(0, 5, entryFor(frame, pteRead | pteWrite));
  assert.is(tables.entry(0, 5) >>> pteFrameShift, frame);
});

test('the epoch moves when a translation changes or goes, not when one comes', () => {
  const { tables } = build();
  const epoch = () => tables.epochs[0];
  const start = epoch()!;
  tables.set(1, 9, entryFor(1));
  tables.set(1, 9, entryFor(1));
  tables.clear(1, 10);
  tables.destroy(2);
  assert.is(epoch(), start);
  tables.set(1, 9, entryFor(1, pteRead | pteWrite));
  assert.is(epoch(), start + 1);
  assert.is(tables.clear(1, 9), entryFor(1, pteRead | pteWrite));
  assert.is(epoch(), start + 2);
  tables.set(1, 9, entryFor(2));
  tables.destroy(1);
  assert.is(epoch(), start + 3);
  assert.is(tables.entry(1, 9), 0);
});

test('rolling back takes translations away and moves the epoch, unless nothing was changed (rule 19)', () => {
  const { tables, journal } = build();
  tables.set(1, 3, entryFor(3));
  journal.base();
  journal.rollback();
  const start = tables.epochs[0]!;
  journal.rollback();
  assert.is(tables.epochs[0], start, 'an execution without a page fault voids nothing');
  tables.set(1, 4, entryFor(4));
  assert.is(tables.epochs[0], start);
  journal.rollback();
  assert.ok(tables.epochs[0]! > start, 'page 4 may be cached');
  assert.is(tables.entry(1, 4), 0);
  assert.is(tables.entry(1, 3), entryFor(3));
  const second = tables.epochs[0]!;
  journal.rollback();
  assert.is(tables.epochs[0], second);
});

test('the epoch is never rolled back', () => {
  const { tables, journal } = build();
  tables.set(1, 3, entryFor(3));
  journal.base();
  journal.rollback();
  const start = tables.epochs[0]!;
  tables.clear(1, 3);
  journal.rollback();
  assert.ok(tables.epochs[0]! > start);
});

test('destroying spaces gives their tables back: as many can be made again as before', () => {
  const { tables } = build();
  for (let round = 0; round < 5; round++) {
    let made = 0;
    while (tables.set(1, made * 512, entryFor(1))) made++;
    assert.ok(made > 1000, `${made} tables`);
    assert.is(tables.set(2, 0, entryFor(1)), false, 'there is no room for another space');
    assert.is(tables.entry(2, 0), 0);
    assert.is(tables.entry(1, (made - 1) * 512), entryFor(1), 'what is there stays');
    tables.destroy(1);
    assert.is(tables.entry(1, 0), 0);
    // What the refused space had taken on its way is its own until it goes too.
    tables.destroy(2);
    if (round === 0) rounds = made;
    assert.is(made, rounds);
  }
});
let rounds = 0;

test('tables that are used again hold nothing of before', () => {
  const { tables } = build();
  for (let page = 0; page < 2048; page += 3) tables.set(1, page, entryFor(page + 1));
  tables.destroy(1);
  tables.set(2, 2 ** 20 + 1, entryFor(7));
  assert.equal([...tables.translations(2)], [[2 ** 20 + 1, entryFor(7)]]);
});

test('equals a map of pages, before and after a rollback (property)', () => {
  const page = fc.oneof(fc.nat(3), fc.constantFrom(...edges), fc.nat(2 ** 20));
  const change = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      space: fc.nat(2),
      page,
      frame: fc.integer({ min: 1, max: frames }),
    }),
    fc.record({ kind: fc.constant('clear' as const), space: fc.nat(2), page }),
    fc.record({ kind: fc.constant('destroy' as const), space: fc.nat(2) }),
  );
  const changes = fc.array(change, { maxLength: 40 });
  seeded(
    fc.property(changes, changes, (first, second) => {
      const { tables, journal } = build();
      const model = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
      const run = (list: typeof first): void => {
        for (const entry of list) {
          if (entry.kind === 'set') {
            tables.set(entry.space, entry.page, entryFor(entry.frame));
            model[entry.space]!.set(entry.page, entryFor(entry.frame));
          } else if (entry.kind === 'clear') {
            assert.is(tables.clear(entry.space, entry.page), model[entry.space]!.get(entry.page) ?? 0);
            model[entry.space]!.delete(entry.page);
          } else {
            tables.destroy(entry.space);
            model[entry.space]!.clear();
          }
        }
      };
      const compare = (expected: readonly Map<number, number>[]): void => {
        expected.forEach((map, space) => {
          assert.equal(
            [...tables.translations(space)],
            [...map].sort(([a], [b]) => a - b),
          );
        });
      };
      run(first);
      compare(model);
      journal.base();
      const base = model.map((map) => new Map(map));
      run(second);
      compare(model);
      journal.rollback();
      compare(base);
    }),
    100,
  );
});

test.run();
