/**
 * `npm run bench:speed`: executions and steps a second on one core, by program and strategy, race detection off and on. Words on the command line
 * choose programs (by a part of their names) and strategies.
 *
 *     npm run bench:speed -- reorder dpor dfs
 *
 * A round is at least a third of a second of one campaign; an enumeration that ends sooner begins again. The first two seconds of each
 * campaign do not count, nor do rounds in which the core was shared (undisturbed.ts).
 */
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

const words = process.argv.slice(2);
const isStrategy = (word: string): word is StrategyName => (strategyNames as readonly string[]).includes(word);
const chosen = words.filter(isStrategy);
const parts = words.filter((word) => !isStrategy(word));
const strategies = chosen.length > 0 ? chosen : strategyNames;

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

async function speed(loaded: LoadedScenario, strategy: StrategyName, watching: boolean): Promise<string> {
  const campaign = new Campaign(loaded, strategy, watching);
  const warm = performance.now() + warmUp;
  while (performance.now() < warm) campaign.round();
  const { quiet } = await undisturbed(rounds, () => campaign.round());
  return `${thousands(quiet[0]!)} | ${thousands(quiet[1]!)}`;
}

console.log(`Node ${process.version}, one core, race detection off and on\n`);
console.log('| program | strategy | off: executions/s | steps/s | on: executions/s | steps/s |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const file of files) {
  const { href } = new URL(`./programs/${file}.ts`, import.meta.url);
  for (const name of await scenarioNames(href)) {
    if (parts.length > 0 && !parts.some((part) => name.includes(part))) continue;
    const loaded = await loadScenario(href, name);
    for (const strategy of strategies) {
      if (!isIndependent(strategy) && (loaded.plans.length > mostEnumerated || isTooSmall(loaded, strategy))) continue;
      const off = await speed(loaded, strategy, false);
      console.log(`| ${name} | ${strategy} | ${off} | ${await speed(loaded, strategy, true)} |`);
    }
  }
}
