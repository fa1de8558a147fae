// deadline: 300
/** The data cache of a machine whose devices are not coherent: evictions are the schedule's, alike on both carriers, and are found out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { replay } from '../../src/explore/replay.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { Kind } from '../../src/kernel/trace.ts';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';
import { RunsSchedule, runsOf } from '../../src/schedule/runs.ts';
import { everySchedule } from '../support/search.ts';
import { within } from './support/bounded.ts';

const url = new URL('../fixtures/cache-scenarios.ts', import.meta.url);
const frames = 256;
const limit = 60_000;

/** By scenario: the rules it breaks, and its outcomes, over every schedule with at most two preemptions. */
const expected: Readonly<Record<string, readonly [rules: readonly string[], outcomes: readonly string[]]>> = {
  'a flag may reach memory before what it announces': [[], ['1 1', '1 5', '2 1', '2 5']],
  'a dirty line goes over what a device wrote beside it': [['lost-write'], ['7']],
  'a dirty line is written back before, so that nothing is lost': [[], ['7']],
  'a store is dropped with the line of its neighbour': [['lost-write'], []],
  'memory at two addresses in two modes': [['missing-cache-flush', 'stale-data'], ['5 2']],
  'write-through stores reach memory at once': [[], ['6']],
  'tasks see each other, whatever caches do': [[], ['4']],
  'a task that is gone leaves its lines': [[], ['5']],
  'what the kernel copies goes through the cache': [['missing-cache-flush'], ['9,1 9']],
  'scalars across the edges of lines and pages': [[], ['578437695752307201,67305985']],
  'prepared for a device that is not coherent': [[], []],
  'a command that stores nothing': [['missing-cache-flush'], []],
  'pages come and go, and caches with them': [[], ['5 0 3']],
};

for (const [name, [rules, outcomes]] of Object.entries(expected)) {
  test(`"${name}": every schedule`, async () => {
    const found = await everySchedule(url.href, name);
    assert.equal([found.rules, found.outcomes], [rules, outcomes]);
  });
}

for (const name of Object.keys(expected)) {
  test(`schedules of "${name}" give the same trace inline, again, and on threads`, async () => {
    const loaded = await loadScenario(url.href, name);
    const reach = { first: new Int32Array(frames), points: new Uint8Array(frames) };
    const options = { seed: 1, maximumSteps: 5000, everyOperation: true, reach, onShared() {} };
    const inline = new InlineMachine(loaded, options);
    const base = stateHash(inline.state.kernel);
    const threads = await within(limit, 'booting', ThreadMachine.boot(url.href, name, { maximumSteps: 5000 }));
    let evicted = 0;
    try {
      const strategy = new RandomStrategy(7);
      for (let number = 1; number <= 12; number++) {
        strategy.begin(number);
        inline.run(strategy);
        const runs = runsOf(inline.trace);
        const hash = inline.trace.hash();
        for (let at = 0; at < inline.trace.length; at = inline.trace.after(at))
          if (inline.trace.kindAt(at) === Kind.Evict) evicted++;
        assert.equal([...inline.texts.values()], []);
        assert.equal(checkInvariants(inline.state.kernel), []);
        inline.run(new RunsSchedule(runs));
        assert.is(inline.trace.hash(), hash, 'inline, by its own runs');
        if (number > 6) continue;
        const execution = await within(limit, 'a replay', threads.replay(runs, {}));
        assert.is(execution.traceHash, hash, `execution ${number}`);
        assert.is(execution.parted, -1);
      }
      // What is written through never differs from memory.
      assert.is(evicted > 0, !name.startsWith('write-through'));
      inline.state.kernel.journal.rollback();
      assert.is(stateHash(inline.state.kernel), base);
    } finally {
      await within(limit, 'shutting down', threads.shutdown());
    }
  });
}
test('what exploring finds is minimised, replays by its token, and is confirmed on threads', async () => {
  for (const scenario of [
    'memory at two addresses in two modes',
    'a dirty line goes over what a device wrote beside it',
  ]) {
    const found = [await explore(url, { scenario, executions: 300, seed: 3, timeBudget: 60_000 })].flat()[0]!;
    assert.ok(found.failures.length > 0);
    for (const { rule, confirmed, token, traceHash } of found.failures) {
      assert.is(confirmed, true, rule);
      const again = await replay(url, token, { scenario, carrier: 'threads' });
      assert.is(again.traceHash, traceHash);
    }
  }
});

test.run();
