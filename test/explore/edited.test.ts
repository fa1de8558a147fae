/** Tokens after an edit of their scenario (issue 4, part 8; execution.md, rule 23). */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { check } from '../../src/explore/check.ts';
import { flag } from '../../src/explore/explorer.ts';
import { NearestSearch } from '../../src/explore/nearest.ts';
import { settle } from '../../src/explore/options.ts';
import { replay } from '../../src/explore/replay.ts';
import { Reproducer } from '../../src/explore/reproducer.ts';
import { ScenarioFailure } from '../../src/explore/scenario-failure.ts';
import { readingsOf } from '../../src/explore/token-reading.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { decodeToken } from '../../src/schedule/token.ts';
import { rejection, within } from '../machine/support/bounded.ts';

const test = suite('edited scenarios');
const limit = 60_000;
const form = (name: string): string => fileURLToPath(new URL(`../fixtures/edited/${name}.ts`, import.meta.url));
const rules = { 'data-race': 'off' } as const;
let token = '';

test.before(async () => {
  const error = await within(
    limit,
    'the original',
    rejection(check(form('original'), { strategy: 'random', rules, executions: 200, threadCheck: false, workers: 1 })),
  );
  assert.instance(error, ScenarioFailure);
  const { failure } = error as ScenarioFailure;
  assert.is(failure.rule, 'check');
  token = failure.token;
});

test('where nothing that matters was edited, it replays, and best effort is no other thing', async () => {
  for (const bestEffort of [false, true]) {
    const carrier = bestEffort ? 'threads' : 'inline';
    const again = await within(limit, 'replay', replay(form('original'), token, { rules, bestEffort, carrier }));
    assert.is(again.parted, null);
    assert.is(again.token, token);
    assert.is(again.failure?.rule, 'check');
  }
});

/** Form → where its replay parts, and what best effort then breaks. */
const forms: readonly [form: string, parts: string, rule: string | null][] = [
  ['after', 'it ends after 4 steps, and the execution goes on to 6', 'check'],
  ['before', 'it parts at switch 2, where app.one is to take 2 steps from step 2 on', 'check'],
  ['between', 'it parts at switch 2, where app.one is to take 2 steps from step 2 on', 'check'],
  ['choose', 'it parts at switch 1, where app.two is to take 1 step from step 1 on', 'check'],
  ['thread-last', 'the scenario has another name, other threads or another machine', 'check'],
  ['thread-first', 'the scenario has another name, other threads or another machine', 'check'],
  ['mended', 'it parts at switch 2, where app.one is to take 2 steps from step 2 on', null],
];

for (const [name, parts, rule] of forms) {
  test(`edited (${name}): it goes on as near as possible, to a token that fits`, async () => {
    const loaded = await loadScenario(pathToFileURL(form(name)).href, null);
    const readings = readingsOf(token, loaded);
    const { seed } = readings[0]!.token;
    const flags = new Int32Array(flag.words);
    const reproducer = new Reproducer(loaded, { ...settle({ rules }), seed }, flags);
    const { runs, parted } = new NearestSearch(reproducer, loaded).run(readings);
    assert.is(parted, parts);
    const { replay: found, token: fitting } = reproducer.reproduce(runs, null);
    assert.is(found.failure?.rule ?? null, rule);
    const again = decodeToken(fitting, reproducer.actors);
    assert.is(reproducer.reproduce(again.runs, again).replay.traceHash, found.traceHash);
  });
}

for (const name of ['before', 'thread-first']) {
  test(`edited (${name}): refused in one line; with best effort it says where it parted, on threads as inline`, async () => {
    const error = await within(limit, name, rejection(replay(form(name), token, { rules, carrier: 'inline' })));
    assert.is(error.name, 'ScenarioError');
    assert.match(error.message, /--best-effort/);
    assert.not.match(error.message, /\n/);
    const threads = await within(limit, name, replay(form(name), token, { rules, bestEffort: true }));
    assert.ok(threads.parted);
    assert.is(threads.failure?.rule, 'check');
    assert.is(threads.failure?.confirmed, true);
  });
}

test('best effort is true or false', async () => {
  const error = await within(limit, 'replay', rejection(replay(form('original'), token, { bestEffort: 1 as never })));
  assert.is(error.message, 'bestEffort: expected true or false, got 1');
});

test.run();
