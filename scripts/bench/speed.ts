/**
 * `npm run bench:speed`: executions and steps a second on one core, by program and strategy, race detection off and on. Words on the command line
 * choose programs (by a part of their names) and strategies.
 *
 *     npm run bench:speed -- reorder dpor dfs
 *
 * A round is at least a third of a second of one campaign; an enumeration that ends sooner begins again. The first two seconds of each
 * campaign do not count, nor do rounds in which the core was shared (undisturbed.ts). Each campaign has a process of its own, as in main.ts.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ChunkResult, Explorer, flag } from '../../src/explore/explorer.ts';
import { prologue } from '../../src/explore/rounds.ts';
import type { LoadedScenario } from '../../src/machine/loaded-scenario.ts';
import { loadScenario, scenarioNames } from '../../src/machine/scenario-loader.ts';
import { isIndependent, type StrategyName, strategyNames } from '../../src/schedule/strategies.ts';
import { settingsOf } from './campaign-settings.ts';
import { thousands } from './measure.ts';
import { undisturbed } from './undisturbed.ts';

const files = ['lost-update', 'four-by-twenty', 'counting'];
const warmUp = 2000;
const roundTime = 333;
const rounds = 12;
/** Of programs with more threads there are only those strategies' figures that draw lots: an enumeration never gets beyond its first few steps. */
const mostEnumerated = 20;

/** One cell of the table, for a process of its own. */
interface Cell {
  readonly file: string;
  readonly program: string;
  readonly strategy: StrategyName;
  readonly watching: boolean;
}

/** A campaign that goes on for as long as it is asked to. */
class Campaign {
  private explorer: Explorer | null = null;
  private points: readonly number[] = [];
  private next = 1;

  constructor(
    private readonly loaded: LoadedScenario,
    private readonly strategy: StrategyName,
    private readonly watching: boolean,
  ) {}

  /** Executions and steps a second over one round. */
  round(): number[] {
    const start = performance.now();
    let executions = 0;
    let steps = 0;
    let elapsed = 0;
    while (elapsed < roundTime) {
      const result = this.chunk();
      executions += result.executions;
      steps += result.steps;
      if (result.exhausted) this.explorer = null;
      elapsed = performance.now() - start;
    }
    return [executions / (elapsed / 1000), steps / (elapsed / 1000)];
  }

  /** The next thousand executions; as `explore` does, the first few find out which pages are shared. */
  private chunk(): ChunkResult {
    const isFirst = this.explorer === null;
    if (isFirst) [this.points, this.next] = [[], 1];
    this.explorer ??= new Explorer(this.loaded, settingsOf(this.strategy, this.watching));
    const from = this.next;
    this.next += isFirst ? prologue : 1000;
    const widenAtOnce = isFirst || !isIndependent(this.strategy);
    const job = { from, to: this.next - 1, points: this.points, widenAtOnce };
    const result = this.explorer.explore(job, new Int32Array(flag.words));
    if (isFirst) this.points = result.reached.filter(([, actor]) => actor === 0).map(([frame]) => frame);
    return result;
  }
}

/** Of a program with fewer schedules than a chunk has, building the machine again and again would be measured. */
function isTooSmall(loaded: LoadedScenario, strategy: StrategyName): boolean {
  const job = { from: 1, to: 1000, points: [], widenAtOnce: true };
  return new Explorer(loaded, settingsOf(strategy)).explore(job, new Int32Array(flag.words)).exhausted !== null;
}

async function speed({ file, program, strategy, watching }: Cell): Promise<readonly number[]> {
  const campaign = new Campaign(await loadScenario(file, program), strategy, watching);
  const warm = performance.now() + warmUp;
  while (performance.now() < warm) campaign.round();
  return (await undisturbed(rounds, () => campaign.round())).quiet;
}

function apart(cell: Cell): Promise<readonly number[]> {
  const [bootstrap, here] = [new URL('../bootstrap.mjs', import.meta.url).href, import.meta.url].map((url) =>
    fileURLToPath(url),
  );
  return new Promise((resolve, reject) => {
    let answer: readonly number[] | null = null;
    const child = fork(bootstrap!, [here!, JSON.stringify(cell)]);
    child.once('message', (figures) => {
      answer = figures as readonly number[];
    });
    child.once('exit', (status) => {
      if (answer !== null) resolve(answer);
      else
        reject(
          new Error(
            `bench:speed: ${cell.program} under ${cell.strategy} ended with status ${status} before it was over`,
          ),
        );
    });
  });
}

async function table(words: readonly string[]): Promise<void> {
  const isStrategy = (word: string): word is StrategyName => (strategyNames as readonly string[]).includes(word);
  const chosen = words.filter(isStrategy);
  const parts = words.filter((word) => !isStrategy(word));
  console.log(`Node ${process.version}, one core, race detection off and on\n`);
  console.log('| program | strategy | off: executions/s | steps/s | on: executions/s | steps/s |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const name of files) {
    const file = new URL(`./programs/${name}.ts`, import.meta.url).href;
    for (const program of await scenarioNames(file)) {
      if (parts.length > 0 && !parts.some((part) => program.includes(part))) continue;
      const loaded = await loadScenario(file, program);
      for (const strategy of chosen.length > 0 ? chosen : strategyNames) {
        if (!isIndependent(strategy) && (loaded.plans.length > mostEnumerated || isTooSmall(loaded, strategy)))
          continue;
        const off = await apart({ file, program, strategy, watching: false });
        const on = await apart({ file, program, strategy, watching: true });
        console.log(`| ${[program, strategy, ...[...off, ...on].map(thousands)].join(' | ')} |`);
      }
    }
  }
}

// A child is given its cell, and answers with executions and steps a second.
const report = process.send?.bind(process);
if (report === undefined) await table(process.argv.slice(2));
else report(await speed(JSON.parse(process.argv[2]!) as Cell));
