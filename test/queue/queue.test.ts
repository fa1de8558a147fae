/** Exploring by a queue: it gives what one machine gives, whatever is killed in between (execution.md, rules 6 and 26). */
// deadline: 400
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import type { ExploreOptions } from '../../src/explore/options.ts';
import { type ShardReport, work } from '../../src/explore/queue/worker.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { rejection, within } from '../machine/support/bounded.ts';
import { hasRedis, Redis } from '../support/redis.ts';
import { main, type Started, saying, start } from '../support/started.ts';

const test = suite('queue');
/** Without a Redis these are skipped, and scripts/test-file.ts says why. */
const withRedis = hasRedis ? test : test.skip;
const scenarios = fileURLToPath(new URL('../fixtures/shard-scenarios.ts', import.meta.url));
const limit = 90_000;
/** Some rounds into the lanes (rounds.ts), and enough that a shard takes longer than it takes to kill somebody. */
const executions = 24_000;
/** Those that every shard has (rounds.ts). */
const common = 3856;
const base = { scenario: 'four', strategy: 'random', executions, threadCheck: false, workers: 1 } as const;

let alone: Promise<unknown> | null = null;
/** What one machine finds; not asked for before it is needed. */
const expected = (): Promise<unknown> => (alone ??= run({ timeBudget: '60s' }).then(lasting));

const run = (options: ExploreOptions): Promise<Exploration> =>
  within(limit, 'explore', explore(scenarios, { ...base, ...options })) as Promise<Exploration>;

/** All that does not depend on how fast it went, nor on who explored it. */
function lasting({ elapsed: _, executionsPerSecond: __, recalled: ___, ...rest }: Exploration): unknown {
  return rest;
}

/** A worker in this process, which ends with the test. */
async function working<T>(url: string, body: (reports: ShardReport[]) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const reports: ShardReport[] = [];
  const options = { workers: 1, queueTimeout: '2s', signal: stop.signal };
  const worked = work(url, { ...options, onShard: (report) => reports.push(report) });
  worked.catch(() => undefined);
  try {
    return await body(reports);
  } finally {
    stop.abort();
    await within(limit, 'worker', worked);
  }
}

const worker = (url: string, ...more: string[]): Started =>
  start(main, ['worker', url, '--workers', '1', '--queue-timeout', '2s', ...more], { limit });

/** Runs with `killing` called once, when something of a lane has come from the fleet and not all. */
async function runKilling(options: ExploreOptions, killing: () => Promise<void>): Promise<Exploration> {
  let killed: Promise<void> | null = null;
  const result = await run({
    queueTimeout: '20s',
    shards: 2,
    ...options,
    onProgress: ({ executions: known }) => {
      if (known > common && known < executions) killed ??= killing();
    },
  });
  assert.ok(killed !== null, 'it was over before anything was killed');
  await killed;
  return result;
}

withRedis('workers find what one machine finds, and what they found is not explored again', async () => {
  const redis = await Redis.start();
  const options = { queue: redis.url, shards: 3 };
  await working(redis.url, async (reports) => {
    const found = await run(options);
    assert.equal(lasting(found), await expected());
    assert.is(found.recalled, executions);
    // A busy machine may be late to say that it is alive, and is then given the shard once more.
    const finished = new Set(reports.filter((report) => report.finished).map(({ shard }) => shard));
    assert.equal([...finished].sort(), ['1/3', '2/3', '3/3']);
  });
  // There is nobody to explore it any more.
  const again = await run(options);
  assert.equal(lasting(again), await expected());
  await redis.kill();
});

