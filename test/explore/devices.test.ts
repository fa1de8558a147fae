// deadline: 240
/** What exploring says about devices: rules 2 (a step a cache line), 3 (doorbells and interrupts order) and 9 (notes). */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { within } from '../machine/support/bounded.ts';
import { everySchedule } from '../support/search.ts';

const test = suite('devices');
const file = fileURLToPath(new URL('../fixtures/device-scenarios.ts', import.meta.url));

const all = (scenario: string, rules: Parameters<typeof everySchedule>[2] = {}) =>
  everySchedule(pathToFileURL(file).href, scenario, rules);
const strict = { 'data-race': 'fail' } as const;

test('a transfer that is waited for is ordered, doorbell and interrupt included', async () => {
  const found = await all('a transfer, waited for', strict);
  assert.equal(found.rules, []);
  assert.equal(found.outcomes, ['[1,117901063]']);
});

test('a driver that reads while the device writes is found; the device goes a cache line at a time', async () => {
  const found = await all('a transfer, read too early', strict);
  assert.equal(found.rules, ['data-race']);
  assert.match(found.messages[0]!, /disk \(store of 64 bytes at 0x/);
});

test('between a task and a device a race is a note unless it is told to fail (rule 9)', async () => {
  const found = await all('a transfer, read too early');
  assert.equal(found.rules, []);
  assert.equal(found.outcomes, ['1,0', '1,7', '7,0', '7,7']);
});

test('a device is another party for double-fetch (rule 10)', async () => {
  const scenario = 'a status word, read twice';
  assert.equal((await all(scenario)).rules, ['double-fetch']);
  const options = { scenario, strategy: 'dfs', preemptions: 2, workers: 1, timeBudget: '60s' } as const;
  const found = (await within(100_000, scenario, explore(file, options))) as Exploration;
  assert.ok(found.failures.every(({ confirmed }) => confirmed));
  assert.ok(found.failures[0]!.threads.includes('disk'));
});

test('memory that is no longer wired is not the device’s', async () => {
  const found = await all('completed while the device runs');
  assert.equal(found.rules, ['dma-unwired']);
  assert.match(found.messages[0]!, /^disk writes memory at 0x\w+ that is not wired$/);
});

test('a device that was stopped has done everything, and is silent', async () => {
  const found = await all('stopped first', strict);
  assert.equal(found.rules, []);
  assert.equal(found.outcomes, ['7']);
});

test('no interrupt is lost: who comes late gets their number', async () => {
  assert.equal((await all('interrupts are counted', strict)).rules, []);
});

test('a device that faults dies alone; whoever stops it goes on', async () => {
  const found = await all('a device reads, and goes wrong');
  assert.equal(found.rules, ['memory-fault']);
  assert.match(found.messages[0]!, /^disk: read of 4 bytes at 0x0/);
});

test('a device has no I/O Kit', async () => {
  const found = await all('a device is given a handle');
  assert.equal(found.rules, []);
});

test.run();
