// deadline: 300
/** Locks on threads: the same traces as inline, deadlocks and broken rules included; and under stress. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { within } from './support/bounded.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';

const test = suite('locks on threads');
const url = new URL('../fixtures/lock-scenarios.ts', import.meta.url).href;

for (const name of await scenarioNames(url))
  test(`schedules of "${name}" give the same trace inline and on threads`, () => alikeOnBothCarriers(url, name, 12));

test('threads that run freely exclude each other', async () => {
  const machine = await within(60_000, 'booting', ThreadMachine.boot(url, 'counting under a lock'));
  try {
    const { outcomes, iterations, failures } = await within(
      60_000,
      'stress',
      machine.stress({ iterations: 60, timeBudget: 30_000 }),
    );
    assert.equal(outcomes, { 2: iterations });
    assert.equal(failures, []);
  } finally {
    await machine.shutdown();
  }
});

test('a thread that waits for itself is told of while others run freely', async () => {
  const machine = await within(60_000, 'booting', ThreadMachine.boot(url, 'a lock is taken twice'));
  try {
    const stress = machine.stress({ iterations: 5, timeBudget: 30_000 });
    const { failures } = await within(60_000, 'stress', stress);
    assert.equal(
      failures.map(({ rule, thread }) => [rule, thread]),
      [['deadlock', 'kernel.twice']],
    );
  } finally {
    await machine.shutdown();
  }
});

test.run();
