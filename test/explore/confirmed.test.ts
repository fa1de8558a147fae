// deadline: 300
/**
 * What exploring finds inline is the same on worker threads, to the hash of its trace: every failure of the gallery, of the scenarios
 * that tests explore, and of the programs that strategies are compared with.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { Reproducer } from '../../src/explore/reproducer.ts';
import { loadScenario, scenarioNames } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { RunsSchedule } from '../../src/schedule/runs.ts';
import { decodeToken } from '../../src/schedule/token.ts';
import { within } from '../machine/support/bounded.ts';

const test = suite('confirmed');
const root = new URL('../../', import.meta.url);
const executions = 300;
const limit = 60_000;
/** Each is a worker. */
const mostThreads = 8;

/** Scenarios that are made to be refused, or to last, or to use up a worker. */
const leftOut = new Set([
  'loops for ever',
  'setup throws',
  'bad machine',
  'outcome throws',
  'not deterministic',
  'mortal',
  'hungry',
  'halfway',
]);

const settings = { strategy: 'random', seed: 1, preemptions: null, maximumSteps: 5000, stopAtFirst: false } as const;

/** Tokens of what a short exploration finds, that fails. */
async function found(url: string, name: string): Promise<string[]> {
  const loaded = await loadScenario(url, name);
  if (loaded.plans.length > mostThreads) return [];
  const explorer = new Explorer(loaded, { ...settings, rules: {} });
  const job = { from: 1, to: executions, points: [], widenAtOnce: true };
  const failures = explorer.explore(job, new Int32Array(flag.words)).found.filter(({ level }) => level === 'fail');
  return [...new Set(failures.map(({ token }) => token))];
}

/** Replays each token inline and on threads, and returns how many there were. */
async function compare(url: string, name: string): Promise<number> {
  const tokens = await found(url, name);
  if (tokens.length === 0) return 0;
  const { maximumSteps } = settings;
  const inline = new Reproducer(await loadScenario(url, name), { ...settings, rules: {} }, new Int32Array(flag.words));
  const threads = await within(limit, name, ThreadMachine.boot(url, name, { maximumSteps }));
  try {
    for (const token of tokens) {
      const { runs } = decodeToken(token, inline.actors);
      assert.ok(inline.attempt(new RunsSchedule(runs)).length > 0, `${name}: it fails`);
      const { traceHash } = await within(limit, name, threads.replay(runs, { seed: settings.seed }));
      assert.is(traceHash, inline.machine.trace.hash(), `${name}: ${token}`);
    }
  } finally {
    await threads.shutdown();
  }
  return tokens.length;
}

for (const [folder, least] of [
  ['scripts/scenarios/', 20],
  ['test/fixtures/', 60],
  ['scripts/bench/programs/bugs/', 20],
] as const) {
  test(`every failure of ${folder} is the same on threads`, async () => {
    let compared = 0;
    for (const file of readdirSync(fileURLToPath(new URL(folder, root)))) {
      if (!/^(?!script-|swap-task|random-|leftovers-|explore-(?:empty|throws)).*\.ts$/.test(file)) continue;
      const url = new URL(folder + file, root).href;
      for (const name of await scenarioNames(url)) if (!leftOut.has(name)) compared += await compare(url, name);
    }
    assert.ok(compared >= least, `${compared} failures`);
  });
}

test.run();
