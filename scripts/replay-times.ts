/**
 * Replays one token many times, inline and on threads, explores once, and prints as JSON the trace hashes that came out and what was
 * found: what `replay-matrix.ts` runs on each version of Node. Arguments: FILE TOKEN TIMES.
 */
import { pathToFileURL } from 'node:url';
import { explore } from '../src/explore/explore.ts';
import { Reproducer } from '../src/explore/reproducer.ts';
import { loadScenario } from '../src/machine/scenario-loader.ts';
import { ThreadMachine } from '../src/machine/threads/thread-machine.ts';
import { RunsSchedule } from '../src/schedule/runs.ts';
import { decodeToken } from '../src/schedule/token.ts';

const [file = '', token = '', times = '1000'] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const loaded = await loadScenario(url, null);
const { runs, seed } = decodeToken(token, loaded.plans.length + 1);
const settings = {
  strategy: 'random',
  seed,
  preemptions: null,
  rules: {},
  maximumSteps: 20_000,
  stopAtFirst: false,
} as const;

const inline: Record<string, number> = {};
const reproducer = new Reproducer(loaded, settings, new Int32Array(4));
for (let i = 0; i < Number(times); i++) {
  reproducer.attempt(new RunsSchedule(runs));
  const hash = reproducer.machine.trace.hash();
  inline[hash] = (inline[hash] ?? 0) + 1;
}

const threads: Record<string, number> = {};
const machine = await ThreadMachine.boot(url, null, { maximumSteps: settings.maximumSteps });
try {
  for (let i = 0; i < Number(times); i++) {
    const { traceHash } = await machine.replay(runs, { seed });
    threads[traceHash] = (threads[traceHash] ?? 0) + 1;
  }
} finally {
  await machine.shutdown();
}

const [exploration] = [await explore(url, { executions: 2000, threadCheck: false })].flat();
const { steps, outcomes, failures } = exploration!;
const found = JSON.stringify({ steps, outcomes, tokens: failures.map((failure) => failure.token) });

process.stdout.write(JSON.stringify({ node: process.version, inline, threads, found }));
