// deadline: 240
/** Strategies that draw lots: the same for a seed whatever the number of workers, lessons (execution.md, rule 6); golden tokens are in golden.test.ts. */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { settle } from '../../src/explore/options.ts';
import { ReachMap } from '../../src/explore/reach-map.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { UsageError } from '../../src/machine/errors.ts';
import { gone, Intents } from '../../src/machine/intents.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { Maxima } from '../../src/schedule/maxima.ts';
import { isIndependent, makeStrategy, strategyNames } from '../../src/schedule/strategies.ts';

const test = suite('strategies');
const program = new URL('../../scripts/bench/programs/bugs/reorder.ts', import.meta.url);
const drawing = strategyNames.filter(isIndependent);

/** Well into the lanes (explore/rounds.ts). */
const executions = 14_000;

/** All that does not depend on how fast it went. */
function lasting({ elapsed: _, executionsPerSecond: __, ...rest }: Exploration): unknown {
  return rest;
}

for (const strategy of drawing) {
  test(`${strategy}: one worker and two find the same, to the token (rule 6)`, async () => {
    const results: Exploration[] = [];
    for (const workers of [1, 2]) {
      const options = { strategy, workers, executions, seed: 5, timeBudget: '60s', threadCheck: false };
      const scenario = 'reorder_4';
      results.push((await explore(fileURLToPath(program), { ...options, scenario })) as Exploration);
    }
    assert.is(results[0]!.executions, executions);
    assert.ok(results[0]!.failures.length > 0);
    assert.equal(lasting(results[1]!), lasting(results[0]!));
  });
}

test('what a strategy has learned in other chunks of a round changes nothing (rule 6)', async () => {
  const loaded = await loadScenario(program.href, 'reorder_5');
  for (const strategy of drawing) {
    const settings = {
      strategy,
      seed: 3,
      preemptions: null,
      rules: { 'data-race': 'off' },
      maximumSteps: 1000,
    } as const;
    const hashes: string[] = [];
    for (const before of [0, 200]) {
      const explorer = new Explorer(loaded, { ...settings, stopAtFirst: false });
      const flags = new Int32Array(flag.words);
      const prologue = { from: 1, to: 16, points: [], widenAtOnce: true };
      const { measured, reached } = explorer.explore(prologue, flags);
      const reach = new ReachMap();
      reach.merge(reached);
      const lesson = { points: reach.points(), measured, widenAtOnce: false };
      if (before > 0) explorer.explore({ from: 17, to: 16 + before, ...lesson }, flags);
      explorer.explore({ from: 500, to: 500, ...lesson }, flags);
      hashes.push(explorer.machine.trace.hash());
    }
    assert.is(hashes[1], hashes[0], strategy);
  }
});

test('lessons: the largest value counts, in whatever order, and only once it is adopted', () => {
  const lessons = new Maxima();
  lessons.note(7, 3);
  lessons.note(2, 5);
  lessons.note(7, 1);
  assert.is(lessons.of(7), 0);
  lessons.adopt();
  assert.is(lessons.of(7), 3);
  assert.equal(lessons.measured(), [
    [2, 5],
    [7, 3],
  ]);
  lessons.merge([
    [2, 4],
    [9, 1],
  ]);
  lessons.adopt();
  assert.equal([lessons.of(2), lessons.of(9)], [5, 1]);
  lessons.reset([[2, 1]]);
  assert.equal([lessons.of(2), lessons.of(7)], [1, 0]);
});

test('pct: without changes of priority each thread runs to its end, every order of threads comes', () => {
  const strategy = makeStrategy('pct', { seed: 1, preemptions: null, depth: 1 });
  strategy.lessons!.reset([[0, 12]]);
  const orders = new Set<string>();
  for (let number = 1; number <= 60; number++) {
    strategy.begin(number);
    const left = [4, 4, 4];
    let order = '';
    while (left.some((steps) => steps > 0)) {
      const runnable = Int32Array.from(left.flatMap((steps, actor) => (steps > 0 ? [actor] : [])));
      const actor = strategy.pick(runnable, runnable.length, -1, 0);
      if (order.at(-1) !== String(actor)) order += actor;
      left[actor]!--;
    }
    orders.add(order);
  }
  assert.equal([...orders].sort(), ['012', '021', '102', '120', '201', '210']);
});

