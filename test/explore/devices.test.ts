// deadline: 240
/** What exploring says about devices: rules 2 (a step a cache line), 3 (doorbells and interrupts order) and 9 (notes). */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { ExploreOptions } from '../../src/explore/options.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { within } from '../machine/support/bounded.ts';

const test = suite('devices');
const file = fileURLToPath(new URL('../fixtures/device-scenarios.ts', import.meta.url));

/** All schedules with at most two preemptions. */
const all = async (scenario: string, more: ExploreOptions = {}): Promise<Exploration> => {
  const options = { scenario, preemptions: 2, workers: 1, timeBudget: '60s', threadCheck: false, ...more };
  const found = (await within(100_000, scenario, explore(file, { strategy: 'dfs', ...options }))) as Exploration;
  assert.is(found.exhausted, true, 'every schedule was had');
  return found;
};

const rules = (found: Exploration) => [...new Set(found.failures.map((failure) => failure.rule))].sort();
const strict: ExploreOptions = { rules: { 'data-race': 'fail' } };

test('a transfer that is waited for is ordered, doorbell and interrupt included', async () => {
  const found = await all('a transfer, waited for', strict);
  assert.equal(rules(found), []);
  assert.equal(Object.keys(found.outcomes), ['[1,117901063]']);
});

test('a driver that reads while the device writes is found; the device goes a cache line at a time', async () => {
  const found = await all('a transfer, read too early', strict);
  assert.equal(rules(found), ['data-race']);
  assert.match(found.failures[0]!.message, /disk \(store of 64 bytes at 0x/);
});

test('between a task and a device a race is a note unless it is told to fail (rule 9)', async () => {
  const found = await all('a transfer, read too early');
  assert.equal(rules(found), []);
  assert.equal(Object.keys(found.outcomes).sort(), ['1,0', '1,7', '7,0', '7,7']);
});

test('a device is another party for double-fetch (rule 10)', async () => {
  const found = await all('a status word, read twice', { threadCheck: true });
  assert.equal(rules(found), ['double-fetch']);
  assert.ok(found.failures.every(({ confirmed }) => confirmed));
  assert.ok(found.failures[0]!.threads.includes('disk'));
});

test('memory that is no longer wired is not the device’s', async () => {
  const found = await all('completed while the device runs');
  assert.equal(rules(found), ['dma-unwired']);
  assert.match(found.failures[0]!.message, /^disk writes memory at 0x\w+ that is not wired$/);
});

test('a device that was stopped has done everything, and is silent', async () => {
  const found = await all('stopped first', strict);
  assert.equal(rules(found), []);
  assert.equal(Object.keys(found.outcomes), ['7']);
});

test('no interrupt is lost: who comes late gets their number', async () => {
  assert.equal(rules(await all('interrupts are counted', strict)), []);
});

test('a device that faults dies alone; whoever stops it goes on', async () => {
  const found = await all('a device reads, and goes wrong');
  assert.equal(rules(found), ['memory-fault']);
  assert.match(found.failures[0]!.message, /^disk: read of 4 bytes at 0x0/);
});

test('a device has no I/O Kit', async () => {
  const found = await all('a device is given a handle');
  assert.equal(rules(found), []);
});

test.run();
