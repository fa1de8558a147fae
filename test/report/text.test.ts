import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Exploration, Histogram } from '../../src/explore/results.ts';
import { explorationText } from '../../src/report/exploration-text.ts';
import { type FailureContext, failureText, noteText } from '../../src/report/failure-text.ts';
import { histogramText, outcomeLines } from '../../src/report/histogram-text.ts';
import { historyText } from '../../src/report/history-text.ts';
import { doubleFetch, failure } from './sample.ts';

const context: FailureContext = {
  file: 'scripts/scenarios/double-fetch.ts',
  replayCommand: 'npx wiredown replay',
  executions: 4012,
  replay: doubleFetch,
};

const exploration: Exploration = {
  scenario: 'lost update',
  memoryModel: 'sc',
  threads: ['app.0', 'app.1'],
  strategy: 'random',
  seed: 7,
  executions: 4012,
  exhausted: false,
  proof: null,
  elapsed: 2100,
  executionsPerSecond: 1910.4,
  steps: 16_048,
  traces: { seen: 6, among: 5000, exact: true, unseen: 0 },
  missed: null,
  outcomes: { 2: 3000, 1: 1012 },
  unobserved: [],
  failures: [],
  notes: [],
  interrupted: false,
};

test('a failure says the rule, each site with its place, the picture, how sure it is and how to replay it', () => {
  const text = failureText(failure, context);
  for (const part of [
    '✗ double-fetch: kernel.submit read 0x1000 twice',
    '▸1 first fetch    kernel.submit  load32(0x1000) = 16    scripts/scenarios/double-fetch.ts:21:25',
    '── switch to client (kernel.submit could have gone on)',
    'Found first in execution 12; 87 of 4,012 executions showed it. Minimised to 6 steps and 1 preemption.',
    'Confirmed on real worker threads: the same schedule gave the same trace, hash 0123456789abcdef.',
    'Replay it:  npx wiredown replay scripts/scenarios/double-fetch.ts wd1:3kf9-2a\n',
  ]) {
    assert.ok(text.includes(part), `missing: ${part}\n${text}`);
  }
});

test('what happened before to the page it is about: the state after setup, then the latest steps', () => {
  const step = (number: number | null, description: string) => ({
    step: number,
    thread: number === null ? null : 'kernel',
    description,
    file: number === 4 ? 'a.ts' : null,
    line: number === 4 ? 9 : null,
  });
  const past = [step(null, 'frame 5 is in use'), step(1, 'frame 5 is wired'), step(4, 'frame 5 is\nunwired')];
  assert.is(
    historyText({ ...failure, history: past }),
    [
      '  What happened before:',
      '    after setup          frame 5 is in use',
      '    step 1       kernel  frame 5 is wired',
      '    step 4       kernel  frame 5 is unwired  a.ts:9',
    ].join('\n'),
  );
  assert.ok(failureText({ ...failure, history: past }, context).includes('\n\n  What happened before:\n'));
  assert.is(historyText(failure), '');
  const long = [past[0]!, ...Array.from({ length: 30 }, (_, i) => step(i + 5, 'frame 5 is wired'))];
  const lines = historyText({ ...failure, history: long }).split('\n');
  assert.is(lines.length, 14);
  assert.is(lines[2], '    … 19 earlier steps');
  assert.match(lines[3]!, 'step 24');
  assert.match(lines.at(-1)!, 'step 34');
});

test('the step that is missing is named, where the rule says so', () => {
  const text = failureText({ ...failure, missing: 'no acquire between the two looks' }, context);
  assert.ok(text.includes('\n\n  Missing: no acquire between the two looks.\n\n'), text);
  assert.not.match(failureText(failure, context), 'Missing');
});

test('the order of steps without which it vanishes is named with its places', () => {
  const [first, second] = [doubleFetch.trace[2]!, doubleFetch.trace[3]!];
  const text = failureText({ ...failure, explanation: [{ first, second }] }, context);
  const file = 'scripts/scenarios/double-fetch.ts';
  assert.ok(
    text.includes(
      `\n\n  It vanishes when client store32(0x1000, 4096) (${file}:12) comes before kernel.submit load32(0x1000) = 16 (${file}:21).\n\n`,
    ),
    text,
  );
  assert.not.match(failureText(failure, context), 'vanishes');
});

test('what was not confirmed, or not tried, is not called confirmed', () => {
  assert.match(failureText({ ...failure, confirmed: false }, context), 'Not confirmed on real worker threads');
  assert.match(failureText({ ...failure, confirmed: null }, context), 'Not tried on worker threads');
});

test('an execution without a number, and a replay without an exploration, claim nothing', () => {
  assert.match(failureText({ ...failure, execution: null }, context), /^ {2}Found; 87 of/m);
  assert.match(failureText(failure, { ...context, executions: null }), 'The schedule has 6 steps and 1 preemption.');
});

