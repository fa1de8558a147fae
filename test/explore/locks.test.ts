// deadline: 240
/** What exploring says about locks: rule 3 (they order), rule 8 (a cycle is reported at once), I12 (no lock left held). */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { within } from '../machine/support/bounded.ts';
import { everySchedule, toldFailure } from '../support/search.ts';

const test = suite('locks');
const file = fileURLToPath(new URL('../fixtures/lock-scenarios.ts', import.meta.url));

const all = (scenario: string) => everySchedule(pathToFileURL(file).href, scenario);

test('what a lock orders is no race, and no update is lost', async () => {
  const found = await all('counting under a lock');
  assert.equal(found.rules, []);
  assert.equal(found.outcomes, ['2']);
});

test('locks that are given back in finally are given back once, however often the function is run (rule 17)', async () => {
  const found = await all('unlocked in finally');
  assert.equal(found.rules, []);
  assert.equal(found.outcomes, ['3']);
});

test('one thread that forgets the lock races', async () => {
  assert.equal((await all('counting without the lock')).rules, ['data-race']);
});

test('two locks in two orders: the cycle is found, shrunk, confirmed, and named', async () => {
  const scenario = 'two locks in two orders';
  assert.equal((await all(scenario)).rules, ['deadlock']);
  const options = { scenario, strategy: 'dfs', preemptions: 2, workers: 1, timeBudget: '60s' } as const;
  const found = (await within(100_000, scenario, explore(file, options))) as Exploration;
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
  assert.equal((await all('two locks in one order')).rules, []);
});

test('a wakeup that comes too early leaves its sleeper asleep', async () => {
  const found = await all('a missed wakeup');
  assert.equal(found.rules, ['lost-wakeup']);
  assert.match(
    found.messages[0]!,
    /^nobody can run: kernel.waiter waits for a wakeup of event 0x\w+ \(kernel.setter woke it while nobody slept\)$/,
  );
  assert.equal((await all('no missed wakeup')).rules, []);
});

test('readers and writers are ordered, readers among themselves need not be', async () => {
  assert.equal((await all('readers and a writer')).rules, []);
});

test('a lock that its thread leaves held', async () => {
  const found = await all('a lock left held');
  assert.equal(found.rules, ['lock-left-held']);
  assert.ok(found.messages.includes('kernel.early ends and holds the IOLock "first"'));
});

test('preparing under a lock is no prepare race', async () => {
  assert.equal((await all('prepare under a lock')).rules, []);
});

test('a lock between two looks counts as an acquire: no double fetch (rule 10)', async () => {
  assert.equal((await all('a second look after taking a lock')).rules, []);
});

test('a thread that takes a lock twice waits for itself', async () => {
  const found = await all('a lock is taken twice');
  assert.equal(found.rules, ['deadlock']);
  assert.match(found.messages[0]!, 'kernel.twice waits for the IOLock "first" held by itself');
});

test('sleeping with a spin lock panics only where it sleeps', async () => {
  const found = await all('asleep with a spin lock');
  assert.equal(found.rules, ['kernel-panic']);
  assert.match(
    found.messages[0]!,
    'kernel.spinner sleeps until the IOLock "mutex" while it holds the IOSimpleLock "spin"',
  );
});

test('who waits for a lock that an ended thread holds waits in vain, and that is told at once', async () => {
  const { rule, sites, steps, message } = await toldFailure(
    pathToFileURL(file).href,
    'a lock whose holder has ended',
    'deadlock',
  );
  assert.is(rule, 'deadlock');
  assert.match(message, /waits for the IOLock "first" held by kernel\.\w+, which has ended/);
  assert.is(sites.length, 1);
  assert.match(sites[0]!.description, /^lock\(/);
  assert.ok(steps < 5, `the third thread need not end: ${steps} steps`);
});

test('of one that failed the others run on without, to their own failures (rule 7)', async () => {
  const { rules, messages } = await all('a lock whose holder has failed');
  assert.ok(rules.includes('assertion') && rules.includes('deadlock'));
  assert.ok(messages.includes('and so does this'));
});

test('a deadlock names where each of its threads waits', async () => {
  const { sites } = await toldFailure(pathToFileURL(file).href, 'two locks in two orders', 'deadlock');
  assert.equal(sites.map(({ thread, role }) => `${thread} ${role}`).sort(), [
    'kernel.abort waits',
    'kernel.submit waits',
  ]);
  assert.ok(sites.every(({ line }) => line !== null));
});

test('a lost wakeup names who woke nobody, and who sleeps', async () => {
  const { sites, missing } = await toldFailure(pathToFileURL(file).href, 'a missed wakeup', 'lost-wakeup');
  assert.match(missing ?? '', /^no look at what is waited for between the wakeup and the sleep/);
  assert.equal(
    sites.map(({ thread, role, description }) => `${thread} ${role} ${description.replace(/\(.*/, '')}`),
    ['kernel.setter wakes nobody wakeup', 'kernel.waiter sleeps lockSleep'],
  );
});

for (const [scenario, expected] of [
  ['reads as soon as it has the lock again', 'no re-check after the lock was taken again'],
  ['looks at something else once it has the lock again', 'no prepare in force when it is used'],
  ['reads under a lock that it takes once', 'no prepare in force when it is used'],
] as const) {
  test(`who ${scenario}, lacks: ${expected}`, async () => {
    const { sites, missing } = await toldFailure(pathToFileURL(file).href, scenario, 'use-after-complete');
    assert.equal(
      sites.map(({ thread }) => thread),
      ['kernel.abort', 'kernel.submit'],
    );
    assert.is(missing, expected);
  });
}

test('reading twice is a deadlock once a writer waits in between', async () => {
  const found = await all('a reader reads twice while a writer waits');
  assert.equal(found.rules, ['deadlock']);
  assert.match(found.messages[0]!, 'held by kernel.writer, kernel.writer waits for');
});

test.run();
