// deadline: 240
/** What exploring says about locks: rule 3 (they order), rule 8 (a cycle is reported at once), I12 (no lock left held). */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { within } from '../machine/support/bounded.ts';

const test = suite('locks');
const file = fileURLToPath(new URL('../fixtures/lock-scenarios.ts', import.meta.url));

/** All schedules with at most two preemptions. */
const all = async (scenario: string, confirm = false): Promise<Exploration> => {
  const options = {
    scenario,
    strategy: 'dfs',
    preemptions: 2,
    workers: 1,
    timeBudget: '60s',
    threadCheck: confirm,
  } as const;
  const found = (await within(100_000, scenario, explore(file, options))) as Exploration;
  assert.is(found.exhausted, true, 'every schedule was had');
  return found;
};

const rules = (found: Exploration) => [...new Set(found.failures.map((failure) => failure.rule))].sort();

test('what a lock orders is no race, and no update is lost', async () => {
  const found = await all('counting under a lock');
  assert.equal(rules(found), []);
  assert.equal(Object.keys(found.outcomes), ['2']);
});

test('one thread that forgets the lock races', async () => {
  assert.equal(rules(await all('counting without the lock')), ['data-race']);
});

test('two locks in two orders: the cycle is found, shrunk, confirmed, and named', async () => {
  const found = await all('two locks in two orders', true);
  assert.equal(rules(found), ['deadlock']);
  const texts = found.failures.map((failure) => failure.message);
  const [submit, abort] = [
    'kernel.submit waits for the IOLock "second" held by kernel.abort',
    'kernel.abort waits for the IOLock "first" held by kernel.submit',
  ];
  for (const text of texts) assert.ok(text.includes(submit) && text.includes(abort), text);
  for (const failure of found.failures) {
    assert.is(failure.preemptions, 1);
    assert.ok(failure.confirmed, 'the same on threads');
  }
});

test('two locks in one order are silent', async () => {
  assert.equal(rules(await all('two locks in one order')), []);
});

test('a wakeup that comes too early leaves its sleeper asleep', async () => {
  const found = await all('a missed wakeup');
  assert.equal(rules(found), ['deadlock']);
  assert.match(found.failures[0]!.message, /nobody can run: kernel.waiter waits for a wakeup of event 0x/);
  assert.equal(rules(await all('no missed wakeup')), []);
});

test('readers and writers are ordered, readers among themselves need not be', async () => {
  assert.equal(rules(await all('readers and a writer')), []);
});

test('a lock that its thread leaves held', async () => {
  const found = await all('a lock left held');
  assert.equal(
    rules(found),
    ['deadlock', 'lock-left-held'].filter((rule) => rules(found).includes(rule as never)),
  );
  assert.ok(found.failures.some(({ message }) => message === 'kernel.early ends and holds the IOLock "first"'));
});

test('preparing under a lock is no prepare race', async () => {
  assert.equal(rules(await all('prepare under a lock')), []);
});

test('a lock between two looks counts as an acquire: no double fetch (rule 10)', async () => {
  assert.equal(rules(await all('a second look after taking a lock')), []);
});

test('a thread that takes a lock twice waits for itself', async () => {
  const found = await all('a lock is taken twice');
  assert.equal(rules(found), ['deadlock']);
  assert.match(found.failures[0]!.message, 'kernel.twice waits for the IOLock "first" held by itself');
});

test('sleeping with a spin lock panics only where it sleeps', async () => {
  const found = await all('asleep with a spin lock');
  assert.equal(rules(found), ['kernel-panic']);
  assert.match(
    found.failures[0]!.message,
    'kernel.spinner sleeps until the IOLock "mutex" while it holds the IOSimpleLock "spin"',
  );
});

test('reading twice is a deadlock once a writer waits in between', async () => {
  const found = await all('a reader reads twice while a writer waits');
  assert.equal(rules(found), ['deadlock']);
  assert.match(found.failures[0]!.message, 'held by kernel.writer, kernel.writer waits for');
});

test.run();
