/** What an execution leaves behind does not stay unnoticed, on neither carrier: no test has to look for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { straight } from '../support/inline.ts';
import '../support/nothing-left-of-machines.ts';
import { rejection, within } from './support/bounded.ts';

const { href } = new URL('../fixtures/leftovers-scenarios.ts', import.meta.url);
const left = /left behind: 1 translations of the IOMMU instead of 0$/;
const limit = 60_000;
const schedule = { runs: [], choices: new Map() };

test('inline: before the next execution', async () => {
  const reach = { first: new Int32Array(256), points: new Uint8Array(256) };
  const options = { seed: 1, maximumSteps: 100, everyOperation: true, reach, onShared() {} };
  const machine = new InlineMachine(await loadScenario(href, null), options);
  machine.run(straight);
  assert.throws(() => machine.run(straight), left);
});

test('on threads: before the next execution', async () => {
  const machine = await within(limit, 'booting', ThreadMachine.boot(href, null, {}));
  await within(limit, 'a replay', machine.replay(schedule));
  assert.match((await within(limit, 'another', rejection(machine.replay(schedule)))).message, left);
  await within(limit, 'shutting down', machine.shutdown());
});

test('on threads: when the machine is shut down', async () => {
  const machine = await within(limit, 'booting', ThreadMachine.boot(href, null, {}));
  await within(limit, 'a replay', machine.replay(schedule));
  assert.match((await within(limit, 'shutting down', rejection(machine.shutdown()))).message, left);
});

test.run();
