/**
 * Two explorers against one: the same executions, spread over one worker and over two. The
 * campaign takes several seconds, since what loading and compiling take (about 0.45 s) is the
 * same for either side: of a campaign of one second it would be the larger part of the figure.
 */
import { explore } from '../../src/explore/explore.ts';
import { type Figure, sideBySide, thousands } from './measure.ts';

const executions = 5_000_000;

export async function explorersFigure(): Promise<Figure> {
  const file = new URL('./programs/lost-update.ts', import.meta.url);
  const run = (workers: number) => async (): Promise<number> => {
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
  const { a, b, ratio } = await sideBySide(run(2), run(1), 4);
  return {
    name: 'two explorers against one',
    target: 'at least 1.8 ×',
    value: `${ratio.toFixed(2)} ×`,
    reached: ratio >= 1.8,
    behind: `${thousands(a)} and ${thousands(b)} executions/s`,
  };
}