test('the line to paste survives a shell: quoted path, named scenario', () => {
  const text = failureText(failure, { ...context, file: "my tests/it's.ts", flags: ['--scenario', 'lost update'] });
  assert.ok(text.includes(`npx wiredown replay 'my tests/it'\\''s.ts' wd1:3kf9-2a --scenario 'lost update'`), text);
});

test('a note is one line with its places', () => {
  const text = noteText({ ...failure, level: 'note', rule: 'data-race' });
  assert.match(text, /^note: data-race: .* at scripts\/scenarios\/double-fetch\.ts:21:25, .* \(87 executions\)$/);
});

test('an exploration says what was tried and that more could be', () => {
  const text = explorationText(exploration);
  assert.match(text, 'strategy random, seed 7: 4,012 executions, 16,048 steps in 2.1 s, 1,910 executions a second');
  assert.match(text, 'not exhausted');
  assert.match(text, 'no failure found');
  const proof = 'every schedule with at most 2 preemptions was tried, under tso';
  assert.match(explorationText({ ...exploration, exhausted: true, proof }), `  ${proof}\n`);
  assert.match(explorationText({ ...exploration, interrupted: true }), 'interrupted');
});

test('a shard that has nothing to do, since its strategy is not divided, says so', () => {
  const shard = { ...exploration, strategy: 'dpor:reads-from', executions: 0, shard: '2/2' };
  assert.match(explorationText(shard), 'nothing to do: dpor:reads-from is not divided, and shard 1 has all of it');
  assert.not.match(explorationText({ ...shard, strategy: 'dpor' }), 'nothing to do');
});

test('how much was tried is told, and of what may have been missed only what is guaranteed', () => {
  assert.match(
    explorationText(exploration),
    '  6 distinct traces; one more execution shows a new one with a probability of about 0 %\n',
  );
  assert.not.match(explorationText(exploration), 'missed');
  const many = { seen: 51_234, among: 900_000, exact: false, unseen: 0.0123 };
  const told = explorationText({
    ...exploration,
    executions: 7_000_000,
    traces: many,
    missed: { 2: 0.32, 3: 0.000012 },
  });
  assert.match(
    told,
    '  about 51,234 distinct traces among 900,000 executions that were looked at; one more execution shows a new one with a probability of about 1 %\n',
  );
  assert.match(told, '  a bug that needs 2 orderings was missed with a probability of at most 32 %\n');
  assert.match(told, '  a bug that needs 3 orderings was missed with a probability of at most 1e-5\n');
  assert.match(
    explorationText({ ...exploration, executions: 900_000, traces: { ...many, exact: true, unseen: null } }),
    '  51,234 distinct traces\n',
  );
});

test('an estimate says how many traces there are, which part of them was seen, or why nobody knows', () => {
  const estimate = { traces: 40_031.6, standardError: 3162.2, probes: 300, reason: null };
  const traces = { ...exploration.traces, seen: 4003 };
  assert.match(
    explorationText({ ...exploration, traces, estimate }),
    '  about 40,032 traces in all, ± 3,162 (300 probes); 10 % of them or more seen\n',
  );
  assert.match(
    explorationText({ ...exploration, estimate: { ...estimate, traces: 5.18e20, standardError: 3.1e20 } }),
    '  about 5.2e+20 traces in all, ± 3.1e+20 (300 probes); 1e-20 of them or more seen\n',
  );
  const none = { traces: null, standardError: null, probes: 4, reason: 'threads yield' };
  assert.match(
    explorationText({ ...exploration, estimate: none }),
    '  how many traces there are cannot be estimated: threads yield\n',
  );
});

test('outcomes are sorted by how often they occurred, the rare ones keep a bar', () => {
  assert.equal(outcomeLines({ rare: 1, often: 1000 }, ['never']), [
    `often  1,000  ${'█'.repeat(30)}`,
    'rare       1  █',
    'allowed but never seen: never',
  ]);
  assert.equal(outcomeLines({}, []), []);
});

test('many outcomes are cut, and the rest is counted', () => {
  const outcomes = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`o${index}`, 25 - index]));
  const lines = outcomeLines(outcomes, []);
  assert.is(lines.length, 21);
  assert.is(lines.at(-1), 'and 5 more labels, 15 times together');
});

test('a histogram says what free-running threads did, and that silence proves little', () => {
  const histogram: Histogram = {
    ...{ scenario: 'lost update', iterations: 5000, elapsed: 900, iterationsPerSecond: 5555.5 },
    ...{ outcomes: { 2: 4990, 1: 10 }, unobserved: [], failures: [], interrupted: false },
  };
  assert.match(histogramText(histogram), '5,000 iterations on free-running threads in 900 ms, 5,556 a second');
  assert.match(histogramText(histogram), 'No failure.');
  const failures: Histogram['failures'] = [{ rule: 'assertion', message: 'x is 1', thread: 'app.0', occurrences: 10 }];
  assert.match(histogramText({ ...histogram, failures }), '✗ assertion in app.0, 10 times: x is 1');
});

test.run();
