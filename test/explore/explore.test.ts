/** Campaigns (execution.md rules 6, 11, 12; api.md, "Running scenarios"; issue 2, "It is done when"). */
// deadline: 300
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../src/explore/check.ts';
import { explore } from '../../src/explore/explore.ts';
import type { ExploreOptions, Progress } from '../../src/explore/options.ts';
import { minimise, replay } from '../../src/explore/replay.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { ScenarioFailure } from '../../src/explore/scenario-failure.ts';
import { rejection, within } from '../machine/support/bounded.ts';

const test = suite('explore');
const file = fileURLToPath(new URL('../fixtures/explore-scenarios.ts', import.meta.url));
const gallery = (name: string): string => fileURLToPath(new URL(`../../scripts/scenarios/${name}.ts`, import.meta.url));
const limit = 60_000;

const run = (scenario: string, options: ExploreOptions = {}): Promise<Exploration> =>
  within(
    limit,
    scenario,
    explore(file, { scenario, threadCheck: false, timeBudget: '30s', workers: 1, ...options }),
  ) as Promise<Exploration>;

const refused = (scenario: string, options: ExploreOptions = {}): Promise<Error> =>
  within(
    limit,
    scenario,
    rejection(explore(file, { scenario, threadCheck: false, timeBudget: '5s', workers: 1, ...options })),
  );

/** All that does not depend on how fast it went. */
function lasting({ elapsed: _, executionsPerSecond: __, ...rest }: Exploration): unknown {
  return rest;
}

test('one worker and two find the same, to the token (rule 6)', async () => {
  const results = [];
  for (const workers of [1, 2])
    results.push(await run('lost update', { strategy: 'random', executions: 3000, workers, seed: 5 }));
  const [one, two] = results;
  assert.is(one!.executions, 3000);
  assert.equal(lasting(two!), lasting(one!));
  assert.ok(one!.failures.length > 0);
});

test('another seed is another campaign; the same one is the same (rule 6)', async () => {
  const settings: ExploreOptions = { strategy: 'random', executions: 300, rules: { 'data-race': 'off' } };
  const [a, b, c] = [
    await run('lost update', settings),
    await run('lost update', settings),
    await run('lost update', { ...settings, seed: 2 }),
  ];
  assert.equal(lasting(a), lasting(b));
  assert.is(a.seed, 1);
  assert.not.equal(a.outcomes, c.outcomes);
});

test('stopAtFirst ends with the first failure, whatever the number of workers (rule 6)', async () => {
  const results = [];
  for (const workers of [1, 2])
    results.push(
      await run('check fails', { stopAtFirst: true, executions: 100_000, workers, rules: { 'data-race': 'off' } }),
    );
  assert.equal(lasting(results[1]!), lasting(results[0]!));
  const { failures, executions } = results[0]!;
  assert.is(failures.length, 1);
  assert.is(failures[0]!.rule, 'check');
  assert.is(failures[0]!.execution, executions, 'nothing behind it counts');
});

test('outcomes are counted, those not allowed fail, allowed ones that never came are listed (rule 11)', async () => {
  const found = await run('lost update', { strategy: 'random', executions: 500, rules: { 'data-race': 'note' } });
  assert.equal(Object.keys(found.outcomes).sort(), ['1', '2']);
  assert.is((found.outcomes['1'] ?? 0) + (found.outcomes['2'] ?? 0), 500);
  assert.equal(found.unobserved, ['3']);
  assert.equal(
    found.failures.map(({ rule, preemptions }) => [rule, preemptions]),
    [['forbidden-outcome', 1]],
  );
  assert.is(found.failures[0]!.occurrences, found.outcomes['1']);
  assert.ok(found.notes.some(({ rule }) => rule === 'data-race'));
});

test('dfs covers all schedules and says so; a bound that cuts leaves it exhausted within the bound', async () => {
  const all = await run('silent', { strategy: 'dfs' });
  assert.ok(all.exhausted);
  assert.equal(all.outcomes, { 6: all.executions });
  assert.ok(all.executions >= 90);
  const bounded = await run('silent', { strategy: 'dfs', preemptions: 0 });
  assert.ok(bounded.exhausted);
  assert.ok(bounded.executions < all.executions);
  assert.not((await run('silent', { strategy: 'dfs', executions: 10 })).exhausted);
  assert.not(
    (await run('silent', { strategy: 'random', timeBudget: '1s' })).exhausted,
    'chance never covers everything',
  );
});