withRedis(
  'trees by workers, one that is divided and one that is not: the result of one machine, each execution once',
  async () => {
    const redis = await Redis.start();
    const proof = 'every schedule with at most 3 preemptions was tried, under sc';
    const inOne = { name: 'dpor', equivalence: 'reads-from' } as const;
    for (const [options, proved] of [
      [{ strategy: 'dfs', preemptions: 3 }, proof],
      [{ strategy: inOne, executions: 500 }, null],
    ] as const) {
      const settings = { scenario: 'words', ...options };
      const found = await working(redis.url, () => run({ ...settings, queue: redis.url, shards: 2 }));
      assert.is(found.proof, proved);
      assert.is(found.recalled, found.executions);
      assert.equal(lasting(found), lasting(await run(settings)));
    }
    await redis.kill();
  },
);

withRedis('a worker that is killed loses nothing: another one goes on with its shard', async () => {
  const redis = await Redis.start();
  const first = worker(redis.url);
  let second: Promise<unknown> = Promise.resolve();
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const found = await runKilling({ queue: redis.url }, async () => {
    first.child.kill('SIGKILL');
    assert.is(await first.ended, null);
    second = working(redis.url, async (reports) => {
      await over;
      // Each shard begins with the common executions: the two of them have more than there are, unless one is gone on with.
      const sum = reports.reduce((total, report) => total + report.executions, 0);
      assert.ok(sum > 0 && sum < executions, JSON.stringify(reports));
    });
  });
  end();
  await second;
  assert.equal(lasting(found), await expected());
  await redis.kill();
});

for (const durable of [true, false]) {
  withRedis(
    `a Redis that is killed and comes back ${durable ? 'with' : 'without'} what it knew loses nothing`,
    async () => {
      const redis = await Redis.start({ durable });
      const found = await working(redis.url, () =>
        runKilling({ queue: redis.url }, async () => {
          await redis.kill();
          await redis.restart();
        }),
      );
      assert.equal(lasting(found), await expected());
      await redis.kill();
    },
  );
}

withRedis('a Redis that stays away ends it in a line, with the failures that were known', async () => {
  const redis = await Redis.start();
  const process = worker(redis.url);
  // When this is done the worker is there, however long it took to start.
  await run({ queue: redis.url, executions: 20, shards: 1 });
  const error = await rejection(runKilling({ queue: redis.url, queueTimeout: '1s' }, () => redis.kill()));
  assert.is(error.name, 'UsageError', error.stack);
  assert.match(error.message, /^queue: redis:\/\/127\.0\.0\.1:\d+ has been away for 1 s/);
  const { exploration } = error as { exploration?: Exploration };
  assert.ok(exploration!.failures.length > 0);
  assert.ok(exploration!.interrupted);
  assert.ok(exploration!.executions > common && exploration!.executions < executions);
  assert.is(await process.ended, 2);
  assert.match(process.output.stderr, /\nwiredown: queue: redis:.* has been away for 2 s.*\n$|^wiredown: queue: .*\n$/);
});

withRedis('Ctrl-C: a worker gives its shard back, the explorer tells what has come', async () => {
  const redis = await Redis.start();
  const process = worker(redis.url);
  const stop = new AbortController();
  // Enough for a shard not to be over before the signal is heard, however fast the machine is.
  const many = 8 * executions;
  const found = await runKilling({ queue: redis.url, executions: many, signal: stop.signal }, async () => {
    process.child.kill('SIGINT');
    assert.is(await process.ended, 130);
    assert.match(process.output.stderr, /gave back shard \d\/2 of four: [\d,]+ executions?\n/);
    stop.abort();
  });
  assert.ok(found.interrupted);
  assert.ok(found.failures.length > 0);
  assert.is(found.recalled, found.executions);
  assert.ok(found.executions > common && found.executions < many, String(found.executions));
  await redis.kill();
});

withRedis('where no worker comes the wait is bounded', async () => {
  const redis = await Redis.start();
  const error = await rejection(run({ queue: redis.url, queueTimeout: '1s' }));
  assert.is(error.message, `queue: no worker has been there for 1 s, start some with: wiredown worker ${redis.url}`);
  await redis.kill();
});

