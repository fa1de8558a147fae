/** What `explore` and `merge` print: what was tried, then a picture of each failure. */
import type { Exploration } from '../explore/results.ts';
import { explorationText } from '../report/exploration-text.ts';
import { failureText } from '../report/failure-text.ts';
import { count } from '../report/words.ts';
import type { Invocation } from './command.ts';
import { replayFlags } from './replay-options.ts';

/** Each further failure costs a screen; `--json` has all of them. */
const mostPictures = 5;

export function printExplorations(invocation: Invocation, file: string, explorations: Exploration[]): void {
  const { terminal, colours, width, options } = invocation;
  const isOneOfMany = explorations.length > 1 || options.scenario !== undefined;
  for (const exploration of explorations) {
    const scenario = isOneOfMany ? exploration.scenario : undefined;
    const flags = replayFlags(invocation, scenario);
    const parts = [explorationText(exploration, colours)];
    for (const failure of exploration.failures.slice(0, mostPictures)) {
      const { replayCommand } = terminal;
      const { executions, threads } = exploration;
      const replay = failure.trace === undefined ? null : { threads, trace: failure.trace, failure };
      parts.push(failureText(failure, { file, replayCommand, flags, executions, replay, width, colours }));
    }
    const more = exploration.failures.length - mostPictures;
    if (more > 0) parts.push(`${count(more)} more, not shown: --json lists them all\n`);
    terminal.stdout.write(`${parts.join('\n')}\n`);
  }
}
