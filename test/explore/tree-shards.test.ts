/** Strategies that enumerate, by several workers and in shards: together they give what one explorer gives (execution.md, rules 6 and 26). */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { merge } from '../../src/explore/merge.ts';
import type { ExploreOptions } from '../../src/explore/options.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { smallTree } from '../../src/explore/tiers.ts';
import { rejection, within } from '../machine/support/bounded.ts';
import { lasting, limit, newRecord, scenarios, together } from '../support/records.ts';

const test = suite('shards of trees');

const run = (options: ExploreOptions): Promise<Exploration> =>
  within(
    limit,
    'explore',
    explore(scenarios, { threadCheck: false, timeBudget: '60s', workers: 1, ...options }),
  ) as Promise<Exploration>;

test('dpor: two workers, and a shard with a merge that explores the other, give the same proof, failures and tokens; also where a page is shared late', async () => {
  const options: ExploreOptions = { scenario: 'late', strategy: 'dpor', rules: { 'data-race': 'fail' } };
  const alone = await run({ ...options, workers: 2 });
  assert.ok(alone.proof!.startsWith('every order of conflicting steps (Mazurkiewicz trace) was tried, under sc'));
  assert.ok(alone.executions > 1.5 * smallTree, `${alone.executions} executions`);
  assert.is(alone.failures.length, 1);
  const record = newRecord();
  const part = await run({ ...options, shard: '1/2', record });
  assert.equal([part.exhausted, part.proof], [false, null]);
  assert.ok(part.executions < 0.7 * alone.executions, `${part.executions} of ${alone.executions}`);
  const merged = await together([record]);
  assert.equal(lasting(merged), lasting(alone));
  assert.ok(merged.recalled! > 0.3 * alone.executions && merged.recalled! < 0.7 * alone.executions);
});

test('dfs: a limit of executions, and the bound of preemptions, are those of one explorer; no execution is counted twice', async () => {
  const options: ExploreOptions = {
    scenario: 'words',
    strategy: 'dfs',
    preemptions: 3,
    executions: smallTree + 1000,
  };
  const alone = await run(options);
  assert.is(alone.executions, smallTree + 1000);
  const record = newRecord();
  await run({ ...options, shard: '1/2', record });
  const merged = await together([record]);
  assert.equal(lasting(merged), lasting(alone));
});

test('dpor by who reads from whom is not divided: the first shard has all of it and the others nothing, on record like everything else', async () => {
  const file = fileURLToPath(new URL('../fixtures/explore-scenarios.ts', import.meta.url));
  const options = { threadCheck: false, workers: 1 };
  const find = (more: ExploreOptions): Promise<Exploration> => {
    const strategy = { name: 'dpor', equivalence: 'reads-from' } as const;
    const settings = { ...options, scenario: 'seen in the middle', strategy, ...more };
    return within(limit, 'explore', explore(file, settings)) as Promise<Exploration>;
  };
  const alone = await find({});
  assert.equal([alone.exhausted, alone.failures.length], [true, 1]);
  const records = [newRecord(), newRecord()];
  const first = await find({ shard: '1/2', record: records[0]! });
  assert.equal([first.executions, first.proof], [alone.executions, alone.proof]);
  const second = await find({ shard: '2/2', record: records[1]! });
  assert.equal([second.executions, second.proof, second.failures], [0, null, []]);
  const merged = await within(limit, 'merge', merge(file, records, options));
  assert.equal(lasting(merged), lasting(alone));
  assert.is(merged.recalled, alone.executions);
  const explored = await within(limit, 'merge', merge(file, [records[1]!], options));
  assert.equal(lasting(explored), lasting(alone));
  const other = await rejection(find({ strategy: 'dpor', record: records[0]! }));
  assert.match(other.message, /equivalence "reads-from" and "traces"$/);
});

test.run();
