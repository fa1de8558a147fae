/** The frame table: pools, owners, wires, dirty marks (execution.md rules 5 and 19). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameTable } from '../../src/hardware/frame-table.ts';
import { Journal } from '../../src/hardware/journal.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('frame table');

function build(frames: number): { table: FrameTable; journal: Journal; words: Int32Array } {
  const journal = new Journal();
  const buffer = new SharedArrayBuffer(FrameTable.bytes(frames));
  const table = new FrameTable(buffer, 0, frames, journal);
  table.initialise();
  return { table, journal, words: new Int32Array(buffer) };
}

/** Frees a frame as the VM does: owner and wires are gone first. */
function giveBack(table: FrameTable, frame: number, pool: number): void {
  table.own(frame, -1);
  table.free(frame, pool);
}

test('hands out every frame once, ascending, but never frame 0', () => {
  const { table } = build(10);
  assert.is(table.freeFrames, 9);
  const got = Array.from({ length: 9 }, () => table.allocate(0));
  assert.equal(got, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.is(table.allocate(0), -1);
  assert.is(table.freeFrames, 0);
  for (const frame of got) assert.is(table.owners(frame), 1);
});

test('hands out returned frames first, the last one returned before the others', () => {
  const { table } = build(10);
  const [a, b] = [table.allocate(0), table.allocate(0)];
  giveBack(table, a, 0);
  giveBack(table, b, 0);
  assert.equal([table.allocate(0), table.allocate(0), table.allocate(0)], [b, a, 3]);
});

test('a low frame is found among returned ones, fresh ones, and in other pools', () => {
  const { table } = build(20);
  const taken = Array.from({ length: 9 }, () => table.allocate(0));
  for (const frame of [2, 7, 4]) giveBack(table, frame, 0);
  assert.is(table.allocateBelow(0, 5), 4);
  assert.is(table.allocateBelow(0, 5), 2);
  assert.is(table.allocateBelow(0, 5), -1);
  assert.is(table.allocateBelow(0, 12), 7);
  assert.is(table.allocateBelow(0, 12), 10);
  table.partition(1);
  // What is left of pool 0 lies higher than what pool 1 was given.
  assert.is(table.allocateBelow(0, 12), 11);
  assert.is(table.allocateBelow(0, 12), -1);
  assert.is(table.freeFrames, 19 - taken.length - 2);
  assert.is(table.owners(11), 1);
});

test('each pool has frames of its own, whatever the others take (rule 5)', () => {
  const alone = build(100);
  alone.table.partition(3);
  const expected = Array.from({ length: 5 }, () => alone.table.allocate(2));
  const mixed = build(100);
  mixed.table.partition(3);
  const got: number[] = [];
  for (let i = 0; i < 5; i++) {
    mixed.table.allocate(1);
    got.push(mixed.table.allocate(2));
    mixed.table.allocate(3);
    mixed.table.allocate(0);
  }
  assert.equal(got, expected);
});

test('partition loses no frame and gives none twice, frames that setup returned included', () => {
  const { table } = build(100);
  const used = Array.from({ length: 10 }, () => table.allocate(0));
  for (const frame of used.slice(0, 4)) giveBack(table, frame, 0);
  assert.is(table.freeFrames, 93);
  table.partition(4);
  assert.is(table.freeFrames, 93);
  const got = new Set<number>();
  for (let frame = table.allocate(3); frame >= 0; frame = table.allocate(3)) {
    assert.not(got.has(frame), `frame ${frame} twice`);
    assert.not(used.slice(4).includes(frame), `frame ${frame} was in use`);
    got.add(frame);
  }
  assert.is(got.size, 93);
  assert.is(table.freeFrames, 0);
});

test('partition of less frames than pools leaves them all reachable by borrowing', () => {
  const { table } = build(4);
  table.partition(8);
  const got = [table.allocate(5), table.allocate(7), table.allocate(1)].sort();
  assert.equal(got, [1, 2, 3]);
  assert.is(table.allocate(0), -1);
});

test('an empty pool borrows from pool 0, then from any other', () => {
  const { table } = build(13);
  table.partition(2);
  const own = Array.from({ length: 4 }, () => table.allocate(1));
  const common = Array.from({ length: 4 }, () => table.allocate(1));
  const foreign = Array.from({ length: 4 }, () => table.allocate(1));
  assert.equal(
    [...own, ...common, ...foreign].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  assert.ok(Math.min(...common) > Math.max(...foreign), 'pool 0 has what lies behind the shares');
  assert.is(table.allocate(1), -1);
  giveBack(table, foreign[0]!, 2);
  assert.is(table.allocate(1), foreign[0]);
});

test('a freed frame goes to the pool of who freed it, and is no longer dirty', () => {
  const { table } = build(20);
  table.partition(2);
  const frame = table.allocate(1);
  table.setDirty(frame, 1);
  assert.ok(table.isDirty(frame));
  giveBack(table, frame, 2);
  assert.not(table.isDirty(frame));
  assert.is(table.allocate(2), frame);
});

test('says whether a frame to come is fresh: only one that was never handed out holds zeroes for sure', () => {
  const { table } = build(6);
  assert.ok(table.isFresh(0));
  const frame = table.allocate(0);
  giveBack(table, frame, 0);
  assert.not(table.isFresh(0));
  table.allocate(0);
  assert.ok(table.isFresh(0));
  table.partition(1);
  while (table.allocate(1) >= 0);
  assert.not(table.isFresh(1), 'nothing is left to be fresh');
});

test('an exhausted pool is as fresh as what it would borrow', () => {
  const { table } = build(13);
  table.partition(1);
  const frame = table.allocate(0);
  giveBack(table, frame, 0);
  while (table.frontier(1) < 7) table.allocate(1);
  assert.not(table.isFresh(1), 'the next frame of pool 1 comes from pool 0, where one was returned');
});

test('the quarantine keeps a freed frame back until it is put back', () => {
  const { table } = build(3);
  const [a] = [table.allocate(0), table.allocate(0)];
  const held: [number, number][] = [];
  let reclaims = 0;
  table.quarantine = {
    hold: (frame, pool) => held.push([frame, pool]),
    settle: () => true,
    reclaim: () => {
      reclaims++;
      const entry = held.pop();
      if (entry !== undefined) table.putBack(...entry);
      return entry !== undefined;
    },
  };
  giveBack(table, a, 0);
  assert.is(table.freeFrames, 0);
  assert.is(table.allocate(0), a, 'asked for when memory is used up');
  assert.is(table.allocate(0), -1);
  assert.is(reclaims, 2);
});

test('counts owners and wires apart', () => {
  const { table } = build(4);
  const frame = table.allocate(0);
  assert.is(table.own(frame, 2), 3);
  assert.is(table.wire(frame, 1), 1);
  assert.is(table.own(frame, -3), 0);
  assert.is(table.wires(frame), 1);
  assert.is(table.wire(frame, -1), 0);
});

test('a run follows one another, begins at a multiple of the mask and ends below its highest bit', () => {
  const { table } = build(64);
  assert.is(table.allocateRun(0, 3, 1, 2 ** 20), 1);
  assert.is(table.allocateRun(0, 4, 4, 2 ** 20), 4, 'from fresh frames');
  assert.is(table.allocateRun(0, 2, 8, 2 ** 20), 8);
  assert.is(table.allocateRun(0, 1, 8, 2 ** 20), 16, 'frames that alignment skips are not lost');
  assert.is(table.freeFrames, 63 - 10);
  assert.is(table.allocateRun(0, 6, 1, 16), 10, 'those that were skipped, since no fresh ones lie low enough');
  assert.is(table.allocateRun(0, 1, 1, 16), -1);
  assert.is(table.allocateRun(0, 1, 1, 0), -1, 'no frame lies below the limit');
  for (const frame of [1, 6, 7, 16]) assert.is(table.owners(frame), 1);
  assert.is(table.freeFrames, 63 - 16);
});

test('a run that was freed can be had again, in another pool too', () => {
  const { table } = build(101);
  table.partition(3);
  const mine = table.allocateRun(2, 5, 1, 2 ** 20);
  for (let frame = mine; frame < mine + 5; frame++) giveBack(table, frame, 1);
  assert.is(table.allocateRun(1, 25, 1, 2 ** 20), 1, 'its own fresh frames');
  assert.is(table.allocateRun(1, 5, 1, 2 ** 20), mine);
  assert.is(table.allocateRun(1, 5, 1, 2 ** 20) > 25, true, "another pool's, when its own is used up");
  assert.is(table.freeFrames, 100 - 35);
});

test('a run waits for frames in quarantine', () => {
  const { table } = build(3);
  const run = table.allocateRun(0, 2, 1, 2 ** 20);
  const held: number[] = [];
  table.quarantine = {
    hold: (frame) => held.push(frame),
    settle: () => true,
    reclaim: () => {
      const frame = held.pop();
      if (frame !== undefined) table.putBack(frame, 0);
      return frame !== undefined;
    },
  };
  giveBack(table, run, 0);
  giveBack(table, run + 1, 0);
  assert.is(table.allocateRun(0, 2, 1, 2 ** 20), run);
  assert.is(table.allocateRun(0, 1, 1, 2 ** 20), -1);
});

test('any use after a base is rolled back bit for bit, allocation order included (rule 19, property)', () => {
  const step = fc.record({
    kind: fc.constantFrom('take', 'run', 'give', 'wire', 'dirty'),
    pool: fc.nat(3),
    pick: fc.nat(),
  });
  seeded(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 40 }), (first, second) => {
      const { table, journal, words } = build(24);
      const owned: number[] = [];
      const run = (steps: typeof first, mine: number[]): number[] => {
        const got: number[] = [];
        for (const { kind, pool, pick } of steps) {
          if (kind === 'take') {
            const frame = table.allocate(pool);
            got.push(frame);
            if (frame >= 0) mine.push(frame);
          } else if (kind === 'run') {
            const frame = table.allocateRun(pool, 2, 2, 2 ** 20);
            got.push(frame);
            if (frame >= 0) mine.push(frame, frame + 1);
          } else if (mine.length > 0) {
            const at = pick % mine.length;
            if (kind === 'give') giveBack(table, mine.splice(at, 1)[0]!, pool);
            else if (kind === 'wire') table.wire(mine[at]!, 1);
            else table.setDirty(mine[at]!, 1);
          }
        }
        return got;
      };
      run(first, owned);
      table.partition(3);
      journal.base();
      const before = [...words];
      const once = run(second, [...owned]);
      journal.rollback();
      assert.equal([...words], before);
      assert.equal(run(second, [...owned]), once, 'the same frames in the same order');
    }),
  );
});

