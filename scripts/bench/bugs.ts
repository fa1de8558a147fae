/**
 * `npm run bench:bugs`: how many executions a strategy needs to the first bug of each program, as mean and deviation over 20 seeds, with
 * what others have published in brackets behind it. Words on the command line choose programs and strategies by name;
 * `--seeds` and `--cap` set how many campaigns, and how many executions each at most.
 *
 *     npm run bench:bugs -- pct surw reorder_5 twostage --seeds 5 --cap 2000
 */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadScenario, scenarioNames } from '../../src/machine/scenario-loader.ts';
import { isIndependent, type StrategyName, strategyNames } from '../../src/schedule/strategies.ts';
import { firstFailure } from './first-failure.ts';
import { type Column, published } from './published-bugs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '20' }, cap: { type: 'string', default: '10000' } },
});
const seeds = Number(values.seeds);
const cap = Number(values.cap);
const isStrategy = (word: string): word is StrategyName => (strategyNames as readonly string[]).includes(word);
const chosen = positionals.filter(isStrategy);
// Those that enumerate have no seed: they are only run when they are asked for.
const strategies = chosen.length > 0 ? chosen : strategyNames.filter(isIndependent);
const programs = positionals.filter((word) => !isStrategy(word));

/** '12±7', with how many found it where not all did. */
function told(found: readonly number[], of: number): string {
  if (found.length === 0) return `none of ${of}`;
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  const deviation = Math.sqrt(found.reduce((sum, one) => sum + (one - mean) ** 2, 0) / found.length);
  const share = found.length === of ? '' : ` (${found.length}/${of})`;
  return `${mean.toFixed(0)}±${deviation.toFixed(0)}${share}`;
}

async function measure(url: string, name: string, strategy: StrategyName): Promise<string> {
  const loaded = await loadScenario(url, name);
  const found: number[] = [];
  const trials = isIndependent(strategy) ? seeds : 1;
  for (let seed = 1; seed <= trials; seed++) {
    const { execution } = firstFailure(loaded, { strategy, seed, preemptions: null }, cap);
    if (execution !== null) found.push(execution);
  }
  const others = published[name]?.[strategy as Column];
  return `${told(found, trials)}${others === undefined ? '' : ` [${others}]`}`;
}

console.log(`Node ${process.version}; ${seeds} seeds, at most ${cap} executions\n`);
console.log(`| program | ${strategies.join(' | ')} | RFF, published |`);
console.log(`| --- | ${strategies.map(() => '---').join(' | ')} | --- |`);
const folder = new URL('./programs/bugs/', import.meta.url);
for (const file of readdirSync(folder).sort()) {
  if (file === 'words.ts') continue;
  const { href } = new URL(file, folder);
  for (const name of await scenarioNames(href)) {
    if (programs.length > 0 && !programs.includes(name)) continue;
    const cells: string[] = [];
    for (const strategy of strategies) cells.push(await measure(href, name, strategy));
    console.log(`| ${name} | ${cells.join(' | ')} | ${published[name]?.rff ?? ''} |`);
  }
}
