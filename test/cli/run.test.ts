import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../src/cli/run.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { ScenarioError, UsageError } from '../../src/machine/errors.ts';
import { doubleFetch, failure } from '../report/sample.ts';

const nothing: Exploration = {
  ...{
    scenario: 's',
    memoryModel: 'sc',
    threads: ['client', 'kernel.submit'],
    strategy: 'random',
    seed: 1,
    executions: 10,
    exhausted: false,
    proof: null,
    elapsed: 5,
    executionsPerSecond: 2000,
  },
  ...{ traces: { seen: 2, among: 5000, exact: true, unseen: 0 }, missed: null },
  ...{ steps: 40, outcomes: {}, unobserved: [], failures: [], notes: [], interrupted: false },
};

type Answers = Partial<Record<'explore' | 'merge' | 'replay' | 'minimise' | 'stress' | 'work', unknown>>;

/** Runs the command line over a library that answers as told, and throws what is an Error. */
async function wiredown(command: string, answers: Answers = {}) {
  const calls: unknown[][] = [];
  let loaded = false;
  const answer =
    (name: keyof Answers) =>
    async (...args: unknown[]): Promise<never> => {
      calls.push([name, ...args]);
      const value = answers[name];
      if (value instanceof Error) throw value;
      return value as never;
    };
  const output = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (output[name] += text) });
  const terminal = {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    environment: {},
    replayCommand: 'npx wiredown replay',
  };
  const code = await run(command.split(' ').filter(Boolean), terminal, async () => {
    loaded = true;
    return {
      explore: answer('explore'),
      merge: answer('merge'),
      replay: answer('replay'),
      minimise: answer('minimise'),
      stress: answer('stress'),
      work: answer('work'),
    };
  });
  return { code, calls, loaded, ...output };
}

const refusals: [command: string, line: string][] = [
  ['', 'no command given, see wiredown --help'],
  ['explroe x.ts', 'explroe is no command, did you mean explore?'],
  ['merge x.ts', 'RECORD is missing, usage: wiredown merge FILE RECORD …'],
  ['frobnicate', 'frobnicate is no command, expected explore, merge, replay, minimise, stress, worker'],
  ['worker', 'URL is missing, usage: wiredown worker URL'],
  ['worker redis://localhost --seed 1', '--seed is an option of explore, not of worker'],
  ['explore x.ts --shards 65', '--shards is "65", expected a whole number from 1 to 64'],
  ['explore', 'FILE is missing, usage: wiredown explore FILE …'],
  ['replay x.ts', 'TOKEN is missing, usage: wiredown replay FILE TOKEN'],
  ['stress a.ts b.ts', '"b.ts" is one argument too many, usage: wiredown stress FILE'],
  ['explore x.ts --sed 3', 'explore has no option --sed, did you mean --seed?'],
  ['explore x.ts --iterations 3', '--iterations is an option of stress, not of explore'],
  ['explore x.ts --seed --json', '--seed needs a value: --seed N'],
  ['explore x.ts --seed', '--seed needs a value: --seed N'],
  ['explore x.ts --seed 1e3', '--seed is "1e3", expected a whole number from 0 to 4294967295'],
  ['explore x.ts --seed -1', '--seed is "-1", expected a whole number from 0 to 4294967295'],
  ['explore x.ts --executions 0', '--executions is "0", expected a whole number of at least 1'],
  ['explore x.ts --time-budget 10', '--time-budget is "10", expected a duration as 500ms, 10s, 2m or 1h'],
  [
    'explore x.ts --strategy dpor:reads-form',
    '--strategy is "dpor:reads-form", expected dpor:traces or dpor:reads-from, did you mean dpor:reads-from?',
  ],
  ['explore x.ts --carrier thread', '--carrier is "thread", expected inline or threads, did you mean threads?'],
  ['explore x.ts --rules data-rac=note', '--rules names no rule with "data-rac", did you mean data-race?'],
  ['explore x.ts --rules leak=on', '--rules is "leak=on", expected RULE=fail, RULE=note or RULE=off'],
  ['explore x.ts --json=yes', '--json takes no value, but was given "yes"'],
];