test('never owns a frame twice, and counts what is free (property)', () => {
  const step = fc.record({ give: fc.boolean(), pool: fc.nat(4), pick: fc.nat() });
  seeded(
    fc.property(fc.nat(30), fc.array(step, { maxLength: 80 }), (size, steps) => {
      const frames = size + 2;
      const { table } = build(frames);
      table.partition(4);
      const owned: number[] = [];
      for (const { give, pool, pick } of steps) {
        if (give && owned.length > 0) giveBack(table, owned.splice(pick % owned.length, 1)[0]!, pool);
        else {
          const frame = table.allocate(pool);
          if (owned.length === frames - 1) assert.is(frame, -1);
          else {
            assert.ok(frame > 0 && frame < frames && !owned.includes(frame), `frame ${frame}`);
            owned.push(frame);
          }
        }
        assert.is(table.freeFrames, frames - 1 - owned.length);
      }
    }),
  );
});

test('a stretch of frames begins at a multiple of its step, below its limit, and is taken whole', () => {
  const { table } = build(32);
  const single = table.allocate(0);
  assert.is(single, 1);
  assert.is(table.allocateRun(0, 3, 4, 32), 4);
  assert.equal(
    [4, 5, 6].map((frame) => table.owners(frame)),
    [1, 1, 1],
  );
  assert.is(table.freeFrames, 31 - 4);
  // What was skipped on the way is still there.
  assert.equal([table.allocate(0), table.allocate(0), table.allocate(0)].sort(), [2, 3, 7]);
  assert.is(table.allocateRun(0, 4, 1, 11), -1);
  assert.is(table.allocateRun(0, 3, 1, 11), 8);
  assert.is(table.allocateRun(0, 22, 1, 32), -1);
  assert.is(table.allocateRun(0, 21, 1, 32), 11);
  assert.is(table.freeFrames, 0);
  for (const frame of [9, 3, 8, 10]) giveBack(table, frame, 0);
  assert.is(table.allocateRun(0, 3, 1, 32), 8, 'found among returned frames, in whatever order');
  assert.is(table.allocate(0), 3);
});

