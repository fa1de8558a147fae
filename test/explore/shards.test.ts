/** Shards and records: together they give what one machine gives, whatever is killed in between (execution.md, rules 6 and 26). */
// deadline: 400
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { Request } from '../../src/explore/explorer-service.ts';
import { merge } from '../../src/explore/merge.ts';
import type { ExploreOptions } from '../../src/explore/options.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { isOf, readShard } from '../../src/explore/shard.ts';
import { rejection, within } from '../machine/support/bounded.ts';
import { lasting, limit, newRecord, scenarios, together } from '../support/records.ts';
import { loaders, main } from '../support/started.ts';

const test = suite('shards');
/** Into the second round of lanes (rounds.ts), so that lanes learn by themselves; and into the first. */
const executions = 12_600;
const few = 8000;

const run = (scenario: string, options: ExploreOptions): Promise<Exploration> =>
  within(
    limit,
    scenario,
    explore(scenarios, { scenario, executions: few, threadCheck: false, timeBudget: '60s', workers: 1, ...options }),
  ) as Promise<Exploration>;

/** Made when it is first needed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

const four = once(() => run('four', {}));
/** The record of its first half. */
const first = once(async () => {
  const record = newRecord();
  await run('four', { shard: '1/2', record });
  return record;
});
/** That of the other one, which was killed when it had written some chunks; and its last line is cut off. */
const killed = once(async () => {
  const record = newRecord();
  await killedShard(record);
  appendFileSync(record, '{"chunk":"1-1');
  return record;
});
/** The same, gone on with. */
const second = once(async () => {
  const record = await killed();
  return { record, resumed: await run('four', { shard: '2/2', record }) };
});

test('three shards give what one machine gives', async () => {
  const options = { strategy: 'surw', executions } as const;
  const alone = await run('four', options);
  assert.ok(alone.failures.length > 0);
  const records: string[] = [];
  for (const shard of ['1/3', '2/3', '3/3']) {
    records.push(newRecord());
    const part = await run('four', { ...options, shard, record: records.at(-1)! });
    assert.is(part.shard, shard);
    assert.ok(part.executions < 0.6 * executions, String(part.executions));
  }
  const merged = await together(records.reverse());
  assert.equal(lasting(merged), lasting(alone));
  assert.is(merged.recalled, executions, 'nothing was run again');
});

test('where a page turns out to be shared late, and only one shard knows of it, it is the same', async () => {
  const options = { strategy: 'random', executions, seed: 2, rules: { 'data-race': 'fail' } } as const;
  const alone = await run('late', options);
  assert.ok(alone.failures[0]!.execution! > 5000, 'in a lane');
  const records = ['1/2', '2/2'].map(() => newRecord());
  for (const [i, record] of records.entries()) await run('late', { ...options, shard: `${i + 1}/2`, record });
  const merged = await together(records);
  assert.equal(lasting(merged), lasting(alone));
  assert.equal(merged.told, { rules: { 'data-race': 'fail' } });
});

test('the first failure ends it, in whichever shard it is', async () => {
  const options = { strategy: 'random', executions, stopAtFirst: true, seed: 2 } as const;
  const alone = await run('rare', options);
  assert.ok(alone.executions > 5000 && alone.executions < executions, String(alone.executions));
  const records = ['1/2', '2/2'].map(() => newRecord());
  for (const [i, record] of records.entries()) await run('rare', { ...options, shard: `${i + 1}/2`, record });
  assert.equal(lasting(await together(records)), lasting(alone));
});

test('a shard that is missing, or was killed, is explored by the merge; no execution is counted twice', async () => {
  const merged = await together([await first()]);
  assert.equal(lasting(merged), lasting(await four()));
  assert.ok(merged.recalled! > few / 3 && merged.recalled! < few, String(merged.recalled));
  const both = await together([await first(), await killed()]);
  assert.equal(lasting(both), lasting(await four()));
  assert.ok(both.recalled! > merged.recalled!, `${both.recalled} of ${merged.recalled}`);
});

test('a proof is one for every shard, and on record like everything else', async () => {
  const small = fileURLToPath(new URL('../fixtures/explore-scenarios.ts', import.meta.url));
  const options = { scenario: 'silent', executions: few, threadCheck: false, workers: 1 };
  const alone = (await within(limit, 'alone', explore(small, options))) as Exploration;
  assert.ok(alone.exhausted);
  const record = newRecord();
  const part = (await within(limit, 'a shard', explore(small, { ...options, shard: '2/2', record }))) as Exploration;
  assert.is(part.proof, alone.proof);
  const merged = await within(limit, 'merge', merge(small, [record], { threadCheck: false, workers: 1 }));
  assert.equal(lasting(merged), lasting(alone));
  assert.is(merged.recalled, alone.executions);
});

test('the same command goes on where it was stopped', async () => {
  const { record, resumed } = await second();
  assert.ok(resumed.recalled! >= 16 && resumed.recalled! < resumed.executions, String(resumed.recalled));
  const again = await run('four', { shard: '2/2', record });
  assert.is(again.recalled, again.executions);
  assert.equal(lasting(again), lasting(resumed));
});

