// deadline: 300
/** DriverKit's classes on threads: the same traces, results and broken rules as inline. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kIOReturnNotReady, kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { everySchedule } from '../support/search.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';

const test = suite('driverkit on threads');
const url = new URL('../fixtures/driverkit-scenarios.ts', import.meta.url).href;

for (const name of await scenarioNames(url))
  test(`schedules of "${name}" give the same trace inline and on threads`, () => alikeOnBothCarriers(url, name, 8));

test('whatever the schedule, each thread of a dext gets an address that it may write to, and a client one that it may not', async () => {
  const { rules, outcomes } = await everySchedule(url, 'address range');
  assert.equal(rules, []);
  assert.equal(
    outcomes.map((label) => JSON.parse(label)),
    [{ 'dext.owner': 4096, 'dext.helper': [kIOReturnSuccess, true], client: [true, true] }],
  );
});

test('a connection that is closed answers NotReady, and what was made before goes on working', async () => {
  const { rules, outcomes } = await everySchedule(url, 'client memory');
  assert.equal(rules, []);
  const made = [kIOReturnSuccess, kIOReturnSuccess, kIOReturnSuccess, 2 * 4112];
  assert.equal(
    new Set(outcomes),
    new Set(
      [
        [...made, ...made],
        [...made, kIOReturnNotReady],
        [kIOReturnNotReady, kIOReturnNotReady],
      ].map((codes) => JSON.stringify(codes)),
    ),
  );
});

test.run();
