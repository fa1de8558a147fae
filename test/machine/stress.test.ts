// deadline: 300
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type StressResult, ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { within } from './support/bounded.ts';

const url = new URL('../fixtures/threads-scenarios.ts', import.meta.url).href;
const limit = 60_000;

async function stressed(name: string, body: (machine: ThreadMachine) => Promise<void>): Promise<void> {
  const machine = await within(limit, 'booting', ThreadMachine.boot(url, name, {}));
  try {
    await body(machine);
  } finally {
    await within(limit, 'shutting down', machine.shutdown());
  }
}

const run = (machine: ThreadMachine, iterations: number): Promise<StressResult> =>
  within(limit, 'stress', machine.stress({ iterations, timeBudget: 20_000 }));

test('lost update: every iteration has an outcome, starts from zero, and leaves no trace', () =>
  stressed('lost update', async (machine) => {
    const before = await machine.stateHash();
    const { iterations, outcomes, failures } = await run(machine, 300);
    assert.is(iterations, 300);
    assert.is((outcomes['1'] ?? 0) + (outcomes['2'] ?? 0), 300);
    assert.equal(failures, []);
    assert.is(await machine.stateHash(), before);
    // And a replay on the same workers starts from the same state.
    assert.is((await machine.replay({ runs: [], choices: new Map() })).outcome, '2');
  }));

test('a deadlock ends the iteration and is counted', () =>
  stressed('deadlock', async (machine) => {
    const { outcomes, failures } = await run(machine, 20);
    assert.equal(outcomes, { 'failed: deadlock': 20 });
    assert.is(failures[0]?.occurrences, 20);
  }));

test('an uncaught fault kills its task only', () =>
  stressed('uncaught', async (machine) => {
    const { outcomes, failures } = await run(machine, 20);
    assert.equal(outcomes, { 'failed: memory-fault': 20 });
    assert.is(failures[0]?.thread, 'a.one');
  }));

test('a worker that ends costs its iteration, not the run; a signal ends the run', () =>
  stressed('messages and time', async (machine) => {
    setTimeout(() => machine.terminate(1), 50);
    const { iterations, outcomes } = await run(machine, 100);
    assert.is(iterations, 100);
    assert.ok(Object.keys(outcomes).some((label) => /^1[456]$/.test(label)));
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const cut = await within(
      limit,
      'the signal',
      machine.stress({ iterations: Number.POSITIVE_INFINITY, timeBudget: 60_000, signal: abort.signal }),
    );
    assert.is(cut.interrupted, true);
  }));

test('loops that wait for what never comes end with the iteration', () =>
  stressed('livelock', async (machine) => {
    const { outcomes } = await run(machine, 2);
    assert.equal(outcomes, { 'failed: livelock': 2 });
  }));

test.run();
