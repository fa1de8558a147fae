/** Where a token and the scenario, as it is now, part: the first switch behind which other operations were done than it says. */
import type { ActorInfo } from '../detect/finding.ts';
import type { Trace } from '../kernel/trace.ts';
import { checksOf, type Token } from '../schedule/token.ts';

/** How the execution of a token compares with what the token says of it. */
export interface Parting {
  /** Runs that did what they are to do. */
  readonly fitting: number;
  /** Number of the first run that did not; null where all did. */
  readonly run: number | null;
  /** In words, as 'it parts at switch 3, …'; null where the token fits. */
  readonly text: string | null;
}

/** @param numbersThen by the actor's number now: its number when the token was made; left out where they are the same */
export function partingOf(
  trace: Trace,
  { runs: { runs }, checks, hashEnd }: Token,
  actors: readonly ActorInfo[],
  numbersThen: readonly number[] | null = null,
): Parting {
  const done = checksOf(trace, runs, numbersThen);
  const run = checks.findIndex((check, i) => check !== done[i]);
  const fitting = checks.filter((check, i) => check === done[i]).length;
  if (run >= 0) {
    const { actor, steps } = runs[run]!;
    const before = runs.slice(0, run).reduce((sum, earlier) => sum + earlier.steps, 0);
    const name = actors[actor]?.name ?? `actor ${actor}`;
    const text = `it parts at switch ${run + 1}, where ${name} is to take ${count(steps)} from step ${before + 1} on`;
    return { fitting, run, text };
  }
  const written = runs.reduce((sum, { steps }) => sum + steps, 0);
  const ends = `it ends after ${count(written)}, and the execution goes on to ${trace.steps}`;
  const other = trace.steps > written ? ends : 'the same operations give other values';
  return { fitting, run: null, text: trace.hash().slice(-6) === hashEnd ? null : other };
}

const count = (steps: number): string => `${steps} ${steps === 1 ? 'step' : 'steps'}`;
