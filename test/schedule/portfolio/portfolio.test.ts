/** The portfolio: who decides which execution, lessons of all in one, and what is predicted from the order of locks (issue 4, part 2). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../../src/explore/explorer.ts';
import { gone, Intents } from '../../../src/machine/intents.ts';
import { loadScenario } from '../../../src/machine/scenario-loader.ts';
import type { Watched } from '../../../src/machine/schedule.ts';
import { LockOrder } from '../../../src/schedule/portfolio/lock-order.ts';
import { OneDelay } from '../../../src/schedule/portfolio/one-delay.ts';
import { Portfolio } from '../../../src/schedule/portfolio/portfolio.ts';

const test = suite('portfolio');

/** The code of a call about lock n. */
const lock = (n: number): number => (n << 1) | 0x80000001;

/** Shows an execution in which actors take locks in this order, and give each back where they come to it again. */
function show(order: LockOrder, calls: readonly (readonly [actor: number, lock: number])[]): void {
  const intents = new Intents(new Int32Array(Intents.words(4)));
  const held = new Set<string>();
  order.watch(intents);
  order.begin(1);
  for (const [actor, n] of calls) {
    order.settle();
    const takes = !held.delete(`${actor} ${n}`);
    if (takes) held.add(`${actor} ${n}`);
    const begins = intents.first[actor] === 0;
    intents.next[actor] = begins ? 0 : lock(n);
    intents.locks[actor] = takes ? n : 0;
    order.step(actor);
    if (!begins) continue;
    intents.first[actor] = lock(n);
    intents.firstLocks[actor] = n;
  }
  order.settle();
}

const circlesOf = (order: LockOrder): number[][] => order.circles().map((circle) => circle.map(({ actor }) => actor));

test('two threads that take two locks in opposite order are a circle, also where it is their first step', () => {
  const order = new LockOrder();
  show(order, [
    [0, 1],
    [0, 2],
    [0, 2],
    [0, 1],
    [1, 2],
    [1, 1],
  ]);
  assert.equal(circlesOf(order), [[0, 1]]);
  assert.ok(order.holds(1, lock(2)));
  assert.not(order.holds(0, lock(1)), 'given back');
});

test('the same order is no circle, nor are opposite ones under a common lock, nor one thread alone', () => {
  const order = new LockOrder();
  const both = [1, 2, 2, 1] as const;
  show(
    order,
    [0, 1].flatMap((actor) => both.map((n) => [actor, n] as const)),
  );
  assert.equal(circlesOf(order), []);
  const guarded = new LockOrder();
  show(guarded, [...[3, 1, 2, 2, 1, 3].map((n) => [0, n] as const), ...[3, 2, 1, 1, 2, 3].map((n) => [1, n] as const)]);
  assert.equal(circlesOf(guarded), []);
  const alone = new LockOrder();
  show(
    alone,
    [1, 2, 2, 1, 2, 1, 1, 2].map((n) => [0, n] as const),
  );
  assert.equal(circlesOf(alone), []);
});

test('three threads may need three locks for a circle; what another execution showed counts', () => {
  const order = new LockOrder();
  for (const actor of [0, 1, 2])
    show(
      order,
      [1 + actor, 1 + ((actor + 1) % 3)].map((n) => [actor, n] as const),
    );
  assert.equal(circlesOf(order), [[0, 1, 2]]);
  order.forget();
  assert.equal(circlesOf(order), []);
});

test('very many chains of locks without a circle end soon', () => {
  const order = new LockOrder();
  const calls: [number, number][] = [];
  for (let actor = 0; actor < 4; actor++)
    for (let n = 1; n < 100; n++) calls.push([actor, n], [actor, n + 1], [actor, n + 1], [actor, n]);
  show(order, calls);
  assert.equal(order.circles(), []);
});

/** The order in which three threads of three steps run. */
function orderOf(strategy: OneDelay, number: number): string {
  const left = [3, 3, 3];
  let order = '';
  let current = -1;
  strategy.begin(number);
  while (left.some((steps) => steps > 0)) {
    const runnable = Int32Array.from([0, 1, 2].filter((actor) => left[actor]! > 0));
    const stands = current >= 0 && left[current]! > 0 ? current : -1;
    current = strategy.pick(runnable, runnable.length, stands);
    left[current]!--;
    order += current;
  }
  strategy.end();
  strategy.lessons.adopt();
  return order;
}

