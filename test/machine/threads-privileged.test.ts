// deadline: 300
/** The privileged interface under schedules: who may use it, what its locks order, and the same traces on both carriers. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { everySchedule } from '../support/search.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';

const test = suite('the privileged interface');
const url = new URL('../fixtures/privileged-scenarios.ts', import.meta.url).href;

for (const name of await scenarioNames(url))
  test(`schedules of "${name}" give the same trace inline and on threads`, () => alikeOnBothCarriers(url, name, 12));

const all = (scenario: string) => everySchedule(url, scenario);

test('other threads are refused, and told what to do', async () => {
  const found = await all('for the kernel alone');
  assert.equal(found.rules, []);
  assert.equal(found.outcomes, [Array(5).fill('PrivilegeError').join()]);
});

test('the map lock orders what is done under it', async () => {
  assert.equal((await all('counting under the map lock')).rules, []);
});

test('map locks in two orders are a cycle', async () => {
  const found = await all('two map locks in two orders');
  assert.equal(found.rules, ['deadlock']);
  assert.match(found.messages[0]!, 'app waits for the map lock of kernel held by kernel');
});

test('a map lock that its thread leaves held is released, and told', async () => {
  const found = await all('a map lock left held');
  assert.equal(found.rules, ['lock-left-held']);
  assert.is(found.messages[0]!, 'app.early ends and holds the map lock of app');
});

test('a wakeup before the wait is lost', async () => {
  assert.equal((await all('waiting for an event')).rules, ['lost-wakeup']);
});

test('accesses to frames race as others do', async () => {
  const found = await all('frames are raced for');
  assert.equal(found.rules, ['data-race']);
});

test.run();