test('urw: with known lengths every interleaving of two threads is about equally likely', () => {
  const strategy = makeStrategy('urw', { seed: 1, preemptions: null });
  strategy.lessons!.reset([
    [0, 4],
    [1, 2],
  ]);
  const counts = new Map<string, number>();
  for (let number = 1; number <= 15_000; number++) {
    strategy.begin(number);
    const left = [4, 2];
    let order = '';
    while (left.some((steps) => steps > 0)) {
      const runnable = Int32Array.from(left.flatMap((steps, actor) => (steps > 0 ? [actor] : [])));
      const actor = strategy.pick(runnable, runnable.length, -1, 0);
      order += actor;
      left[actor]!--;
    }
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.is(counts.size, 15);
  for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${order}: ${count}`);
});

/** Two threads that store to a word of their own, then to one that both reach: what SURW and POS are told of it. */
const [own, both] = [2, 3].map((word) => (word << 1) | 1) as [number, number];

test('surw: of the steps about the watched object every order is about equally likely, whatever else there is', () => {
  const strategy = makeStrategy('surw', { seed: 1, preemptions: null });
  const intents = new Intents(new Int32Array(Intents.words(2)));
  const program = [
    [own, own, own, own, own, both, both],
    [both, both],
  ];
  const counts = new Map<string, number>();
  strategy.watch!(intents, {} as never);
  for (let number = 1; number <= 6016; number++) {
    intents.clear();
    strategy.begin(number);
    const at = [0, 0];
    let order = '';
    for (;;) {
      const runnable = Int32Array.from([0, 1].filter((actor) => at[actor]! < program[actor]!.length));
      if (runnable.length === 0) break;
      const actor = strategy.pick(runnable, runnable.length, -1, 0);
      const code = program[actor]![at[actor]!]!;
      if (at[actor] === 0) intents.first[actor] = code;
      at[actor]!++;
      intents.next[actor] = program[actor]![at[actor]!] ?? gone;
      if (code === both) order += actor;
    }
    strategy.end(0);
    if (number <= 16) strategy.lessons!.adopt();
    else counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.is(counts.size, 6);
  for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${order}: ${count}`);
});

test('pos: a step keeps its priority while others do what has nothing to do with it, and draws anew where they conflict', () => {
  const strategy = makeStrategy('pos', { seed: 1, preemptions: null });
  const runnable = Int32Array.of(0, 1);
  const intents = new Intents(new Int32Array(Intents.words(2)));
  strategy.watch!(intents, {} as never);
  // Of twenty steps by actor 1 the last comes before the one of actor 0 as often as one priority is the larger of 21, or of two.
  const overtaken = { apart: 0, conflicting: 0 };
  for (const [kind, code] of [
    ['apart', own],
    ['conflicting', both],
  ] as const) {
    for (let number = 1; number <= 4000; number++) {
      strategy.begin(number);
      intents.next[0] = both;
      let steps = 0;
      while (steps < 20) {
        intents.next[1] = code;
        if (strategy.pick(runnable, 2, -1, 0) === 0) break;
        steps++;
      }
      if (steps >= 5) overtaken[kind]++;
    }
  }
  // Five larger ones in a row: 1/6 where the priority stays, 1/32 where it is drawn anew each time.
  assert.ok(Math.abs(overtaken.apart / 4000 - 1 / 6) < 0.03, `${overtaken.apart}`);
  assert.ok(Math.abs(overtaken.conflicting / 4000 - 1 / 32) < 0.015, `${overtaken.conflicting}`);
});

test('a depth belongs to pct, and is a whole number from 1', () => {
  assert.is(settle({ strategy: 'pct' }).depth, 3);
  assert.is(settle({ strategy: { name: 'pct', depth: 7 } }).depth, 7);
  const refused = [
    { name: 'urw', depth: 3 },
    { name: 'pct', depth: 0 },
    { name: 'pct', depth: 1.5 },
  ] as const;
  for (const strategy of refused)
    assert.throws(
      () => settle({ strategy }),
      (error: Error) => error instanceof UsageError,
    );
});

test.run();
