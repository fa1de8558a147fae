// deadline: 240
/** Redirected maps on real threads that run freely: whoever waits is woken, and a wait that nobody ends is noticed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type StressResult, ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { within } from './support/bounded.ts';

const url = new URL('../fixtures/redirect-scenarios.ts', import.meta.url).href;
const limit = 60_000;

async function stressed(name: string, iterations: number): Promise<StressResult> {
  const machine = await within(limit, 'booting', ThreadMachine.boot(url, name, {}));
  try {
    const before = await machine.stateHash();
    const result = await within(limit, name, machine.stress({ iterations, timeBudget: 20_000 }));
    assert.is(await machine.stateHash(), before);
    return result;
  } finally {
    await within(limit, 'shutting down', machine.shutdown());
  }
}

test('a reader runs on while its map is redirected to and fro', async () => {
  const { iterations, outcomes, failures } = await stressed('redirected under a reader', 30);
  assert.equal(failures, []);
  assert.equal(outcomes, { 1: iterations });
  assert.is(iterations, 30);
});

test('a map that stays redirected to nothing is a deadlock', async () => {
  const { outcomes, failures } = await stressed('redirected for good', 10);
  assert.equal(outcomes, { 'failed: deadlock': 10 });
  assert.match(
    failures[0]!.message,
    /client waits for the map of client at .*, which machine in kernel redirected to nothing/,
  );
});

test.run();
