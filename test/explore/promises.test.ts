// deadline: 240
/** What exploring promises: the same findings on any number of workers, proofs that are proofs, endings on request. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { minimise, replay } from '../../src/explore/replay.ts';
import type { Exploration } from '../../src/explore/results.ts';

const gallery = (name: string): string => fileURLToPath(new URL(`../../scripts/scenarios/${name}.ts`, import.meta.url));

const one = async (...values: Parameters<typeof explore>): Promise<Exploration> =>
  [await explore(...values)].flat()[0]!;

/** What must not depend on how fast a machine is, or how many workers it has. */
const essence = ({ executions, steps, outcomes, failures, notes }: Exploration): unknown => ({
  executions,
  steps,
  outcomes,
  found: [...failures, ...notes].map(({ rule, message, token, execution, occurrences, traceHash }) => {
    return { rule, message, token, execution, occurrences, traceHash };
  }),
});

test('a seed means the same on one worker and on two', async () => {
  const rules = { 'data-race': 'note' } as const;
  for (const name of ['lost-update', 'double-fetch']) {
    const options = {
      strategy: 'random',
      executions: 1500,
      threadCheck: false,
      timeBudget: '60s',
      rules,
      seed: 5,
    } as const;
    const [alone, together] = [
      await one(gallery(name), { ...options, workers: 1 }),
      await one(gallery(name), { ...options, workers: 2 }),
    ];
    assert.equal(essence(together), essence(alone));
    assert.is(alone.executions, 1500);
  }
});

test('another seed runs other schedules', async () => {
  const options = {
    strategy: 'random',
    executions: 200,
    threadCheck: false,
    rules: { 'data-race': 'off', 'forbidden-outcome': 'off' },
  } as const;
  const [a, b] = [
    await one(gallery('lost-update'), { ...options, seed: 1 }),
    await one(gallery('lost-update'), { ...options, seed: 2 }),
  ];
  assert.not.equal(a.outcomes, b.outcomes);
});

test('stopAtFirst ends with the lowest execution that fails, on any number of workers', async () => {
  const options = { threadCheck: false, stopAtFirst: true, timeBudget: '60s' } as const;
  const [alone, together] = [
    await one(gallery('double-fetch'), { ...options, workers: 1 }),
    await one(gallery('double-fetch'), { ...options, workers: 2 }),
  ];
  assert.is(alone.failures[0]!.execution, alone.executions);
  assert.equal(essence(together), essence(alone));
});

test('the double fetch is found, shrunk to one preemption, placed in the source and confirmed on threads', async () => {
  const { failures } = await one(gallery('double-fetch'), { stopAtFirst: true, timeBudget: '60s' });
  const failure = failures[0]!;
  assert.is(failure.rule, 'double-fetch');
  assert.is(failure.preemptions, 1);
  assert.is(failure.confirmed, true);
  assert.equal(
    failure.sites.map(({ role, thread, line }) => [role, thread, line]),
    [
      ['first fetch', 'kernel.submit', 33],
      ['store between', 'client', 25],
      ['second fetch', 'kernel.submit', 34],
    ],
  );
  assert.ok(failure.sites.every(({ file }) => file?.endsWith('double-fetch.ts')));
  assert.ok(failure.token.length <= 40, failure.token);
  for (const carrier of ['inline', 'threads'] as const) {
    const again = await replay(gallery('double-fetch'), failure.token, { carrier });
    assert.is(again.traceHash, failure.traceHash);
    assert.is(again.failure?.rule, 'double-fetch');
  }
  assert.is((await minimise(gallery('double-fetch'), failure.token)).token, failure.token);
});

test('the mended driver is explored exhaustively with two preemptions, and is silent', async () => {
  const { exhausted, failures, notes, executions } = await one(gallery('double-fetch-fixed'), {
    strategy: 'dfs',
    preemptions: 2,
    timeBudget: '120s',
  });
  assert.is(exhausted, true);
  assert.equal(failures, []);
  assert.ok(executions > 5);
  assert.ok(notes.length > 0);
  for (const { message, occurrences } of notes)
    assert.ok(occurrences <= executions, `${message}: ${occurrences} of ${executions}`);
});

test('depth-first search of two loads and stores: six schedules, both outcomes', async () => {
  const rules = { 'data-race': 'off', 'forbidden-outcome': 'off' } as const;
  const result = await one(gallery('lost-update'), { strategy: 'dfs', threadCheck: false, rules, timeBudget: '60s' });
  assert.is(result.exhausted, true);
  assert.equal(Object.keys(result.outcomes).sort(), ['1', '2']);
});

test('an AbortSignal ends it, and what was found so far is told', async () => {
  const controller = new AbortController();
  const started = Date.now();
  const running = one(gallery('double-fetch-fixed'), {
    strategy: 'random',
    signal: controller.signal,
    timeBudget: '120s',
    threadCheck: false,
    onProgress: ({ executions }) => {
      if (executions > 0) controller.abort();
    },
  });
  const result = await running;
  assert.is(result.interrupted, true);
  assert.ok(result.executions > 0);
  assert.ok(Date.now() - started < 60_000);
});

test('a signal that has fired already ends it before the first execution', async () => {
  const result = await one(gallery('double-fetch-fixed'), { signal: AbortSignal.abort(), threadCheck: false });
  assert.is(result.interrupted, true);
});

test('on threads it finds the same double fetch', async () => {
  const inline = await one(gallery('double-fetch'), { stopAtFirst: true, threadCheck: false, timeBudget: '60s' });
  const threads = await one(gallery('double-fetch'), { stopAtFirst: true, carrier: 'threads', timeBudget: '60s' });
  assert.is(threads.failures[0]!.token, inline.failures[0]!.token);
  assert.is(threads.failures[0]!.execution, inline.failures[0]!.execution);
});

test('no failure is shown by more executions than there were', async () => {
  const { failures, executions } = await one(gallery('prepare-race'), {
    executions: 300,
    threadCheck: false,
    timeBudget: '60s',
  });
  assert.ok(failures.length > 0);
  for (const { occurrences } of failures) assert.ok(occurrences >= 1 && occurrences <= executions, String(occurrences));
});

test.run();
