// deadline: 300
/** The privileged interface under schedules: who may use it, what its locks order, and the same traces on both carriers. */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { scenarioNames } from '../../src/machine/scenario-loader.ts';
import { within } from './support/bounded.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';

const test = suite('the privileged interface');
const url = new URL('../fixtures/privileged-scenarios.ts', import.meta.url).href;

for (const name of await scenarioNames(url))
  test(`schedules of "${name}" give the same trace inline and on threads`, () => alikeOnBothCarriers(url, name, 12));

const all = async (scenario: string): Promise<Exploration> => {
  const options = {
    scenario,
    strategy: 'dfs',
    preemptions: 2,
    workers: 1,
    timeBudget: '60s',
    threadCheck: false,
  } as const;
  return (await within(100_000, scenario, explore(fileURLToPath(url), options))) as Exploration;
};
const rules = (found: Exploration) => [...new Set(found.failures.map((failure) => failure.rule))].sort();

test('other threads are refused, and told what to do', async () => {
  const found = await all('for the kernel alone');
  assert.equal(rules(found), []);
  assert.equal(Object.keys(found.outcomes), [Array(5).fill('PrivilegeError').join()]);
});

test('the map lock orders what is done under it', async () => {
  assert.equal(rules(await all('counting under the map lock')), []);
});

test('map locks in two orders are a cycle', async () => {
  const found = await all('two map locks in two orders');
  assert.equal(rules(found), ['deadlock']);
  assert.match(found.failures[0]!.message, 'app waits for the map lock of kernel held by kernel');
});

test('a map lock that its thread leaves held is released, and told', async () => {
  const found = await all('a map lock left held');
  assert.equal(rules(found), ['lock-left-held']);
  assert.is(found.failures[0]!.message, 'app.early ends and holds the map lock of app');
});

test('a wakeup before the wait is lost', async () => {
  assert.equal(rules(await all('waiting for an event')), ['deadlock']);
});

test('accesses to frames race as others do', async () => {
  const found = await all('frames are raced for');
  assert.equal(rules(found), ['data-race']);
});

test.run();
