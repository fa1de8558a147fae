/** Declaring scenarios (api.md, "Scenarios"): names of threads, and mistakes named where they were made. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  daemon,
  defineScenario,
  isScenario,
  kernelMode,
  planThreads,
  type Scenario,
  threads,
} from '../../src/task/scenario.ts';

const test = suite('scenario');
const nothing = (): void => {};
const plansOf = (tasks: Scenario['tasks']) =>
  planThreads(defineScenario({ name: 'x', tasks }) as Scenario).map(({ run: _, ...plan }) => plan);

test('a function is a thread named after its task; an object names several (api.md)', () => {
  assert.equal(plansOf({ client: nothing, kernel: { submit: nothing, abort: nothing } }), [
    { name: 'client', task: 'client', daemon: false, privileged: false, device: false },
    { name: 'kernel.submit', task: 'kernel', daemon: false, privileged: true, device: false },
    { name: 'kernel.abort', task: 'kernel', daemon: false, privileged: true, device: false },
  ]);
});

test('threads(n, fn) makes threads 0 to n - 1 in order, each with its number (api.md)', () => {
  const seen: number[] = [];
  const scenario = defineScenario({ name: 'x', tasks: { app: threads(12, (_task, _shared, i) => seen.push(i)) } });
  const plans = planThreads(scenario as Scenario);
  assert.equal(
    plans.map(({ name }) => name),
    Array.from({ length: 12 }, (_, i) => `app.${i}`),
  );
  for (const plan of plans) plan.run(null as never, null);
  assert.equal(
    seen,
    Array.from({ length: 12 }, (_, i) => i),
  );
});

test('daemon, kernelMode and threads go together in any order', () => {
  const expected = { task: 'app', daemon: true, privileged: true, device: false };
  assert.equal(plansOf({ main: nothing, app: daemon(kernelMode(nothing)) })[1], { name: 'app', ...expected });
  assert.equal(plansOf({ main: nothing, app: kernelMode(daemon(nothing)) })[1], { name: 'app', ...expected });
  assert.equal(plansOf({ main: nothing, app: threads(1, daemon(kernelMode(nothing))) })[1], {
    name: 'app.0',
    ...expected,
  });
});

test('wrapping marks a new function and leaves the old one alone', () => {
  const fn = (): string => 'result';
  const wrapped = daemon(fn);
  assert.equal(
    plansOf({ a: fn, b: wrapped }).map((plan) => plan.daemon),
    [false, true],
  );
  assert.is(wrapped(null as never, null), 'result');
});

test('a task without threads is a task (api.md)', () => {
  assert.equal(
    plansOf({ client: {}, kernel: nothing }).map(({ name }) => name),
    ['kernel'],
  );
});

test('devices come after all threads, need not end, and are handed a Device (api.md)', () => {
  const seen: unknown[] = [];
  const scenario = defineScenario({
    name: 'x',
    tasks: { a: nothing },
    devices: { disk: (device, shared) => seen.push(device.constructor.name, shared) },
  });
  const plan = planThreads(scenario as Scenario)[1]!;
  const { run: _, ...rest } = plan;
  assert.equal(rest, { name: 'disk', task: 'disk', daemon: true, privileged: false, device: true });
  plan.run({} as never, 5);
  assert.equal(seen, ['Device', 5]);
});

test('is recognised by a mark, and stays what was written', () => {
  const scenario = defineScenario({ name: 'x', tasks: { a: nothing } });
  assert.ok(isScenario(scenario));
  for (const other of [{ name: 'x', tasks: { a: nothing } }, null, undefined, 1, 'x']) assert.not(isScenario(other));
  assert.equal(Object.keys(scenario), ['name', 'tasks']);
});

const mistakes: [string, unknown, string][] = [
  ['no object', null, 'defineScenario: expected an object'],
  ['no name', { tasks: { a: nothing } }, 'scenario.name'],
  ['an empty name', { name: '', tasks: { a: nothing } }, 'scenario.name'],
  ['an unknown part', { name: 'x', task: {}, tasks: { a: nothing } }, 'scenario.task:'],
  ['a setup that is no function', { name: 'x', setup: {}, tasks: { a: nothing } }, 'scenario.setup'],
  ['a check that is no function', { name: 'x', check: 1, tasks: { a: nothing } }, 'scenario.check'],
  ['an outcome that is no function', { name: 'x', outcome: 'o', tasks: { a: nothing } }, 'scenario.outcome'],
  ['a device that is no function', { name: 'x', tasks: { a: nothing }, devices: { d: {} } }, 'scenario.devices.d'],
  ['devices that are no object', { name: 'x', tasks: { a: nothing }, devices: nothing }, 'scenario.devices'],
  ['a device named like a task', { name: 'x', tasks: { a: {}, b: nothing }, devices: { a: nothing } }, 'devices.a: a'],
  ['a device named kernel', { name: 'x', tasks: { a: nothing }, devices: { kernel: nothing } }, 'devices.kernel: a'],
  ['a device with a dot', { name: 'x', tasks: { a: nothing }, devices: { 'a.b': nothing } }, 'no dots'],
  ['allowed without outcome', { name: 'x', allowed: ['1'], tasks: { a: nothing } }, 'scenario.allowed: needs'],
  [
    'allowed that is no array',
    { name: 'x', allowed: '1', outcome: () => '1', tasks: { a: nothing } },
    'scenario.allowed',
  ],
  [
    'an allowed label that is no string',
    { name: 'x', allowed: [16], outcome: () => '16', tasks: { a: nothing } },
    'scenario.allowed[0]',
  ],
  ['no tasks', { name: 'x' }, 'scenario.tasks'],
  ['no thread', { name: 'x', tasks: { a: {} } }, 'scenario.tasks: expected at least one thread'],
  ['only daemons', { name: 'x', tasks: { a: daemon(nothing) } }, 'daemon'],
  ['a task with a dot', { name: 'x', tasks: { 'a.b': nothing } }, '"a.b"'],
  ['a task without a name', { name: 'x', tasks: { '': nothing } }, '""'],
  [
    'a thread that is no function',
    { name: 'x', tasks: { a: { b: 1 } } },
    'scenario.tasks.a.b: expected a function, got 1',
  ],
  ['a task that is no function', { name: 'x', tasks: { a: 'fn' } }, 'scenario.tasks.a: expected a function, got "fn"'],
  ['a task that is null', { name: 'x', tasks: { a: null } }, 'scenario.tasks.a'],
  ['more than 256 threads', { name: 'x', tasks: { a: threads(256, nothing), b: nothing } }, 'at most 256'],
];

for (const [what, scenario, start] of mistakes) {
  test(`${what} is one line that names it`, () => {
    assert.throws(
      () => defineScenario(scenario as never),
      (error: Error) =>
        /^(Type|Range)Error$/.test(error.name) && error.message.includes(start) && !error.message.includes('\n'),
    );
  });
}

test('threads takes 1 to 256, and wrappers take functions', () => {
  for (const n of [0, -1, 1.5, 257, Number.NaN, '2']) assert.throws(() => threads(n as number, nothing), RangeError);
  assert.throws(() => threads(2, 'fn' as never), TypeError);
  assert.throws(() => daemon(null as never), TypeError);
  assert.throws(() => kernelMode({} as never), TypeError);
});

test.run();
