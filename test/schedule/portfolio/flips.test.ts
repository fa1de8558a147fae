/** Races of earlier executions, turned round: which pairs of steps are races, in which order they are tried, and that they come round (issue 4, part 2). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../../src/explore/explorer.ts';
import { gone, Intents } from '../../../src/machine/intents.ts';
import { loadScenario } from '../../../src/machine/scenario-loader.ts';
import { Maxima } from '../../../src/schedule/maxima.ts';
import { Flips } from '../../../src/schedule/portfolio/flips.ts';
import { Races } from '../../../src/schedule/portfolio/races.ts';
import { Turnable } from '../../../src/schedule/portfolio/turnable.ts';

const test = suite('flips');

const load = (word: number): number => word << 1;
const store = (word: number): number => (word << 1) | 1;
/** A call about an object, which takes a lock where `takes`. */
const call = (n: number, takes = false): Step => ({ code: (n << 1) | 0x80000001, lock: takes ? n : 0 });
const access = (code: number): Step => ({ code, lock: 0 });

interface Step {
  readonly code: number;
  readonly lock: number;
}
type Taken = readonly [actor: number, step: Step];

/** Races of an execution in which actors take these steps, each as the numbers of both, from 0. `waits`: actors that cannot go on before a step. */
function racesOf(steps: readonly Taken[], waits: readonly (readonly [actor: number, before: number])[] = []): string[] {
  const numbers = new Map<number, number>();
  const found: string[] = [];
  const races = new Races((earlier, later) => found.push(`${numbers.get(earlier)}-${numbers.get(later)}`));
  const intents = new Intents(new Int32Array(Intents.words(8)));
  intents.next.fill(1);
  races.watch(intents);
  races.begin(1);
  steps.forEach(([actor, { code, lock }], number) => {
    races.settle();
    const runnable = [0, 1, 2, 3].filter((one) => !waits.some(([who, before]) => who === one && number < before));
    races.look(Int32Array.from(runnable), runnable.length);
    intents.next[actor] = code;
    intents.locks[actor] = lock;
    if (races.placeBefore(actor) !== 0) numbers.set(races.placeBefore(actor), number);
    races.step(actor);
  });
  return found;
}

test('two accesses to one word by two threads are a race where one stores, unless others have ordered them', () => {
  assert.equal(
    racesOf([
      [0, access(store(5))],
      [1, access(load(5))],
    ]),
    ['0-1'],
  );
  assert.equal(
    racesOf([
      [0, access(load(5))],
      [1, access(load(5))],
      [1, access(load(6))],
      [0, access(store(7))],
    ]),
    [],
  );
  // Both stores of actor 0 come before the second load of actor 1, the first one by way of the first load.
  assert.equal(
    racesOf([
      [0, access(store(5))],
      [0, access(store(6))],
      [1, access(load(6))],
      [1, access(load(5))],
    ]),
    ['1-2'],
  );
});

test('a store is in a race with the last load of another thread, also where its own thread has loaded since', () => {
  assert.equal(
    racesOf([
      [0, access(load(9))],
      [0, access(load(5))],
      [1, access(load(5))],
      [1, access(store(5))],
    ]),
    ['1-3'],
  );
});

test('critical sections are in a race as a whole: the steps that take the lock, not what is done under it or gives it back', () => {
  assert.equal(
    racesOf([
      [0, call(7, true)],
      [0, access(store(5))],
      [0, call(7)],
      [1, access(load(6))],
      [1, call(7, true)],
      [1, access(store(5))],
      [1, call(7)],
    ]),
    ['0-4'],
  );
});

test('calls about one object are a race, also where nobody knows what they do', () => {
  assert.equal(
    racesOf([
      [0, call(7)],
      [1, access(load(6))],
      [1, call(7)],
    ]),
    ['0-2'],
  );
});

test('who could not go on comes after the step that let it', () => {
  const steps: Taken[] = [
    [0, access(store(5))],
    [0, access(store(6))],
    [1, access(load(5))],
  ];
  assert.equal(racesOf(steps), ['0-2']);
  assert.equal(racesOf(steps, [[1, 2]]), []);
  assert.equal(racesOf(steps, [[1, 1]]), [], 'the step that let it is the store itself');
});

test('pairs are tried by turns from the first execution and the last that shows an untried one; each twice', () => {
  const lessons = new Maxima();
  const turnable = new Turnable(lessons);
  const [a, b, c, d] = [10, 20, 30, 40] as const;
  const next = (): number[] => {
    const pair = turnable.untried();
    if (pair === 0) return [];
    const one = [turnable.earlierOf(pair), turnable.laterOf(pair), turnable.oneOf(pair), turnable.otherOf(pair)];
    const way = turnable.try(pair);
    lessons.adopt();
    return [...one, way];
  };
  turnable.begin(3);
  turnable.note(a, b, 1, 2);
  turnable.note(b, c, 1, 2);
  turnable.begin(4);
  turnable.note(c, d, 3, 1);
  turnable.note(a, b, 3, 1);
  turnable.note(d, d, 3, 1);
  assert.equal(next(), [], 'nothing was adopted yet');
  lessons.adopt();
  assert.equal(next(), [b, c, 1, 2, 0], 'the last pair of execution 3');
  assert.equal(next(), [c, d, 3, 1, 0], 'execution 4');
  turnable.begin(5);
  turnable.note(b, a, 2, 1);
  lessons.adopt();
  assert.equal(next(), [a, b, 1, 2, 0]);
  assert.equal(next(), [b, a, 2, 1, 0]);
  const again = [next(), next(), next(), next()];
  assert.equal(
    again.map(([earlier, later, , , way]) => [earlier, later, way]),
    [
      [b, c, 1],
      [b, a, 1],
      [a, b, 1],
      [c, d, 1],
    ],
  );
  assert.equal(next(), []);
});

