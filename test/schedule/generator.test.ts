/** The generator and the random strategy: seeds mean the same for ever (execution.md rule 6). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Generator } from '../../src/schedule/generator.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';

const test = suite('generator');

function first(seed: number, stream: number, count = 4): number[] {
  const generator = new Generator();
  generator.seed(seed, stream);
  return Array.from({ length: count }, () => generator.next());
}

/** Golden: whoever changes these changes what every seed in the world finds. */
test('streams are what they were when this was written (rule 6)', () => {
  const hex = (numbers: number[]) => numbers.map((number) => number.toString(16).padStart(8, '0')).join(' ');
  assert.is(hex(first(1, 1)), '07ce0913 97be8c83 3b6113d4 e3d5ea5a');
  assert.is(hex(first(1, 16)), '3f54b157 9ebb8792 c4e9b94f abbf0825');
  assert.is(hex(first(0, 0)), 'c6bf267c cb0248d9 9ba7c502 88e422b6');
  assert.is(hex(first(2 ** 32 - 1, 2 ** 40 + 3)), 'eb96ddf6 7cd8c102 ff29dde3 010ea8e6');
});

test('seed and stream both count, streams beyond 2^32 too', () => {
  const all = new Set<string>();
  const pairs = [
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 2 ** 32 + 1],
    [1, 2 ** 33 + 1],
    [2 ** 32 - 1, 1],
    [2 ** 31, 1],
  ] as const;
  for (const [seed, stream] of pairs) all.add(first(seed, stream).join());
  assert.is(all.size, pairs.length);
});

test('seeding starts over, whatever came before', () => {
  const generator = new Generator();
  generator.seed(5, 6);
  for (let i = 0; i < 100; i++) generator.next();
  generator.seed(1, 1);
  assert.is(generator.next(), first(1, 1)[0]);
});

test('below(n) reaches every number below n and no other, about equally, from the first draw of each stream on', () => {
  const generator = new Generator();
  for (const n of [1, 2, 3, 7]) {
    const counts = new Array<number>(n).fill(0);
    for (let stream = 1; stream <= 3000; stream++) {
      generator.seed(1, stream);
      for (let draw = 0; draw < 2; draw++) counts[generator.below(n)]!++;
    }
    assert.is(counts.length, n);
    for (const count of counts) assert.ok(Math.abs(count - 6000 / n) < 6 * Math.sqrt(6000 / n), `${n}: ${counts}`);
  }
});

test('draws of one stream are independent of each other and of the next stream’s', () => {
  const generator = new Generator();
  const counts = new Map<string, number>();
  let last = 0;
  for (let stream = 1; stream <= 8000; stream++) {
    generator.seed(1, stream);
    const [a, b] = [generator.below(2), generator.below(2)];
    const key = `${last}${a}${b}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    last = a;
  }
  assert.is(counts.size, 8);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 200, JSON.stringify([...counts]));
});

test('execution n of the random strategy depends on seed and n alone (rule 6)', () => {
  const runnable = Int32Array.of(0, 1, 2, 3);
  const draw = (strategy: RandomStrategy, number: number): string => {
    assert.ok(strategy.begin(number));
    const picks = Array.from({ length: 10 }, (_, i) => strategy.pick(runnable, 2 + (i % 3)));
    strategy.end();
    return [...picks, strategy.choose(5)].join();
  };
  const used = new RandomStrategy(3);
  for (let number = 1; number <= 20; number++) draw(used, number);
  assert.is(draw(used, 7), draw(new RandomStrategy(3), 7));
  used.restart();
  assert.is(draw(used, 8), draw(new RandomStrategy(3), 8));
  assert.is.not(draw(used, 7), draw(used, 8));
  assert.is.not(draw(used, 7), draw(new RandomStrategy(4), 7));
});

test.run();
