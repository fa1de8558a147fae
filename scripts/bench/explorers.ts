/**
 * Two explorers against one: the same executions, spread over one worker and over two. The
 * campaign takes several seconds, since what loading and compiling take (about 0.45 s) is the
 * same for either side: of a campaign of one second it would be the larger part of the figure.
 *
 * The fastest campaign of each side counts: a neighbour takes from two explorers what it takes from either core, so a median
 * would show how busy the host is. The medians are behind it.
 */
import { explore } from '../../src/explore/explore.ts';
import { type Figure, median, thousands } from './measure.ts';

const executions = 10_000_000;
const rounds = 4;

export async function explorersFigure(): Promise<Figure> {
  const file = new URL('./programs/lost-update.ts', import.meta.url);
  const run = async (workers: number): Promise<number> => {
    const result = await explore(file, {
      executions,
      workers,
      strategy: 'random',
      timeBudget: '120s',
      threadCheck: false,
      rules: { 'data-race': 'off' },
    });
    return [result].flat()[0]!.executionsPerSecond;
  };
  const [two, one]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    two.push(await run(2));
    one.push(await run(1));
  }
  const ratio = Math.max(...two) / Math.max(...one);
  return {
    name: 'two explorers against one',
    target: 'at least 1.8 ×',
    value: `${ratio.toFixed(2)} ×`,
    reached: ratio >= 1.8,
    behind: `${thousands(Math.max(...two))} and ${thousands(Math.max(...one))} executions/s; medians ${thousands(median(two))} and ${thousands(median(one))}`,
  };
}