for (const [command, line] of refusals) {
  test(`wrong usage is one line and exit status 2: wiredown ${command}`, async () => {
    const { code, stdout, stderr, loaded } = await wiredown(command);
    assert.is(stderr, `wiredown: ${line}\n`);
    assert.is(stdout, '');
    assert.is(code, 2);
    assert.is(loaded, false, 'a mistake is answered before the library is loaded');
  });
}

test('help is printed on stdout, for each command with its own options, and exits with 0', async () => {
  assert.match((await wiredown('--help')).stdout, 'minimise FILE TOKEN');
  for (const command of ['explore', 'replay', 'minimise', 'stress']) {
    const { code, stdout, stderr } = await wiredown(`${command} --help`);
    assert.is(code, 0);
    assert.is(stderr, '');
    assert.match(stdout, `Usage: wiredown ${command} FILE`);
    assert.match(stdout, '--json');
    assert.is((await wiredown(`help ${command}`)).stdout, stdout);
  }
});

test('flags reach the library by their names in the interface, with values of the right type', async () => {
  const { calls } = await wiredown(
    'explore x.ts --strategy pct:3 --executions 10_000 --time-budget 1.5s --seed=7 --preemptions 2 --workers 2 --stop-at-first ' +
      '--rules data-race=note,leak=off --rules double-fetch=fail --carrier inline --stall-timeout 2m --maximum-steps 50 ' +
      '--no-thread-check --scenario s',
    { explore: nothing },
  );
  const [, url, { signal, onProgress, ...options }] = calls[0] as [string, URL, Record<string, unknown>];
  assert.is(url.protocol, 'file:');
  assert.ok(signal instanceof AbortSignal);
  assert.type(onProgress, 'function');
  assert.equal(options, {
    ...{
      strategy: { name: 'pct', depth: 3 },
      executions: 10_000,
      timeBudget: 1500,
      seed: 7,
      preemptions: 2,
      workers: 2,
    },
    ...{ stopAtFirst: true, rules: { 'data-race': 'note', leak: 'off', 'double-fetch': 'fail' }, carrier: 'inline' },
    ...{ stallTimeout: 120_000, maximumSteps: 50, threadCheck: false, scenario: 's' },
  });
});

test('a strategy in a form is one option', async () => {
  const { calls } = await wiredown('explore x.ts --strategy dpor:reads-from', { explore: nothing });
  const [, , { strategy }] = calls[0] as [string, URL, Record<string, unknown>];
  assert.equal(strategy, { name: 'dpor', equivalence: 'reads-from' });
});

test('what was not said is not passed on: defaults are the library’s', async () => {
  const { calls } = await wiredown('replay x.ts wd1:t', { replay: doubleFetch });
  assert.equal(calls[0]?.slice(2), ['wd1:t', {}]);
});

test('exit status 0 nothing found, 1 found, 130 interrupted', async () => {
  assert.is((await wiredown('explore x.ts', { explore: nothing })).code, 0);
  const found = { ...nothing, failures: [failure] };
  assert.is((await wiredown('explore x.ts', { explore: found, replay: doubleFetch })).code, 1);
  assert.is(
    (await wiredown('explore x.ts', { explore: { ...found, interrupted: true }, replay: doubleFetch })).code,
    130,
  );
  const histogram = { scenario: 's', iterations: 1, elapsed: 1, iterationsPerSecond: 1, outcomes: {}, unobserved: [] };
  assert.is((await wiredown('stress x.ts', { stress: { ...histogram, failures: [], interrupted: false } })).code, 0);
});

