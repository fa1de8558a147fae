// deadline: 300
/** Memory pressure: pager and purger are actors of the schedule, alike on both carriers, and what they do replays. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { Kind } from '../../src/kernel/trace.ts';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';
import { RunsSchedule, runsOf } from '../../src/schedule/runs.ts';
import { inline, straight } from '../support/inline.ts';
import { within } from './support/bounded.ts';

const url = new URL('../fixtures/pressure-scenarios.ts', import.meta.url);
const frames = 256;
const limit = 60_000;

const count = ({ trace }: InlineMachine, kind: number, low: number): number => {
  let found = 0;
  for (let at = 0; at < trace.length; at = trace.after(at))
    if (trace.kindAt(at) === kind && trace.words[at + 5] === low) found++;
  return found;
};

for (const name of ['paging', 'wired', 'volatile']) {
  test(`schedules of "${name}" give the same trace inline, again, and on threads`, async () => {
    const loaded = await loadScenario(url.href, name);
    const reach = { first: new Int32Array(frames), points: new Uint8Array(frames).fill(1) };
    const options = { seed: 1, maximumSteps: 2000, everyOperation: true, reach, onShared() {} };
    const inline = new InlineMachine(loaded, options);
    const threads = await within(limit, 'booting', ThreadMachine.boot(url.href, name, { maximumSteps: 2000 }));
    let went = 0;
    try {
      const strategy = new RandomStrategy(7);
      for (let number = 1; number <= 30; number++) {
        strategy.begin(number);
        inline.run(strategy);
        const runs = runsOf(inline.trace);
        const hash = inline.trace.hash();
        went += count(inline, Kind.PageOut, 1) + count(inline, Kind.Purge, 1);
        // This one uses memory that it has not taken back: I11 of the race catalogue.
        for (const text of inline.texts.values())
          assert.ok(name === 'volatile' && /^client reads what was at .* while it was volatile/.test(text), text);
        assert.equal(checkInvariants(inline.state.kernel), []);
        inline.run(new RunsSchedule(runs));
        assert.is(inline.trace.hash(), hash, 'inline, by its own runs');
        if (number > 10) continue;
        const execution = await within(limit, 'a replay', threads.replay(runs, {}));
        assert.is(execution.traceHash, hash, `execution ${number}`);
        assert.is(execution.parted, -1);
      }
      assert.ok(went > 5, `${went} steps of pager and purger did something`);
    } finally {
      await within(limit, 'shutting down', threads.shutdown());
    }
  });
}

test('threads that need more than there is page each other out: alike on both carriers, and running freely', async () => {
  const loaded = await loadScenario(url.href, 'crowded');
  const reach = { first: new Int32Array(frames), points: new Uint8Array(frames).fill(1) };
  const options = { seed: 1, maximumSteps: 5000, everyOperation: true, reach, onShared() {} };
  const inline = new InlineMachine(loaded, options);
  const threads = await within(limit, 'booting', ThreadMachine.boot(url.href, 'crowded', { maximumSteps: 5000 }));
  try {
    for (const runs of [
      [
        { actor: 0, steps: 280 },
        { actor: 1, steps: 400 },
      ],
      [{ actor: 1, steps: 111 }],
    ]) {
      const written = { runs, choices: new Map() };
      inline.run(new RunsSchedule(written));
      assert.is(inline.judge(), '0 0 0');
      const execution = await within(limit, 'a replay', threads.replay(written, {}));
      assert.is(execution.traceHash, inline.trace.hash());
      assert.is(execution.outcome, '0 0 0');
    }
    const { outcomes } = await within(limit, 'stress', threads.stress({ iterations: 20, timeBudget: 50_000 }));
    assert.equal(Object.keys(outcomes), ['0 0 0']);
    // Every iteration began with what setup left, swap included.
    const again = await within(limit, 'a replay', threads.replay({ runs: [], choices: new Map() }, {}));
    assert.is(again.outcome, '0 0 0');
  } finally {
    await within(limit, 'shutting down', threads.shutdown());
  }
});

test('pages that could still go do not hide a deadlock', () => {
  const ended = inline({
    machine: { physicalMemory: 2 ** 20, swap: 2 ** 20, memoryPressure: true },
    setup: (m) => {
      const address = m.task('a').allocate(3 * 4096);
      for (let page = 0; page < 3; page++) m.task('a').store8(address + page * 4096, 1);
    },
    tasks: { a: (task) => task.receive(), b: (task) => task.receive() },
  }).run(straight);
  assert.equal(
    ended.violations.map(({ rule }) => rule),
    ['deadlock'],
  );
});

test('exploring finds each outcome that pressure makes possible, and nothing else', async () => {
  const options = { scenario: 'volatile', executions: 200, seed: 3, timeBudget: 60_000 } as const;
  const found = [await explore(url, { ...options, rules: { 'purgeable-contract': 'off' } })].flat()[0]!;
  assert.equal(found.failures, []);
  assert.equal(Object.keys(found.outcomes).sort(), ['0 emptied', '7 emptied', '7 kept']);
  const watched = [await explore(url, options)].flat()[0]!;
  assert.equal(
    watched.failures.map(({ rule }) => rule),
    ['purgeable-contract'],
  );
  assert.equal(Object.keys(watched.outcomes).sort(), ['7 emptied', '7 kept']);
});

test('no race is made up by pages that move: atomics order what they ordered', async () => {
  for (const [scenario, outcomes] of [
    ['paging', ['4']],
    ['flag', ['0', '5']],
  ] as const) {
    const found = [await explore(url, { scenario, executions: 200, seed: 3, timeBudget: 60_000 })].flat()[0]!;
    assert.equal(found.failures, []);
    assert.equal(Object.keys(found.outcomes).sort(), outcomes);
  }
});

test.run();