test('dpor covers every order of conflicting steps, also where the page comes only when it is touched, and says what was proved', async () => {
  const all = await run('silent', { strategy: 'dfs' });
  assert.is(all.proof, 'every schedule was tried, under sc');
  assert.is(
    (await run('silent', { strategy: 'dfs', preemptions: 1 })).proof,
    'every schedule with at most 1 preemption was tried, under sc',
  );
  const reduced = await run('silent', { strategy: 'dpor' });
  assert.ok(reduced.exhausted);
  assert.is(reduced.proof, 'every order of conflicting steps (Mazurkiewicz trace) was tried, under sc');
  assert.equal(Object.keys(reduced.outcomes), Object.keys(all.outcomes));
  assert.is(reduced.traces.seen, all.traces.seen);
  const some = await run('silent', { strategy: 'dpor', executions: 2 });
  assert.equal([some.exhausted, some.proof], [false, null]);
});

test('dpor by who reads from whom has each way to read once, finds what one of them shows, and says what was proved', async () => {
  const strategy = { name: 'dpor', equivalence: 'reads-from' } as const;
  const found = await run('seen in the middle', { strategy });
  assert.is(found.strategy, 'dpor:reads-from');
  assert.is(found.proof, 'every way for reads to read from writes (reads-from class) was tried, under sc');
  // The one execution in which the page is found to be shared comes before.
  assert.is(found.executions, 11);
  assert.equal(Object.keys(found.outcomes).sort(), ['00', '01', '02', '03', '11', '12', '22', '23', '33']);
  assert.equal(
    found.failures.map(({ rule, foundBy }) => [rule, foundBy]),
    [['assertion', 'dpor:reads-from']],
  );
  const again = await replay(file, found.failures[0]!.token, { scenario: 'seen in the middle', carrier: 'inline' });
  assert.is(again.failure?.rule, 'assertion');
  // Without being told anything, too.
  const attempted = await run('seen in the middle');
  assert.equal([attempted.strategy, attempted.proof], ['portfolio', found.proof]);
});

test('where reads do not tell what can happen, dpor goes on with traces, and the proof says so', async () => {
  const strategy = { name: 'dpor', equivalence: 'reads-from' } as const;
  const found = await run('silent', { strategy, memoryModel: 'tso' });
  assert.is(found.proof, 'every order of conflicting steps (Mazurkiewicz trace) was tried, under tso');
});

test('without being told anything, a small scenario ends with a proof, whatever the number of workers', async () => {
  const reduced = await run('silent', { strategy: { name: 'dpor', equivalence: 'reads-from' } });
  const results: Exploration[] = [];
  for (const workers of [1, 2]) results.push(await run('silent', { workers }));
  const [found] = results;
  assert.equal(lasting(results[1]!), lasting(found!));
  assert.is(found!.strategy, 'portfolio');
  assert.is(found!.proof, reduced.proof);
  assert.is(found!.traces.seen, reduced.traces.seen);
  assert.is(found!.traces.unseen, null);
  assert.ok(found!.executions > 272 + reduced.executions, 'those of the portfolio count too');
  assert.is(found!.outcomes['6'], found!.executions);
  // Where an attempt ends before it is through, it counts and proves nothing.
  const some = await run('silent', { executions: 300 });
  assert.equal([some.executions, some.exhausted, some.proof], [300, false, null]);
  assert.ok(some.traces.unseen !== null);
});