test('a replay or minimise that reproduces the failure exits with 1, else with 0', async () => {
  for (const command of ['replay', 'minimise'] as const) {
    assert.is((await wiredown(`${command} x.ts wd1:t`, { [command]: doubleFetch })).code, 1);
    const { code, stdout } = await wiredown(`${command} x.ts wd1:t`, {
      [command]: { ...doubleFetch, failure: null, outcome: '16' },
    });
    assert.is(code, 0);
    assert.match(stdout, 'No failure, outcome 16.');
  }
});

test('usage, scenario and other errors of the library are exit status 2, 3 and 70', async () => {
  const usage = await wiredown('explore x.ts', { explore: new UsageError('seed: expected a number') });
  assert.equal([usage.code, usage.stderr], [2, 'wiredown: seed: expected a number\n']);
  const scenario = await wiredown('explore x.ts', { explore: new ScenarioError('x.ts: there is no such file') });
  assert.equal([scenario.code, scenario.stderr], [3, 'wiredown: x.ts: there is no such file\n']);
  const fault = await wiredown('explore x.ts', { explore: new Error('boom') });
  assert.is(fault.code, 70);
  assert.match(fault.stderr, /Please report it.*\nError: boom\n {4}at /);
});

test('--json prints exactly one document: what the library returned', async () => {
  const found = { ...nothing, failures: [failure] };
  const one = await wiredown('explore x.ts --json', { explore: found });
  assert.equal(JSON.parse(one.stdout), found);
  assert.is(one.calls.length, 1, 'no replay for a picture that nobody sees');
  const several = await wiredown('explore x.ts --json', { explore: [nothing, found] });
  assert.equal(JSON.parse(several.stdout), [nothing, found]);
  const files = await wiredown('explore x.ts y.ts --json', { explore: nothing });
  assert.equal(JSON.parse(files.stdout), [nothing, nothing]);
  assert.equal(JSON.parse((await wiredown('replay x.ts wd1:t --json', { replay: doubleFetch })).stdout), doubleFetch);
});

test('--json with an error prints nothing on stdout, or what had been found until then', async () => {
  assert.is((await wiredown('explore x.ts --json', { explore: new ScenarioError('no') })).stdout, '');
  const stalled = Object.assign(new ScenarioError('client does no operation'), { exploration: nothing });
  const { code, stdout } = await wiredown('explore x.ts --json', { explore: stalled });
  assert.is(code, 3);
  assert.equal(JSON.parse(stdout), nothing);
});

test('a failure is shown with the picture of its trace, without replaying it', async () => {
  const found = { ...nothing, failures: [{ ...failure, trace: doubleFetch.trace }] };
  const { code, stdout, calls } = await wiredown('explore x.ts', { explore: found });
  assert.is(code, 1);
  assert.is(calls.length, 1);
  assert.match(stdout, '── switch to client');
  assert.match(stdout, 'npx wiredown replay x.ts wd1:3kf9-2a');
});

test('where a file holds several scenarios the line to paste names the one', async () => {
  const found = { ...nothing, scenario: 'second one', failures: [failure] };
  const { stdout } = await wiredown('explore x.ts', { explore: [nothing, found], replay: doubleFetch });
  assert.match(stdout, "npx wiredown replay x.ts wd1:3kf9-2a --scenario 'second one'");
});

test('the line to paste follows the same rules as the exploration', async () => {
  const found = { ...nothing, failures: [failure] };
  const { stdout } = await wiredown('explore x.ts --rules data-race=fail,leak=off --maximum-steps 9', {
    explore: found,
  });
  assert.match(stdout, 'wd1:3kf9-2a --rules data-race=fail,leak=off --maximum-steps 9');
});

test('other failures of the same schedule are named too', async () => {
  const other = { ...failure, rule: 'leak' as const, message: 'map 7 was never released' };
  const { stdout } = await wiredown('replay x.ts wd1:t', { replay: { ...doubleFetch, others: [other] } });
  assert.match(stdout, '✗ leak: map 7 was never released');
});

test.run();