/** Executions 1 to `executions` of threads with these steps, each as the actors in order. `waits`: the last one cannot begin before that many steps. */
function ordersOf(
  program: readonly (readonly number[])[],
  executions: number,
  { waits = 0, isFirstKnown = true } = {},
): string[] {
  const flips = new Flips(1);
  const intents = new Intents(new Int32Array(Intents.words(4)));
  flips.watch(intents);
  const orders: string[] = [];
  for (let number = 1; number <= executions; number++) {
    const at = program.map(() => 0);
    intents.clear();
    intents.next.fill(gone);
    flips.begin(number);
    if (!flips.aim()) break;
    let order = '';
    let current = -1;
    for (;;) {
      program.forEach((codes, actor) => {
        intents.next[actor] = isFirstKnown || at[actor]! > 0 ? (codes[at[actor]!] ?? gone) : 0;
      });
      const runnable = Int32Array.from(program.keys()).filter(
        (actor) => intents.next[actor] !== gone && (order.length >= waits || actor < program.length - 1),
      );
      if (runnable.length === 0) break;
      const actor = flips.pick(runnable, runnable.length, runnable.includes(current) ? current : -1);
      intents.first[actor] = program[actor]![0]!;
      at[actor]!++;
      order += actor;
      current = actor;
    }
    flips.end();
    flips.lessons.adopt();
    orders.push(order);
  }
  return orders;
}

test('serial up, serial down, then each race the other way: the other thread to its end first, later the held one at once', () => {
  const writer = [store(1), store(2), store(3)];
  const reader = [load(3), load(2), load(7), load(8)];
  const orders = ordersOf([writer, reader], 20);
  assert.equal(orders.slice(0, 2), ['0001111', '1111000']);
  // The race of execution 1 is about word 3, that of execution 2 about word 2.
  assert.ok(orders.includes('0011110'), 'the writer is held before word 3, the reader goes on to its end');
  assert.ok(orders.includes('0010111'), 'the same, and the writer comes at once');
  assert.ok(orders.includes('1001110') || orders.includes('1000111'), 'the reader is held before word 2');
  assert.is(ordersOf([writer, reader], 100).length < 20, true, 'it comes to an end');
});

test('of threads that do the same all are held at the place of one', () => {
  const writer = [store(1), store(2)];
  const [up, down, turned] = ordersOf([writer, writer, writer, [load(1), load(2)]], 3, { waits: 3 });
  assert.equal([up, down], ['00112233', '22113300']);
  assert.is(turned, '20133012', 'everybody stands before the second word until the reader has read both');
});

test('who has not begun is held too, as soon as an execution has shown what begins it', () => {
  const program = [
    [load(1), load(2)],
    [store(1), store(3)],
  ];
  const orders = ordersOf(program, 20, { isFirstKnown: false });
  assert.equal(orders.slice(0, 2), ['0011', '1100']);
  assert.ok(orders.includes('1001'), 'the reader comes at once after the store');
});

test('who is held for somebody who waits for it is let go', () => {
  // Actor 1 spins until word 1 is stored, which actor 0 does after word 2; nobody can turn that round.
  const flips = new Flips(1);
  const intents = new Intents(new Int32Array(Intents.words(2)));
  flips.watch(intents);
  for (let number = 1; number <= 12; number++) {
    flips.begin(number);
    if (!flips.aim()) return;
    let [stores, looks, steps] = [0, 0, 0];
    while (stores < 2 || looks === 0) {
      intents.next[0] = [store(2), store(1)][stores] ?? gone;
      intents.next[1] = looks === 0 ? load(1) : gone;
      const runnable = Int32Array.from([0, 1]).filter((actor) => intents.next[actor] !== gone);
      const actor = flips.pick(runnable, runnable.length, -1);
      if (actor === 0) stores++;
      else if (stores === 2) looks++;
      assert.ok(steps++ < 10_000, `execution ${number} ends`);
    }
    flips.end();
    flips.lessons.adopt();
  }
});

test('a bug that needs one step before another is found by the first of their races, however many threads there are', async () => {
  for (const [file, names] of [
    ['reorder', ['reorder_3', 'reorder_20']],
    ['twostage', ['twostage', 'twostage_20']],
  ] as const) {
    for (const name of names) {
      const { href } = new URL(`../../../scripts/bench/programs/bugs/${file}.ts`, import.meta.url);
      const explorer = new Explorer(await loadScenario(href, name), {
        strategy: 'portfolio',
        seed: 11,
        preemptions: null,
        rules: { 'data-race': 'off' },
        maximumSteps: 5000,
        stopAtFirst: true,
      });
      const job = { from: 1, to: 16, points: [], widenAtOnce: true };
      const { failedAt, found } = explorer.explore(job, new Int32Array(flag.words));
      assert.is(failedAt, 4, name);
      assert.equal(
        found.map(({ by }) => by),
        ['flips'],
      );
    }
  }
});

test.run();