test('what chance has missed the attempt at a proof finds, and the failure says so', async () => {
  const results: Exploration[] = [];
  for (const stopAtFirst of [false, true]) {
    const [one, two] = [
      await run('twelve heads', { stopAtFirst, rules: { 'data-race': 'off' }, workers: 1 }),
      await run('twelve heads', { stopAtFirst, rules: { 'data-race': 'off' }, workers: 2 }),
    ];
    assert.equal(lasting(two), lasting(one));
    assert.equal(
      one.failures.map(({ rule, foundBy }) => [rule, foundBy]),
      [['assertion', 'dpor:reads-from']],
    );
    results.push(one);
  }
  const [all, first] = results;
  assert.ok(all!.exhausted);
  assert.ok(all!.failures[0]!.execution! > 272);
  assert.is(first!.executions, all!.failures[0]!.execution, 'nothing behind it counts');
  assert.is(first!.failures[0]!.token, all!.failures[0]!.token);
});

test('a page that two threads reach in different executions only is shared too, and dfs starts over for it (rule 1)', async () => {
  const found = await run('reached late', { strategy: 'dfs' });
  assert.ok(found.exhausted);
  assert.equal(found.failures, []);
});

test('the mended driver is explored exhaustively with 2 preemptions and is silent (issue 2)', async () => {
  const found = (await within(
    limit,
    'dfs',
    explore(gallery('double-fetch-fixed'), { strategy: 'dfs', preemptions: 2, threadCheck: false, timeBudget: '40s' }),
  )) as Exploration;
  assert.ok(found.exhausted);
  assert.equal(found.failures, []);
});

test('the double fetch is found and shrunk to one preemption, with the lines of the source (issue 2)', async () => {
  const found = (await within(
    limit,
    'random',
    explore(gallery('double-fetch'), { executions: 2000, threadCheck: false }),
  )) as Exploration;
  const failure = found.failures.find(({ rule }) => rule === 'double-fetch');
  assert.ok(failure);
  assert.is(failure.preemptions, 1);
  assert.equal(failure.threads.slice().sort(), ['client', 'kernel.submit']);
  const sites = failure.sites.map(({ thread, file: at, line }) => `${thread} ${at?.split('/').pop()}:${line}`);
  assert.equal(sites, [
    'kernel.submit double-fetch.ts:33',
    'client double-fetch.ts:25',
    'kernel.submit double-fetch.ts:34',
  ]);

  const again = await within(limit, 'replay', replay(gallery('double-fetch'), failure.token, { carrier: 'inline' }));
  assert.is(again.failure?.rule, 'double-fetch');
  assert.is(again.traceHash, failure.traceHash);
  const smaller = await within(limit, 'minimise', minimise(gallery('double-fetch'), failure.token));
  assert.is(smaller.failure?.preemptions, 1);
  assert.is(smaller.traceHash, failure.traceHash, 'it was as small as can be');
});

test('a failure found inline is confirmed on threads and replays there with the same hash (design.md, idea 4)', async () => {
  const found = (await within(limit, 'explore', explore(gallery('lost-update'), { executions: 500 }))) as Exploration;
  assert.ok(found.failures.length > 0);
  for (const failure of found.failures) assert.is(failure.confirmed, true, failure.rule);
  const again = await within(limit, 'replay', replay(gallery('lost-update'), found.failures[0]!.token));
  assert.is(again.carrier, 'threads');
  assert.is(again.traceHash, found.failures[0]!.traceHash);
  assert.ok(again.failure);
});

test('check throws the failure with the line to paste (api.md)', async () => {
  const error = await within(
    limit,
    'check',
    rejection(check(file, { scenario: 'check fails', executions: 200, threadCheck: false, workers: 1 })),
  );
  assert.instance(error, ScenarioFailure);
  const { failure, exploration } = error as ScenarioFailure;
  assert.ok(error.message.includes(`wiredown replay ${file} ${failure.token}`), error.message);
  assert.is(exploration.scenario, 'check fails');
});

test('a signal ends it early with what was found so far, also one that was given before (api.md)', async () => {
  const controller = new AbortController();
  let calls = 0;
  const found = await run('lost update', {
    strategy: 'random',
    signal: controller.signal,
    onProgress: ({ executions }) => {
      if (++calls >= 2 && executions > 0) controller.abort();
    },
  });
  assert.ok(found.interrupted);
  assert.ok(found.executions > 0);
  assert.ok(found.failures.length > 0);
  const before = await run('lost update', { signal: AbortSignal.abort() });
  assert.ok(before.interrupted);
});

