/** Counting different traces in bounded memory, what is left to be seen, and what PCT may have missed (issue 4, part 3). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Distinct } from '../../src/explore/distinct.ts';
import { missed } from '../../src/explore/missed.ts';
import { Generator } from '../../src/schedule/generator.ts';

const test = suite('distinct');

/** The hash of item n. */
function hashOf(n: number): number {
  generator.seed(99, n);
  return generator.next() * 2 ** 21 + (generator.next() >>> 11);
}
const generator = new Generator();

function drawn(items: readonly number[]): Distinct {
  const distinct = new Distinct();
  for (const item of items) distinct.add(hashOf(item));
  return distinct;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('up to 4,096 the count is exact, however often each comes', () => {
  const distinct = drawn([...range(0, 4096), ...range(0, 4096), ...range(0, 10)]);
  assert.is(distinct.count, 4096);
  assert.ok(distinct.isExact);
  assert.is(distinct.draws, 8202);
  assert.is(distinct.unseen, 0);
});

test('there are never more than draws, whatever the estimate', () => {
  for (let size = 4100; size <= 8000; size += 100) {
    const { count, draws } = drawn(range(0, size));
    assert.ok(count <= draws, `${count} of ${draws}`);
  }
});

for (const size of [5000, 60_000, 300_000]) {
  test(`${size} are estimated within 5 %, three standard errors`, () => {
    const { count, isExact } = drawn(range(0, size));
    assert.not(isExact);
    assert.ok(Math.abs(count / size - 1) < 0.05, `${count}`);
  });
}

test('what several have seen comes to the same in whatever order and parts, also where a part just filled its sample', () => {
  const whole = drawn([...range(0, 9000), ...range(4000, 9000)]);
  const parts = [drawn(range(0, 5000)), drawn(range(4000, 9000)), drawn(range(5000, 9000))].map((one) => one.seen());
  for (const order of [parts, [...parts].reverse()]) {
    const merged = new Distinct();
    for (const part of order) merged.merge(part);
    assert.equal(merged.seen(), whole.seen());
    assert.is(merged.unseen, whole.unseen);
  }
  const alone = new Distinct();
  alone.merge(drawn(range(0, 10_000)).seen());
  assert.not(alone.isExact);
});

test('the probability of something new is near the truth, for draws from a hundred and from a million', () => {
  for (const [size, draws] of [
    [100, 300],
    [1_000_000, 5000],
    [20_000, 20_000],
  ] as const) {
    const lots = new Generator();
    lots.seed(7, size);
    const items = range(0, draws).map(() => lots.below(size));
    const truth = 1 - new Set(items).size / size;
    const { unseen } = drawn(items);
    assert.ok(Math.abs(unseen! - truth) < 0.03, `${unseen} for ${truth}`);
  }
  assert.is(new Distinct().unseen, null);
});

test('what pct may have missed is the product of its guarantees, and nothing is claimed for others', () => {
  const explored = { strategy: 'pct', depth: 2, actors: 3, longest: 10, executions: 101 };
  const bound = missed(explored)!;
  assert.equal(Object.keys(bound), ['2']);
  assert.ok(Math.abs(bound['2']! - (29 / 30) ** 100) < 1e-12);
  const deeper = missed({ ...explored, depth: 3 })!;
  assert.equal(Object.keys(deeper), ['2', '3']);
  assert.ok(Math.abs(deeper['3']! - (299 / 300) ** 100) < 1e-12);
  assert.is(missed({ ...explored, executions: 1 })!['2'], 1);
  assert.is(missed({ ...explored, depth: 1 }), null);
  assert.is(missed({ ...explored, strategy: 'pos' }), null);
});

test.run();
