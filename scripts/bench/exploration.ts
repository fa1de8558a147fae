/** Inline exploration: executions and steps a second on one core, with and without race detection, and memory over many. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ExecutionSettings, Explorer, flag } from '../../src/explore/explorer.ts';
import { ReachMap } from '../../src/explore/reach-map.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { type Figure, thousands } from './measure.ts';
import { undisturbed } from './undisturbed.ts';

// The flag that puts `gc` into contexts made from here on.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const quiet = { 'data-race': 'off', 'double-fetch': 'off', 'prepare-race': 'off' } as const;
const watching = { 'data-race': 'note' } as const;
const growthExecutions = 10_000_000;

/** What a campaign knows after its prologue. */
interface Begun {
  readonly explorer: Explorer;
  readonly points: readonly number[];
}

async function begin(program: string, rules: ExecutionSettings['rules']): Promise<Begun> {
  const url = new URL(`./programs/${program}.ts`, import.meta.url).href;
  const settings: ExecutionSettings = {
    strategy: 'random',
    seed: 1,
    preemptions: null,
    rules,
    maximumSteps: 20_000,
    stopAtFirst: false,
  };
  const explorer = new Explorer(await loadScenario(url, null), settings);
  const reach = new ReachMap();
  const flags = new Int32Array(flag.words);
  reach.merge(explorer.explore({ from: 1, to: 16, points: [], widenAtOnce: true }, flags).reached);
  return { explorer, points: reach.points() };
}

interface Speed {
  readonly executions: number;
  readonly steps: number;
  /** Steps a second over all rounds, disturbed or not. */
  readonly allSteps: number;
}

/**
 * Executions and steps a second, over rounds of `executions` each. The first two seconds do not count: that is how long V8 goes
 * on compiling a new program (its first rounds take up to twice as long as those after).
 */
async function speed({ explorer, points }: Begun, executions: number): Promise<Speed> {
  const flags = new Int32Array(flag.words);
  const round = (): number[] => {
    const start = performance.now();
    const result = explorer.explore({ from: 17, to: 16 + executions, points, widenAtOnce: false }, flags);
    const seconds = (performance.now() - start) / 1000;
    return [result.executions / seconds, result.steps / seconds];
  };
  const warm = performance.now() + 2000;
  while (performance.now() < warm) round();
  const { quiet, all } = await undisturbed(60, round);
  return { executions: quiet[0]!, steps: quiet[1]!, allSteps: all[1]! };
}

export async function lostUpdateFigures(): Promise<Figure[]> {
  const off = await speed(await begin('lost-update', quiet), 20_000);
  const on = await speed(await begin('lost-update', watching), 20_000);
  return [
    {
      name: 'inline exploration, lost update, race detection off',
      target: '600,000 executions/s',
      value: `${thousands(off.executions)} executions/s`,
      reached: off.executions >= 600_000,
      behind: `${thousands(off.steps)} steps/s, ${thousands(off.allSteps)} over all rounds`,
    },
    {
      name: 'the same, race detection on',
      target: '500,000 executions/s',
      value: `${thousands(on.executions)} executions/s`,
      reached: on.executions >= 500_000,
      behind: `detection costs ${((off.executions / on.executions - 1) * 100).toFixed(0)} %`,
    },
  ];
}

export async function fourByTwentyFigure(): Promise<Figure> {
  const long = await speed(await begin('four-by-twenty', watching), 2000);
  return {
    name: 'inline, 4 threads × 20 operations, race detection on',
    target: '2,500,000 steps/s',
    value: `${thousands(long.steps)} steps/s`,
    reached: long.steps >= 2_500_000,
    behind: `${thousands(long.executions)} executions/s, ${thousands(long.allSteps)} steps/s over all rounds`,
  };
}

/** Heap and array buffers after the first half of ten million executions and after the second, garbage collected. */
export async function growthFigure(): Promise<Figure> {
  const { explorer, points } = await begin('lost-update', watching);
  const flags = new Int32Array(flag.words);
  const used = (): number => {
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  const chunk = 100_000;
  const explore = (first: number, last: number): void => {
    for (let from = first; from <= last; from += chunk)
      explorer.explore({ from, to: from + chunk - 1, points, widenAtOnce: false }, flags);
  };
  explore(1, growthExecutions / 2);
  const half = used();
  explore(growthExecutions / 2 + 1, growthExecutions);
  const grown = (used() - half) / 2 ** 20;
  return {
    name: `memory over the last half of ${thousands(growthExecutions)} executions`,
    target: 'grows by less than 2 MB',
    value: `${grown.toFixed(2)} MB`,
    reached: grown < 2,
    behind: `${(half / 2 ** 20).toFixed(1)} MB at half-time`,
  };
}
