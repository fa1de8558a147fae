/** What counts as threads that meet: whose translations are taken away meets who does it; an exploration of threads that do not is refused. */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { ExploreOptions } from '../../src/explore/options.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { rejection } from '../machine/support/bounded.ts';

const test = suite('meetings');
const file = fileURLToPath(new URL('../fixtures/meeting-scenarios.ts', import.meta.url));

const run = (scenario: string, options: ExploreOptions = {}): Promise<Exploration> =>
  explore(file, { scenario, threadCheck: false, executions: 400, workers: 1, ...options }) as Promise<Exploration>;

for (const strategy of ['portfolio', 'random'] as const) {
  test(`${strategy}: threads whose calls have nothing to do with each other explore nothing`, async () => {
    const error = await rejection(run('memory of their own', { strategy }));
    assert.is(error.name, 'ScenarioError');
    assert.match(error.message, /nothing in "memory of their own" depends on the order of its threads/);
    assert.not.match(error.message, /\n/);
  });

  test(`${strategy}: where threads go back and forth, that there is one order is a result`, async () => {
    const found = await run('one order, back and forth', { strategy });
    assert.is(found.traces.seen, 1);
    assert.is(found.exhausted, strategy === 'portfolio');
    assert.equal(found.failures, []);
  });

  test(`${strategy}: calls of which nobody has declared that they commute may have met`, async () => {
    assert.equal((await run('descriptors of their own', { strategy })).failures, []);
  });
}

for (const strategy of ['portfolio', 'random', 'dfs', 'dpor'] as const)
  test(`${strategy}: an access that is refused is another trace than one that is not`, async () => {
    const found = await run('allocated late', { strategy, rules: { 'memory-fault': 'off' } });
    assert.equal(Object.keys(found.outcomes).sort(), ['not there', 'there']);
    assert.is(found.traces.seen, 2);
  });

for (const scenario of ['unmapped while it draws', 'protected while it draws', 'deallocated while it draws'])
  for (const strategy of ['portfolio', 'random', 'dfs', 'dpor'] as const)
    test(`${scenario}: ${strategy} finds the access that comes too late`, async () => {
      const { failures } = await run(scenario, { strategy });
      assert.ok(
        failures.some(({ rule, message }) => rule === 'memory-fault' && /write of 4 bytes/.test(message)),
        failures.map(({ message }) => message).join('\n'),
      );
    });

test.run();
