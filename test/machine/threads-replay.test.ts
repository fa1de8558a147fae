// deadline: 300
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';
import { RunsSchedule, runsOf } from '../../src/schedule/runs.ts';
import { rejection, within } from './support/bounded.ts';

const url = new URL('../fixtures/threads-scenarios.ts', import.meta.url).href;
const frames = 4096;
const maximumSteps = 600;
const limit = 60_000;

async function both(
  name: string,
  everyOperation: boolean,
  body: (inline: InlineMachine, threads: ThreadMachine, points: Uint8Array) => Promise<void>,
  file = url,
) {
  const loaded = await loadScenario(file, name);
  const points = new Uint8Array(frames);
  const reach = { first: new Int32Array(frames), points };
  const inline = new InlineMachine(loaded, { seed: 1, maximumSteps, everyOperation, reach, onShared() {} });
  const threads = await within(limit, `booting ${name}`, ThreadMachine.boot(file, name, { maximumSteps }));
  try {
    await body(inline, threads, points);
  } finally {
    await within(limit, `shutting ${name} down`, threads.shutdown());
  }
}

for (const name of [
  'lost update',
  'messages and time',
  'dma',
  'deadlock',
  'assertion',
  'uncaught',
  'process.exit',
  'livelock',
  'leak',
]) {
  test(`schedules of "${name}" give the same trace inline and on threads`, () =>
    both(name, true, async (inline, threads, points) => {
      points.fill(1);
      const strategy = new RandomStrategy(7);
      for (let number = 1; number <= 25; number++) {
        strategy.begin(number);
        inline.run(strategy);
        const runs = runsOf(inline.trace);
        const hash = inline.trace.hash();
        inline.run(new RunsSchedule(runs));
        assert.is(inline.trace.hash(), hash, 'inline, by its own runs');
        const execution = await within(limit, 'a replay', threads.replay(runs, {}));
        assert.is(execution.traceHash, hash, `execution ${number}`);
        assert.is(execution.parted, -1);
        assert.equal([...execution.texts.values()], [...inline.texts.values()]);
        assert.equal(execution.logs, inline.logs);
        assert.equal(execution.results, inline.results);
      }
    }));
}

for (let i = 0; i < 4; i++) {
  test(`schedules of random program ${i} give the same trace inline and on threads (rule 22)`, () =>
    both(
      `program ${i}`,
      true,
      async (inline, threads, points) => {
        points.fill(1);
        const strategy = new RandomStrategy(11);
        for (let number = 1; number <= 30; number++) {
          strategy.begin(number);
          inline.run(strategy);
          const execution = await within(limit, 'a replay', threads.replay(runsOf(inline.trace), {}));
          assert.is(execution.traceHash, inline.trace.hash(), `execution ${number}`);
          assert.equal(execution.results, inline.results);
          assert.equal([...execution.texts.values()], [...inline.texts.values()]);
        }
      },
      new URL('../fixtures/random-programs.ts', import.meta.url).href,
    ));
}

test('a schedule that no longer fits takes the nearest steps, alike on both carriers', () =>
  both('messages and time', true, async (inline, threads) => {
    for (const runs of [[{ actor: 2, steps: 3 }], [{ actor: 1, steps: 100 }], [], [{ actor: 9, steps: 1 }]]) {
      const written = { runs, choices: new Map([[1, [2]]]) };
      inline.run(new RunsSchedule(written));
      const execution = await within(limit, 'a replay', threads.replay(written, {}));
      assert.is(execution.traceHash, inline.trace.hash());
    }
  }));

test('a strategy picks alike on both carriers, and is asked at scheduling points only', () =>
  both('messages and time', false, async (inline, threads, points) => {
    const strategy = new RandomStrategy(1);
    const shared = new Set<number>();
    for (let number = 1; number <= 20; number++) {
      strategy.begin(number);
      inline.run(strategy);
      const execution = await within(limit, 'an execution', threads.explore('random', number, { points: [...shared] }));
      assert.is(execution!.traceHash, inline.trace.hash(), `execution ${number}`);
      for (const frame of execution!.shared) shared.add(frame);
      for (const frame of shared) points[frame] = 1;
    }
    assert.ok(shared.size > 0, 'some page was shared');
  }));

test('check and outcome are judged, and executions leave the state as it was', async () => {
  const threads = await within(limit, 'booting', ThreadMachine.boot(url, 'check', {}));
  const before = await threads.stateHash();
  const execution = await threads.replay({ runs: [], choices: new Map() });
  assert.equal([...execution.texts.values()], ['it is 1']);
  assert.is(await threads.stateHash(), before);
  await Promise.all([threads.shutdown(), threads.shutdown()]);
  assert.match((await rejection(threads.replay({ runs: [], choices: new Map() }))).message, /shut down/);
});

test('a file that is not there, or has no such scenario, is refused', async () => {
  assert.is((await rejection(ThreadMachine.boot(`${url}.nothing`, null))).name, 'ScenarioError');
  assert.is((await rejection(ThreadMachine.boot(url, 'no such'))).name, 'UsageError');
});

test.run();
