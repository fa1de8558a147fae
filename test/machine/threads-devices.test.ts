// deadline: 300
/** Devices on threads: the same traces as inline; running freely; and attached to machines of scripts. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Machine } from '../../src/machine/machine.ts';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { rejection, within } from './support/bounded.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';
import { shutDown } from './support/shut-down.ts';

const test = suite('devices on threads');
const url = new URL('../fixtures/device-scenarios.ts', import.meta.url).href;
const limit = 60_000;

for (const name of await scenarioNames(url))
  test(`schedules of "${name}" give the same trace inline and on threads`, () => alikeOnBothCarriers(url, name, 12));

for (const name of ['a transfer, waited for', 'stopped first', 'interrupts are counted'])
  test(`"${name}" runs freely`, async () => {
    const machine = await within(limit, 'booting', ThreadMachine.boot(url, name));
    try {
      const stress = machine.stress({ iterations: 40, timeBudget: 30_000 });
      const { outcomes, iterations, failures } = await within(limit, 'stress', stress);
      assert.equal(failures, []);
      assert.equal(Object.values(outcomes), [iterations]);
    } finally {
      await machine.shutdown();
    }
  });

test('a device attached to a script’s machine transfers, interrupts and stops', async () => {
  const machine = await within(limit, 'booting', Machine.boot({ physicalMemory: 1 << 20 }));
  try {
    const disk = new URL('../fixtures/script-device.ts', import.meta.url);
    await within(limit, 'attaching', machine.attachDevice(disk, { name: 'disk' }));
    assert.match((await rejection(machine.attachDevice(disk, { name: 'disk' }))).message, /already/);
    const driver = await machine.spawn(new URL('../fixtures/script-driver.ts', import.meta.url), { name: 'driver' });
    for (let round = 1; round <= 3; round++)
      assert.is(await within(limit, 'a transfer', driver.call('transfer', 'disk', round)), round);
    assert.equal(
      (await machine.inspect()).tasks.map((task) => task.name),
      ['kernel', 'driver'],
    );
    const nothing = rejection(
      machine.attachDevice(new URL('../fixtures/script-task.ts', import.meta.url), { name: 'tape' }),
    );
    assert.match((await within(limit, 'attaching', nothing)).message, /exports its function as default/);
    assert.match((await rejection(driver.call('transfer', 'drum', 1))).message, 'there is no thread "drum"');
  } finally {
    await within(limit, 'shutting down', shutDown(machine));
  }
});

test.run();
