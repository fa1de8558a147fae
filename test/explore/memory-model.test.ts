/** Exploring under another memory model than the scenario's: it is in the result, and a token holds under it alone. */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { replay } from '../../src/explore/replay.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { rejection, within } from '../machine/support/bounded.ts';

const test = suite('memory model');
const file = fileURLToPath(new URL('../fixtures/memory-model-scenarios.ts', import.meta.url));
/** It says 'sc', under which it is right without a fence. */
const scenario = 'data queue, sc, no fence in the producer, no fence in the consumer';
const limit = 60_000;

test('what holds under sc fails under tso; the token says so on threads, and is refused under another model', async () => {
  const options = { scenario, strategy: 'dpor', workers: 1, threadCheck: false } as const;
  const declared = (await within(limit, 'sc', explore(file, options))) as Exploration;
  assert.equal([declared.memoryModel, declared.failures.length, declared.exhausted], ['sc', 0, true]);
  const weaker = (await within(limit, 'tso', explore(file, { ...options, memoryModel: 'tso' }))) as Exploration;
  assert.is(weaker.memoryModel, 'tso');
  assert.match(weaker.proof!, / was tried, under tso/);
  assert.ok(weaker.failures.length > 0);
  const { token, rule } = weaker.failures[0]!;
  const again = await within(limit, 'replay', replay(file, token, { scenario, memoryModel: 'tso' }));
  assert.equal([again.memoryModel, again.failure?.rule, again.failure?.confirmed], ['tso', rule, true]);
  const error = await rejection(replay(file, token, { scenario, carrier: 'inline' }));
  assert.is(error.name, 'ScenarioError');
  assert.match(error.message, /^the token belongs to another scenario/);
});

test('a model that is none is refused in a line', async () => {
  const error = await rejection(explore(file, { scenario, memoryModel: 'arm' as 'sc' }));
  assert.is(error.name, 'UsageError');
  assert.is(error.message, 'memoryModel: expected one of sc, tso, pso, got "arm"');
});

test.run();