test('a merge that has no time to explore still tells all that is on record', async () => {
  const options = { threadCheck: false, workers: 1, signal: AbortSignal.abort() };
  const merged = await within(limit, 'merge', merge(scenarios, [await first(), (await second()).record], options));
  assert.ok(merged.interrupted);
  assert.is(merged.executions, few);
  assert.is(merged.recalled, few);
  assert.ok(merged.failures.length > 0);
  // Half of it is there: the rest is not run, and it ends.
  const half = await within(limit, 'merge', merge(scenarios, [await first()], options));
  assert.is(half.recalled, half.executions);
  assert.ok(half.executions > few / 2 && half.executions < few, String(half.executions));
});

test('records of other campaigns, and files that are none, are refused in a line that says what differs', async () => {
  const [one, two, none] = [newRecord(), newRecord(), newRecord()];
  const short = { executions: 200 };
  await run('four', { ...short, record: one });
  await run('four', { ...short, seed: 2, record: two });
  const said = async (work: Promise<unknown>): Promise<string> => {
    const error = await rejection(work);
    assert.is(error.name, 'UsageError', error.stack);
    return error.message;
  };
  assert.match(await said(together([one, two])), /0\.jsonl|another campaign than .*: seed 1 and 2$/);
  assert.match(
    await said(run('four', { ...short, seed: 3, record: one })),
    /another campaign than the one that begins: seed 1 and 3$/,
  );
  assert.match(await said(together([none])), /cannot be read: ENOENT/);
  writeFileSync(none, 'no record\n');
  assert.match(await said(together([one, none])), /is no record of a campaign/);
  appendFileSync(one, 'garbled\n');
  assert.match(await said(together([one])), /^line \d+ of the record .* is garbled/);
  assert.match(await said(together([])), /expected the paths of records/);
  const other = await said(merge(fileURLToPath(new URL('../fixtures/explore-scenarios.ts', import.meta.url)), [two]));
  assert.match(other, /four/);
});

test('a shard needs to know how much there is, and where to write', async () => {
  const said = async (options: ExploreOptions): Promise<string> =>
    (await rejection(explore(scenarios, { scenario: 'four', ...options }))).message;
  assert.is(
    await said({ shard: '1/2', executions: 10 }),
    'shard: needs a record, which merge puts together with the others',
  );
  assert.match(await said({ shard: '1/2', record: 'x' }), /^shard: needs executions/);
  assert.is(
    await said({ shard: '1/2', strategy: 'dfs' }),
    'shard: needs a record, which merge puts together with the others',
  );
  assert.match(await said({ record: 'x', carrier: 'threads' }), /^record: only executions of the inline carrier/);
  for (const shard of ['0/2', '3/2', '1/65', '1', 'a/b', '1/2/3'])
    assert.match(await said({ shard, record: 'x', executions: 10 }), /^shard: expected 1\/3 for the first of three/);
});

test('every lane belongs to one shard, the common beginning to all', () => {
  for (const count of [1, 2, 3, 7, 64]) {
    const shards = Array.from({ length: count }, (_, i) => readShard(`${i + 1}/${count}`));
    for (let lane = 0; lane < 64; lane++)
      assert.is(shards.filter((shard) => isOf(shard, { from: 1, to: 1, lane })).length, 1);
    assert.ok(shards.every((shard) => isOf(shard, { from: 1, to: 1, lane: null })));
  }
});

test('a worker that is killed takes nothing along: its chunk is run again by another one', async () => {
  const alone = await four();
  const { run: runTask } = Piscina.prototype;
  let killed = 0;
  // The first worker that is given a chunk of the lanes ends in the middle of it.
  Piscina.prototype.run = function (this: Piscina, request: Request, options) {
    const running = runTask.call(this, request, options);
    const { job } = request;
    if (killed === 0 && job.kind === 'chunk' && job.chunk.from > 4000) {
      killed++;
      for (const worker of this.threads) void worker.terminate();
    }
    return running;
  } as typeof runTask;
  try {
    assert.equal(lasting(await run('four', { workers: 2 })), lasting(alone));
  } finally {
    Piscina.prototype.run = runTask;
  }
  assert.is(killed, 1);
});

/** Shard 2/2 of 'four' in a process of its own, which is killed as soon as it has recorded a chunk of a lane. */
async function killedShard(record: string): Promise<void> {
  const options = ['--scenario', 'four', '--executions', String(few), '--shard', '2/2', '--record', record];
  const child = spawn(process.execPath, [...loaders(main), main, 'explore', scenarios, ...options, '--workers', '1']);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = (): number => (existsSync(record) ? readFileSync(record, 'utf8').split('\n').length - 1 : 0);
  const watch = setInterval(() => {
    if (lines() > 30) child.kill('SIGKILL');
  }, 2);
  try {
    await within(limit, 'a shard', ended);
  } finally {
    clearInterval(watch);
    child.kill('SIGKILL');
  }
  assert.ok(lines() > 30, `${lines()} lines`);
}

test.run();
