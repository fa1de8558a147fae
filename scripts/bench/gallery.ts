/**
 * How long the default strategy explores before it has the bug of each scenario of the gallery, in one thread and without starting up. A
 * bug's depth is the number of preemptions that it needs, and one: exhaustive search with a bound says it.
 */
import { readdirSync } from 'node:fs';
import { type ExecutionSettings, Explorer, flag } from '../../src/explore/explorer.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { firstFailure } from './first-failure.ts';
import { type Figure, median } from './measure.ts';

const seeds = [1, 2, 3, 4, 5];
const mostExecutions = 100_000;
const deepest = 3;

interface Found {
  readonly name: string;
  readonly seconds: number;
}

/** The depth of the first bug that search with 0, 1 … preemptions comes to; null where there is none. */
async function depthOf(url: string): Promise<number | null> {
  for (let preemptions = 0; preemptions < deepest; preemptions++) {
    const settings: ExecutionSettings = {
      ...{ strategy: 'dfs', seed: 1, preemptions, rules: {}, maximumSteps: 20_000, stopAtFirst: true },
    };
    const explorer = new Explorer(await loadScenario(url, null), settings);
    const job = { from: 1, to: mostExecutions, points: [], widenAtOnce: true };
    if (explorer.explore(job, new Int32Array(flag.words)).failedAt !== null) return preemptions + 1;
  }
  return null;
}

/** Throws where a seed does not find it. */
async function secondsTo(url: string, name: string): Promise<number> {
  const loaded = await loadScenario(url, null);
  return median(
    seeds.map((seed) => {
      const start = performance.now();
      const settings = { strategy: 'portfolio', seed, preemptions: null } as const;
      const { execution } = firstFailure(loaded, settings, mostExecutions, {});
      if (execution === null) throw new Error(`${name}: not found from seed ${seed}`);
      return (performance.now() - start) / 1000;
    }),
  );
}

export async function galleryFigures(): Promise<Figure[]> {
  const folder = new URL('../scenarios/', import.meta.url);
  const byDepth = new Map<number, Found[]>();
  for (const file of readdirSync(folder).sort()) {
    const { href } = new URL(file, folder);
    const depth = await depthOf(href);
    if (depth === null) continue;
    const name = file.replace('.ts', '');
    byDepth.set(depth, [...(byDepth.get(depth) ?? []), { name, seconds: await secondsTo(href, name) }]);
  }
  return [...byDepth].sort(([a], [b]) => a - b).map(([depth, found]) => figureOf(depth, found));
}

function figureOf(depth: number, found: readonly Found[]): Figure {
  const limit = depth < deepest ? 1 : 10;
  const slowest = [...found].sort((a, b) => b.seconds - a.seconds)[0]!;
  return {
    name: `the gallery's bugs of depth ${depth}, found by the default strategy`,
    target: `each within ${limit} s`,
    value: `${slowest.seconds.toFixed(3)} s`,
    reached: slowest.seconds < limit,
    behind: `${slowest.name}, the slowest of ${found.length}, median of ${seeds.length} seeds`,
  };
}