test('progress comes several times a second and only grows', async () => {
  const seen: Progress[] = [];
  await run('lost update', { strategy: 'random', timeBudget: 1200, onProgress: (progress) => seen.push(progress) });
  assert.ok(seen.length >= 3, `${seen.length} times`);
  for (let i = 1; i < seen.length; i++) {
    assert.ok(seen[i]!.executions >= seen[i - 1]!.executions);
    assert.ok(seen[i]!.elapsed >= seen[i - 1]!.elapsed);
  }
});

test('a task that computes for ever is refused by the name of its thread (rule 12)', async () => {
  const error = await refused('loops for ever', { stallTimeout: 500 });
  assert.is(error.name, 'ScenarioError');
  assert.match(error.message, /thread stuck\.here ran for 500 ms without an operation/);
});

test('a file of several scenarios is explored one by one (api.md)', async () => {
  const double = fileURLToPath(new URL('../fixtures/explore-two.ts', import.meta.url));
  const found = await within(limit, 'both', explore(double, { executions: 50, threadCheck: false, workers: 1 }));
  assert.ok(Array.isArray(found));
  assert.equal(
    (found as Exploration[]).map(({ scenario }) => scenario),
    ['first', 'second'],
  );
});

test('a proof does not cover how often loops look in vain', async () => {
  const spins = fileURLToPath(new URL('../fixtures/spin-scenarios.ts', import.meta.url));
  const options = { scenario: 'a hundred times', strategy: 'dfs', rules: { 'data-race': 'off' } } as const;
  const found = (await within(limit, 'spins', explore(spins, { ...options, threadCheck: false }))) as Exploration;
  assert.ok(found.exhausted);
  assert.is(found.proof, 'every schedule was tried, under sc, but for how often loops look in vain');
});

test('threads that never overlap: where every schedule was tried, that there is one trace is a result', async () => {
  const found = await run('one after the other', { strategy: 'dfs' });
  assert.is(found.exhausted, true);
  assert.ok(found.executions > 1);
  assert.is(found.traces.seen, 1);
});

// What is wrong, in one line (issue 2, the last point but one).

const wrong: [string, string, ExploreOptions, string, RegExp][] = [
  [
    'an exploration of nothing',
    'nothing shared',
    {},
    'ScenarioError',
    /nothing in "nothing shared" can happen in another order/,
  ],
  [
    'an exploration of threads that never overlap',
    'one after the other',
    {},
    'ScenarioError',
    /nothing in "one after the other" came in another order: in all of 200 executions .* never overlap/,
  ],
  ['an exploration of one schedule', 'alone', {}, 'ScenarioError', /nothing in "alone" can happen in another order/],
  ['a setup that throws', 'setup throws', {}, 'ScenarioError', /setup throws: Error: no such device/],
  ['a machine that cannot be', 'bad machine', {}, 'ScenarioError', /machine\.physicalMemory: expected bytes/],
  [
    'an outcome that throws',
    'outcome throws',
    { rules: { 'data-race': 'off' } },
    'ScenarioError',
    /outcome throws: .*no label/,
  ],
  [
    'a task that is not deterministic',
    'not deterministic',
    {},
    'ScenarioError',
    /not deterministic.*(store32|load32).*(store32|load32)/,
  ],
  [
    'a scenario that the file does not have',
    'no such',
    {},
    'UsageError',
    /no scenario "no such"; it has "lost update"/,
  ],
];

for (const [what, scenario, options, name, message] of wrong) {
  test(`${what} is refused in one line (rule 12, issue 2)`, async () => {
    const error = await refused(scenario, { executions: 200, ...options });
    assert.is(error.name, name, error.stack ?? '');
    assert.match(error.message, message);
    assert.not.match(error.message, /\n/);
  });
}

const files: [string, string, RegExp][] = [
  ['a missing file', 'no-such-file.ts', /there is no such file/],
  ['a folder', '.', /this is no file/],
  ['a file that throws while loading', 'explore-throws.ts', /throws while loading: Error: on purpose \(line 2\)/],
  ['a file without a scenario', 'explore-empty.ts', /it has no scenario as its default export/],
];

