// deadline: 300
/** The data cache where threads run freely: stress, and machines of scripts. Nobody evicts there; lines are written back when asked. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Machine } from '../../src/machine/machine.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { rejection, within } from './support/bounded.ts';

const test = suite('caches on threads');
const url = new URL('../fixtures/cache-scenarios.ts', import.meta.url).href;
const cached = new URL('../fixtures/script-cached.ts', import.meta.url);
const device = new URL('../fixtures/script-device.ts', import.meta.url);
const limit = 60_000;

for (const [name, outcome] of [
  ['tasks see each other, whatever caches do', '4'],
  ['a dirty line is written back before, so that nothing is lost', '7'],
  ['a dirty line goes over what a device wrote beside it', '1'],
  ['write-through stores reach memory at once', '6'],
  ['scalars across the edges of lines and pages', '578437695752307201,67305985'],
  ['memory at two addresses in two modes', '1 1'],
] as const)
  test(`"${name}" runs freely, each iteration from an empty cache`, async () => {
    const machine = await within(limit, 'booting', ThreadMachine.boot(url, name));
    try {
      const stress = machine.stress({ iterations: 30, timeBudget: 30_000 });
      const { outcomes, iterations, failures } = await within(limit, 'stress', stress);
      assert.equal(failures, []);
      assert.equal(outcomes, { [outcome]: iterations });
    } finally {
      await machine.shutdown();
    }
  });

test('a script’s device is not seen until the line is gone, and tasks count in one line at once', async () => {
  const machine = await within(limit, 'booting', Machine.boot({ physicalMemory: 1 << 20, coherentDma: false }));
  try {
    await within(limit, 'attaching', machine.attachDevice(device, { name: 'disk' }));
    const a = await machine.spawn(cached, { name: 'a' });
    const b = await machine.spawn(cached, { name: 'b' });
    for (const value of [1, 2]) assert.equal(await a.call('exchange', 'disk', value), [0, 0, value]);

    const counter = await a.call('makeCounter');
    const counted = Promise.all([a.call('count', counter, 4, 2000), b.call('count', counter, 8, 2000)]);
    assert.equal(await within(limit, 'counting', counted), [2000, 2000]);
    assert.is(await b.call('total', counter), 4000);
    assert.ok((await machine.inspect()).caches!.lines > 0);
  } finally {
    await within(limit, 'shutting down', machine.shutdown());
  }
});

test('a task that is ended in the middle of its stores leaves no line that others wait for', async () => {
  const machine = await within(limit, 'booting', Machine.boot({ physicalMemory: 1 << 20, coherentDma: false }));
  try {
    const b = await machine.spawn(cached, { name: 'b' });
    const counter = await b.call('makeCounter');
    for (let round = 0; round < 4; round++) {
      const a = await machine.spawn(cached, { name: `a${round}` });
      const dies = rejection(a.call('count', counter, 4, 1e9));
      const lives = b.call('count', counter, 8, 3000);
      setTimeout(() => a.terminate(), 10 + round * 7);
      await within(limit, 'the one that dies', dies);
      assert.is(await within(limit, 'the one that lives', lives), 3000 * (round + 1));
    }
  } finally {
    await within(limit, 'shutting down', machine.shutdown());
  }
});

test.run();
