/** Whatever the schedule, a scenario whose tasks are dead leaves nothing behind: every scenario of the gallery, in random orders. */
import { readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';
import { checkNothingLeft } from '../support/nothing-left.ts';

const test = suite('nothing left');
const folder = new URL('../../scripts/scenarios/', import.meta.url);
const executions = 25;

for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
  test(`${file} leaves nothing behind`, async () => {
    const loaded = await loadScenario(new URL(file, folder).href, null);
    const frames = 2 ** 24 / 4096;
    const reach = { first: new Int32Array(frames), points: new Uint8Array(frames).fill(1) };
    const machine = new InlineMachine(loaded, {
      seed: 1,
      maximumSteps: 2000,
      everyOperation: true,
      reach,
      onShared() {},
    });
    const strategy = new RandomStrategy(11);
    const hashes = new Set<string>();
    for (let number = 1; number <= executions; number++) {
      strategy.begin(number);
      machine.run(strategy);
      hashes.add(machine.trace.hash());
      checkNothingLeft(machine.state.kernel);
    }
    assert.ok(hashes.size > 1, 'there are several schedules');
  });
}

test.run();
