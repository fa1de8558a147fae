/**
 * An exploration that explored nothing is refused: to pass would be to say that something was tried. That is so where nothing could come in another
 * order, where threads share nothing, and where all that they share they reach one after the other.
 *
 * Threads that go back and forth by messages or locks, so that there is one order of what they do, are what a mended scenario looks like: that is a
 * result. So it is where somebody asked for everything to be tried.
 */
import { Meeting } from '../detect/meetings.ts';
import { ScenarioError } from '../machine/errors.ts';
import { isIndependent, type StrategyName } from '../schedule/strategies.ts';
import type { Tally } from './tally.ts';

/** Executions after which one trace alone is no accident. */
const enoughToJudge = 100;

/**
 * Throws ScenarioError.
 *
 * @param sharesNothing whether no two steps of different threads conflict, kernel calls included: asked only where it matters
 */
export async function refuseNothingExplored(
  scenario: string,
  strategy: StrategyName,
  tally: Tally,
  sharesNothing: () => Promise<boolean>,
): Promise<void> {
  if (tally.executions === 0 || tally.hasFound) return;
  const name = JSON.stringify(scenario);
  if (!tally.branched)
    throw new ScenarioError(
      `nothing in ${name} can happen in another order: its threads share no memory that both reach, and make no kernel calls side by side`,
    );
  const { executions, traces, exhausted, meeting, outcomes } = tally;
  if (!isIndependent(strategy) || !traces.isExact || traces.count !== 1 || outcomes.size > 1) return;
  if (exhausted === null && executions < enoughToJudge) return;
  if (meeting === Meeting.InTurn)
    throw new ScenarioError(
      `nothing in ${name} came in another order: in all of ${executions} executions its threads reached what they share one after the other in the same way, so they never overlap (if that is meant, --strategy dfs may prove it)`,
    );
  if (meeting === Meeting.Never && (await sharesNothing()))
    throw new ScenarioError(
      `nothing in ${name} depends on the order of its threads: they share no memory that both reach, and none of their kernel calls has to do with another's`,
    );
}