test('a stretch comes from its own pool, then from others that have one (rule 5)', () => {
  const { table } = build(100);
  table.partition(3);
  const others = table.frontier(1);
  const own = table.allocateRun(2, 4, 1, 100);
  assert.is(table.allocate(2), own + 4);
  assert.is(table.frontier(1), others);
  assert.is(table.allocateRun(2, 23, 1, 100), table.frontier(0) - 23, 'of the machine, which has most');
});

test('whatever is taken in stretches is free in the end, and a rollback brings it back', () => {
  const step = fc.record({
    action: fc.nat(3),
    pool: fc.nat(3),
    count: fc.integer({ min: 1, max: 6 }),
    step: fc.constantFrom(1, 2, 4),
    pick: fc.nat(),
  });
  seeded(
    fc.property(fc.integer({ min: 8, max: 60 }), fc.array(step, { maxLength: 60 }), (frames, steps) => {
      const { table, journal, words } = build(frames);
      table.partition(3);
      journal.base();
      const before = words.slice();
      const owned: number[] = [];
      for (const { action, pool, count, step: multiple, pick } of steps) {
        if (action === 0 && owned.length > 0) giveBack(table, owned.splice(pick % owned.length, 1)[0]!, pool);
        else if (action === 1) {
          const frame = table.allocate(pool);
          if (frame >= 0) owned.push(frame);
        } else {
          const first = table.allocateRun(pool, count, multiple, frames - (pick % 3));
          if (first < 0) continue;
          assert.is(first % multiple, 0);
          assert.ok(first + count <= frames - (pick % 3));
          for (let frame = first; frame < first + count; frame++) {
            assert.ok(frame > 0 && !owned.includes(frame), `frame ${frame}`);
            owned.push(frame);
          }
        }
        assert.is(table.freeFrames, frames - 1 - owned.length);
        assert.is(new Set(owned).size, owned.length);
      }
      journal.rollback();
      assert.equal(words, before);
    }),
  );
});

test.run();