withRedis('a worker whose scenario is another one refuses it, and both say so', async () => {
  const redis = await Redis.start();
  const folder = mkdtempSync(join(tmpdir(), 'wiredown-queue-'));
  for (const name of ['here', 'there']) {
    mkdirSync(join(folder, name));
    cpSync(scenarios, join(folder, name, 'scenario.ts'));
  }
  const other = join(folder, 'there', 'scenario.ts');
  writeFileSync(other, readFileSync(other, 'utf8').replace('+ 1)', '+ 2)'));
  const there = start(main, ['worker', redis.url, '--workers', '1'], { cwd: join(folder, 'there'), limit });
  const args = ['explore', 'scenario.ts', '--scenario', 'four', '--executions', '5000', '--queue', redis.url];
  const here = start(main, [...args, '--shards', '1'], { cwd: join(folder, 'here'), limit });
  assert.is(await here.ended, 2);
  assert.match(
    here.output.stderr,
    /^wiredown: shard 1\/1: \S+ refused it: the job is of another campaign than the one that begins: the scenario was changed in between\n$/,
  );
  await saying(there, 'the scenario was changed in between');
  there.child.kill('SIGINT');
  assert.is(await there.ended, 130);
  rmSync(folder, { recursive: true });
  await redis.kill();
});

test('a Redis that is not there is a line, and exit status 2', async () => {
  const file = relative(process.cwd(), scenarios);
  for (const args of [
    ['explore', file, '--scenario', 'four', '--executions', '10', '--queue', 'redis://user:secret@127.0.0.1:1'],
    ['worker', 'redis://user:secret@127.0.0.1:1'],
  ]) {
    const refused = start(main, args);
    assert.is(await refused.ended, 2);
    assert.is(
      refused.output.stderr,
      'wiredown: queue: redis://127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n',
    );
  }
});

test('without BullMQ the line says how to install it', async () => {
  const preloads = [new URL('fixtures/without-bullmq.mjs', import.meta.url).href];
  const refused = start(main, ['worker', 'redis://127.0.0.1:1'], { preloads });
  assert.is(await refused.ended, 2);
  assert.is(
    refused.output.stderr,
    'wiredown: queue: BullMQ is not installed, and the queue stands on it: npm install bullmq@5\n',
  );
});

test('what a queue cannot do is refused in a line', async () => {
  const said = async (options: ExploreOptions): Promise<string> => {
    const error = await rejection(explore(scenarios, { scenario: 'four', ...options }));
    assert.is(error.name, 'UsageError');
    return error.message;
  };
  const queue = 'redis://127.0.0.1:1';
  assert.match(await said({ queue }), /^queue: needs executions/);
  assert.match(await said({ queue, executions, carrier: 'threads' }), /^queue: only executions of the inline carrier/);
  assert.match(await said({ queue, executions, record: 'x' }), /^queue: makes the shards and their records itself/);
  assert.match(
    await said({ queue: 'http://x', executions }),
    /^queue: expected the URL of a Redis, .* got "http:\/\/x"$/,
  );
  assert.match(await said({ queue, executions, shards: 65 }), /^shards: expected a whole number from 1 to 64/);
  assert.match(
    await said({ queue, executions, queueTimeout: '500ms' }),
    /^queueTimeout: expected a time from 1s to 1h/,
  );
  assert.match(await said({ shards: 3 }), /^shards: only exploring by a queue takes it/);
  assert.match(await said({ queueTimeout: 3000 }), /^queueTimeout: only exploring by a queue takes it/);
  const wrong = async (url: string, options: object): Promise<string> => (await rejection(work(url, options))).message;
  assert.match(await wrong('localhost', {}), /^queue: expected the URL of a Redis/);
  assert.match(await wrong(queue, { workers: 0 }), /^workers: expected a whole number from 1 to 256/);
  assert.match(await wrong(queue, { seed: 1 }), /^seed: there is no such option/);
});

test.run();