test('serial: up or down, one thread being passed over at one point, whoever it is and wherever', () => {
  const strategy = new OneDelay(1);
  orderOf(strategy, 1);
  const seen = new Set<string>();
  for (let number = 2; number < 300; number++) seen.add(orderOf(strategy, number));
  const delayed = ['0', '1', '2'].flatMap((_, at) => [
    `${'0'.repeat(at)}111222${'0'.repeat(3 - at)}`,
    `000${'1'.repeat(at)}222${'1'.repeat(3 - at)}`,
    `${'2'.repeat(at)}111000${'2'.repeat(3 - at)}`,
    `222${'1'.repeat(at)}000${'1'.repeat(3 - at)}`,
  ]);
  const plain = ['000111222', '222111000'];
  assert.equal([...seen].sort(), [...new Set([...delayed, ...plain])].sort());
});

test('serial: nobody goes on for ever while another waits', () => {
  const strategy = new OneDelay(1);
  strategy.begin(1);
  const picked = Array.from({ length: 5000 }, () => strategy.pick(Int32Array.of(0, 1), 2, -1));
  assert.equal([...new Set(picked)].sort(), [0, 1]);
});

/** Who decides 3200 executions after the beginning, and how many of them. */
function partsOf(portfolio: Portfolio): Map<string, number> {
  portfolio.watch(new Intents(new Int32Array(Intents.words(2)).fill(gone)), {} as Watched);
  const parts = new Map<string, number>();
  for (let number = 17; number <= 16 + 3200; number++) {
    portfolio.begin(number);
    parts.set(portfolio.part, (parts.get(portfolio.part) ?? 0) + 1);
  }
  return parts;
}

test('after the beginning everybody has its turns, and greybox a quarter of all besides; surw those of flips where there is no race', () => {
  const race = 5 * 2 ** 22 + 6;
  for (const known of [true, false]) {
    const portfolio = new Portfolio(1);
    // Members' lessons have keys of their own; those of flips are the third.
    if (known) portfolio.lessons.reset([[2 * 2 ** 48 + race, 1]]);
    const parts = partsOf(portfolio);
    const members = ['flips', 'greybox', 'pct:10', 'pct:3', 'pos', 'serial', 'surw', 'urw'];
    assert.equal(
      [...parts.keys()].sort(),
      members.filter((part) => known || part !== 'flips'),
    );
    // Nobody has shown who reads from whom: the lots are even.
    for (const [part, times] of parts) {
      const shares = part === 'surw' && !known ? 2 : 1;
      const expected = shares * (200 + 100) + (part === 'greybox' ? 800 : 0);
      assert.ok(Math.abs(times - expected) < 40, `${part}: ${times}`);
    }
  }
});

test('lessons of all members travel as one list, in the order of keys, and come back to the same', async () => {
  const file = new URL('../../../scripts/bench/programs/bugs/twostage.ts', import.meta.url).href;
  const loaded = await loadScenario(file, 'twostage_20');
  const rules = { 'data-race': 'off' } as const;
  const settings = {
    strategy: 'portfolio',
    seed: 1,
    preemptions: null,
    rules,
    maximumSteps: 5000,
    stopAtFirst: false,
  } as const;
  const { measured } = new Explorer(loaded, settings).explore(
    { from: 1, to: 16, points: [], widenAtOnce: true },
    new Int32Array(flag.words),
  );
  assert.ok(measured.length > 50);
  const keys = measured.map(([key]) => key);
  assert.equal(
    keys,
    [...keys].sort((a, b) => a - b),
  );
  assert.is(new Set(keys).size, keys.length);
  assert.ok(keys.every((key) => Number.isSafeInteger(key)));
  const other = new Portfolio(7);
  other.lessons.reset(measured);
  assert.equal(other.lessons.measured(), measured);
});

test('a circle of locks that execution 1 shows is closed by execution 2, which says who found it', async () => {
  const file = new URL('../../../scripts/bench/programs/bugs/deadlocks.ts', import.meta.url).href;
  for (const name of ['deadlock01', 'phil_cycle_3', 'phil_cycle_7']) {
    const loaded = await loadScenario(file, name);
    const settings = {
      strategy: 'portfolio',
      seed: 3,
      preemptions: null,
      rules: {},
      maximumSteps: 5000,
      stopAtFirst: true,
    } as const;
    const { found, failedAt } = new Explorer(loaded, settings).explore(
      { from: 1, to: 16, points: [], widenAtOnce: true },
      new Int32Array(flag.words),
    );
    assert.is(failedAt, 2, name);
    assert.equal(
      found.filter(({ level }) => level === 'fail').map(({ rule, by }) => [rule, by]),
      [['deadlock', 'lock-circles']],
    );
  }
});

test.run();
