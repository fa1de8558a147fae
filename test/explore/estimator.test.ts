// deadline: 240
/** How many traces there are, estimated from 300 probes: within a fifth where others have counted, and refused where it would be wrong. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lostUpdate, reorder } from '../../scripts/bench/programs/counting.ts';
import { Estimator } from '../../src/explore/estimator.ts';
import { explore } from '../../src/explore/explore.ts';
import { flag } from '../../src/explore/explorer.ts';
import type { Exploration, TraceEstimate } from '../../src/explore/results.ts';
import { IOLock, type Scenario, type ScenarioMachine, type Task, threads } from '../../src/index.ts';
import { counted } from '../support/counted.ts';
import { load } from '../support/inline.ts';

const test = suite('estimator');

const seeds = 10;

function estimate(
  scenario: Partial<Scenario> & Pick<Scenario, 'tasks'>,
  seed = 1,
  probes = 300,
  flags = new Int32Array(flag.words),
): TraceEstimate {
  const settings = {
    strategy: 'random',
    seed,
    preemptions: null,
    rules: {},
    maximumSteps: 20_000,
    stopAtFirst: false,
  } as const;
  return new Estimator(load(scenario), settings).estimate(probes, flags);
}

for (const [name, program, traces] of counted)
  test(`${name}: within 20 % of ${traces} for nine of ten seeds`, () => {
    const found = Array.from({ length: seeds }, (_, i) => estimate(program, i + 1));
    const near = found.filter((one) => Math.abs(one.traces! / traces - 1) <= 0.2);
    assert.ok(near.length >= 0.9 * seeds, found.map((one) => Math.round(one.traces!)).join());
    // The error that it names: nearly all are within three of them.
    const honest = found.filter((one) => Math.abs(one.traces! - traces) <= 3 * one.standardError!);
    assert.ok(honest.length >= 0.9 * seeds, found.map((one) => `${one.traces} ± ${one.standardError}`).join());
  });

test('the mean over a hundred seeds is within four standard errors', () => {
  const found = Array.from({ length: 100 }, (_, i) => estimate(reorder(3), i + 1).traces!);
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  const variance = found.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (found.length - 1);
  assert.ok(Math.abs(mean - 1248) <= 4 * Math.sqrt(variance / found.length), String(mean));
});

test('the same seed gives the same estimate', () => {
  assert.equal(estimate(reorder(3), 7), estimate(reorder(3), 7));
});

test('threads that do not meet have one trace', () => {
  const setup = (machine: ScenarioMachine) => {
    const app = machine.task('app');
    const at = app.allocate(4096);
    app.store32(at, 0);
    return { at };
  };
  const run = (task: Task, { at }: { at: number }, i: number) => task.atomic.store(at + 4 * i, 1);
  const found = estimate({ setup, tasks: { app: threads(3, run) } } as never);
  assert.ok(Math.abs(found.traces! - 1) < 0.1, String(found.traces));
});

test('where nothing is shared but locks, what the first probe shows is forgotten: threads that had to wait took other steps than ever after', () => {
  const setup = () => ({ locks: [IOLock.alloc('a')!, IOLock.alloc('b')!] });
  const run = (_task: Task, { locks }: { locks: IOLock[] }) => {
    for (const lock of locks) {
      lock.lock();
      lock.unlock();
    }
  };
  const found = Array.from({ length: seeds }, (_, i) =>
    estimate({ setup, tasks: { app: threads(4, run) } } as never, i + 1),
  );
  // Each lock is had by the four in any order.
  const near = found.filter((one) => Math.abs(one.traces! / 24 ** 2 - 1) <= 0.2);
  assert.ok(near.length >= 0.9 * seeds, found.map((one) => `${one.traces} ± ${one.standardError}`).join());
});

const refused: [why: string, scenario: Partial<Scenario> & Pick<Scenario, 'tasks'>, reason: RegExp][] = [
  [
    'a deadlock',
    {
      setup: () => ({ locks: [IOLock.alloc('a')!, IOLock.alloc('b')!] }),
      tasks: Object.fromEntries(
        [0, 1].map((first) => [
          `t${first}`,
          (_task: Task, { locks }: { locks: IOLock[] }) => {
            locks[first]!.lock();
            locks[1 - first]!.lock();
            locks[1 - first]!.unlock();
            locks[first]!.unlock();
          },
        ]),
      ),
    } as Partial<Scenario> & Pick<Scenario, 'tasks'>,
    /deadlock/,
  ],
  ['a thread that yields', { tasks: { a: (task) => void task.yield(), b: (task) => void task.yield() } }, /yield/],
  ['store buffers', { ...lostUpdate(2, 1), machine: { physicalMemory: 1 << 20, memoryModel: 'tso' } }, /tso/],
  ['a data cache', { ...lostUpdate(2, 1), machine: { physicalMemory: 1 << 20, coherentDma: false } }, /data cache/],
];

for (const [why, scenario, reason] of refused)
  test(`${why}: no estimate, and why`, () => {
    const found = estimate(scenario);
    assert.is(found.traces, null);
    assert.is(found.standardError, null);
    assert.match(found.reason!, reason);
  });

test('asked to stop before it has begun, it has none', () => {
  const flags = new Int32Array(flag.words);
  flags[flag.stop] = 1;
  assert.equal(estimate(reorder(2), 1, 300, flags), {
    traces: null,
    standardError: null,
    probes: 0,
    reason: 'there was no time for two probes',
  });
});

test('what is explored is the same with an estimate and without', async () => {
  const file = new URL('../../scripts/bench/programs/counting.ts', import.meta.url);
  const options = {
    scenario: 'reorder_5',
    executions: 300,
    timeBudget: '60s',
    workers: 1,
    threadCheck: false,
  } as const;
  const one = (await explore(file, options)) as Exploration;
  const other = (await explore(file, { ...options, estimate: 50 })) as Exploration;
  assert.is(one.estimate, undefined);
  assert.is(other.estimate?.probes, 50);
  assert.equal([other.executions, other.traces, other.outcomes], [one.executions, one.traces, one.outcomes]);
});

test('bad options are one line that says what was expected', async () => {
  for (const [options, expected] of [
    [{ estimate: 1 }, 'estimate: expected a whole number from 2 to 1,000,000, got 1'],
    [{ estimate: 2, carrier: 'threads' }, 'estimate: probes are carried inline: leave out the carrier threads'],
  ] as const)
    await explore('none.ts', options).then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.message, expected),
    );
});

test.run();
