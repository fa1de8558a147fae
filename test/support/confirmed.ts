/** What exploring finds inline is the same on worker threads, to the hash of its trace. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { Reproducer } from '../../src/explore/reproducer.ts';
import type { RuleName } from '../../src/kernel/rules.ts';
import type { LoadedScenario } from '../../src/machine/loaded-scenario.ts';
import { loadScenario, scenarioNames } from '../../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { RunsSchedule } from '../../src/schedule/runs.ts';
import { decodeToken } from '../../src/schedule/token.ts';
import { within } from '../machine/support/bounded.ts';

const root = new URL('../../', import.meta.url);
const executions = 300;
const limit = 60_000;
/** Each is a worker. */
const mostThreads = 4;

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

/** Rule → token, for each rule that a short exploration finds broken. */
function found(loaded: LoadedScenario): Map<RuleName, string> {
  const explorer = new Explorer(loaded, { ...settings, rules: {} });
  const job = { from: 1, to: executions, points: [], widenAtOnce: true };
  const failures = explorer.explore(job, new Int32Array(flag.words)).found.filter(({ level }) => level === 'fail');
  return new Map(failures.map(({ rule, token }) => [rule, token]));
}

/** Replays each token inline and on threads, and returns how many there were. */
async function compare(url: string, name: string, loaded: LoadedScenario): Promise<number> {
  const tokens = found(loaded);
  if (tokens.size === 0) return 0;
  const { maximumSteps } = settings;
  const inline = new Reproducer(await loadScenario(url, name), { ...settings, rules: {} }, new Int32Array(flag.words));
  const threads = await within(limit, name, ThreadMachine.boot(url, name, { maximumSteps }));
  try {
    for (const [rule, token] of tokens) {
      const { runs } = decodeToken(token, inline.actors);
      const broken = inline.attempt(new RunsSchedule(runs)).filter(({ level }) => level === 'fail');
      assert.ok(
        broken.some((one) => one.rule === rule),
        `${name}: ${token} fails with ${rule}`,
      );
      const { traceHash } = await within(limit, name, threads.replay(runs, { seed: settings.seed }));
      assert.is(traceHash, inline.machine.trace.hash(), `${name}: ${token}`);
    }
  } finally {
    await threads.shutdown();
  }
  return tokens.size;
}

/**
 * Compares what is found in each scenario of `folder`, a path from the root: how many failures those were, and which scenarios were passed
 * over, since they have more threads than there should be workers.
 */
export async function compareAll(folder: string): Promise<{ compared: number; passedOver: string[] }> {
  let compared = 0;
  const passedOver: string[] = [];
  for (const file of readdirSync(fileURLToPath(new URL(folder, root)))) {
    const url = new URL(folder + file, root);
    if (/^(?:script-|leftovers-|explore-throws)|(?<!\.ts)$/.test(file)) continue;
    if (!readFileSync(url, 'utf8').includes('export default')) continue;
    for (const name of await scenarioNames(url.href)) {
      if (leftOut.has(name)) continue;
      const loaded = await loadScenario(url.href, name);
      if (loaded.plans.length > mostThreads) passedOver.push(name);
      else compared += await compare(url.href, name, loaded);
    }
  }
  return { compared, passedOver };
}
