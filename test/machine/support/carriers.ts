/** Schedules of a scenario, made inline and replayed on threads: traces, texts, logs and results must be the same. */
import * as assert from 'uvu/assert';
import { checkInvariants } from '../../../src/kernel/invariants.ts';
import { InlineMachine } from '../../../src/machine/inline-machine.ts';
import { loadScenario } from '../../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../../src/machine/threads/thread-machine.ts';
import { RandomStrategy } from '../../../src/schedule/random.ts';
import { RunsSchedule, runsOf } from '../../../src/schedule/runs.ts';
import { within } from './bounded.ts';

const limit = 60_000;
const frames = 4096;
const maximumSteps = 600;

/** Compares `executions` random schedules of scenario `name` in the file at `url`. */
export async function alikeOnBothCarriers(url: string, name: string, executions: number): Promise<void> {
  const loaded = await loadScenario(url, name);
  const reach = { first: new Int32Array(frames), points: new Uint8Array(frames).fill(1) };
  const inline = new InlineMachine(loaded, { seed: 1, maximumSteps, everyOperation: true, reach, onShared() {} });
  const threads = await within(limit, `booting ${name}`, ThreadMachine.boot(url, name, { maximumSteps }));
  try {
    const strategy = new RandomStrategy(7);
    for (let number = 1; number <= executions; number++) {
      strategy.begin(number);
      inline.run(strategy);
      const runs = runsOf(inline.trace);
      const hash = inline.trace.hash();
      // What a broken rule leaves behind is the scenario's doing.
      if (inline.texts.size === 0) assert.equal(checkInvariants(inline.state.kernel), []);
      inline.run(new RunsSchedule(runs));
      assert.is(inline.trace.hash(), hash, 'inline, by its own runs');
      const execution = await within(limit, 'a replay', threads.replay(runs, {}));
      assert.is(execution.traceHash, hash, `execution ${number}`);
      assert.is(execution.parted, -1);
      assert.equal([...execution.texts.values()], [...inline.texts.values()]);
      assert.equal(execution.logs, inline.logs);
      assert.equal(execution.results, inline.results);
    }
  } finally {
    await within(limit, `shutting ${name} down`, threads.shutdown());
  }
}