for (const [what, path, message] of files) {
  test(`${what} is refused in one line (issue 2)`, async () => {
    const url = new URL(`../fixtures/${path}`, import.meta.url);
    const error = await within(limit, what, rejection(explore(url, { threadCheck: false, workers: 1 })));
    assert.is(error.name, 'ScenarioError');
    assert.match(error.message, message);
    assert.not.match(error.message, /\n/);
  });
}

const options: [ExploreOptions, string][] = [
  [{ executions: 0 }, 'executions'],
  [{ executions: 1.5 }, 'executions'],
  [{ seed: -1 }, 'seed'],
  [{ seed: 2 ** 32 }, 'seed'],
  [{ workers: 0 }, 'workers'],
  [{ workers: 257 }, 'workers'],
  [{ preemptions: 2 }, 'preemptions'],
  [{ preemptions: -1, strategy: 'dfs' }, 'preemptions'],
  [{ preemptions: 2, strategy: 'dpor' }, 'preemptions'],
  [{ delays: 2, strategy: 'dpor' }, 'delays'],
  [{ delays: 2 }, 'delays'],
  [{ delays: -1, strategy: 'dfs' }, 'delays'],
  [{ delays: 1, preemptions: 1, strategy: 'dfs' }, 'not both'],
  [{ strategy: 'best' as never }, 'strategy'],
  [{ strategy: { name: 'dfs', depth: 3 } as never }, 'strategy'],
  [{ strategy: { name: 'dfs', equivalence: 'reads-from' } }, 'only dpor takes an equivalence'],
  [{ strategy: { name: 'dpor', equivalence: 'outcomes' as never } }, 'expected traces or reads-from'],
  [{ strategy: { name: 'dpor', equivalence: 'reads-from' }, carrier: 'threads' }, 'carrier'],
  [{ timeBudget: 0 }, 'timeBudget'],
  [{ timeBudget: 'soon' }, 'timeBudget'],
  [{ timeBudget: Number.NaN }, 'timeBudget'],
  [{ timeBudget: Infinity }, 'timeBudget'],
  [{ stallTimeout: -5 }, 'stallTimeout'],
  [{ maximumSteps: 0 }, 'maximumSteps'],
  [{ rules: { 'data-raze': 'off' } as never }, 'rules'],
  [{ rules: { 'data-race': 'no' } as never }, 'data-race'],
  [{ carrier: 'fibers' as never }, 'carrier'],
  [{ stopAtFirst: 1 as never }, 'stopAtFirst'],
  [{ onProgress: 'print' as never }, 'onProgress'],
  [{ signal: {} as never }, 'signal'],
  [{ threadcheck: false } as never, 'threadcheck'],
  [{ scenario: 5 as never }, 'scenario'],
];

for (const [value, word] of options) {
  test(`${JSON.stringify(value, (_, item) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item))} is refused by name, before anything runs (api.md)`, async () => {
    const error = await within(limit, word, rejection(explore(file, value)));
    assert.is(error.name, 'UsageError');
    assert.ok(error.message.includes(word), error.message);
    assert.not.match(error.message, /\n/);
  });
}

test('tokens that are none, of another version or of another scenario are refused (rule 23)', async () => {
  const found = await run('lost update', { executions: 200 });
  const { token } = found.failures[0]!;
  const cases: [string, string, string, RegExp][] = [
    ['lost update', 'garbage', 'UsageError', /expected wd1:/],
    ['lost update', 'wd9:AAAA', 'UsageError', /version 9/],
    ['lost update', token.slice(0, -4), 'UsageError', /cut off|garbled/],
    ['check fails', token, 'ScenarioError', /belongs to another scenario than "check fails"/],
  ];
  for (const [scenario, text, name, message] of cases) {
    for (const work of [replay, minimise]) {
      const error = await within(limit, text, rejection(work(file, text, { scenario, carrier: 'inline' })));
      assert.is(error.name, name, text);
      assert.match(error.message, message);
    }
  }
});

test.run();
