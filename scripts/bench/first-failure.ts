/**
 * A campaign up to its first failure in this very thread: the executions that `explore` would do, in its order and its rounds, without
 * workers, confirmation and report. For figures over many seeds, where starting a pool would take longer than exploring.
 */

import type { RuleSettings } from '../../src/detect/finding.ts';
import { Attempts, attempt } from '../../src/explore/attempts.ts';
import { type ChunkResult, type ExecutionSettings, Explorer, flag } from '../../src/explore/explorer.ts';
import { ReachMap } from '../../src/explore/reach-map.ts';
import { prologue, rounds } from '../../src/explore/rounds.ts';
import type { LoadedScenario } from '../../src/machine/loaded-scenario.ts';
import type { Measured } from '../../src/machine/schedule.ts';
import { Maxima } from '../../src/schedule/maxima.ts';
import { isIndependent } from '../../src/schedule/strategies.ts';

/** What is no planted bug but its cause, and would be found first. */
export const planted = { 'data-race': 'off', 'double-fetch': 'off', 'prepare-race': 'off' } as const;

export interface FirstFailure {
  /** Number of the first execution that failed, or null when none of `limit` did. */
  readonly execution: number | null;
  /** What it broke. */
  readonly rules: readonly string[];
  readonly executions: number;
  readonly steps: number;
}

export function firstFailure(
  loaded: LoadedScenario,
  settings: Pick<ExecutionSettings, 'strategy' | 'seed' | 'preemptions'>,
  limit: number,
  rules: RuleSettings = planted,
): FirstFailure {
  const common = { ...settings, rules, maximumSteps: 20_000, stopAtFirst: true };
  const explorer = new Explorer(loaded, common);
  const reach = new ReachMap();
  const lessons = new Maxima();
  const flags = new Int32Array(flag.words);
  let executions = 0;
  let steps = 0;
  let points: number[] = [];
  let measured: Measured = [];
  const learn = (result: ChunkResult): ChunkResult => {
    executions += result.executions;
    steps += result.steps;
    reach.merge(result.reached);
    lessons.merge(result.measured);
    return result;
  };
  const ended = ({ failedAt, found }: ChunkResult): FirstFailure => {
    const rules = found.filter(({ level }) => level === 'fail').map(({ rule }) => rule);
    return { execution: failedAt, rules, executions, steps };
  };
  const beginning = { from: 1, to: Math.min(prologue, limit), points, measured, widenAtOnce: true };
  const first = learn(explorer.explore(beginning, flags));
  if (first.failedAt !== null || first.exhausted) return ended(first);
  const { memoryModel = 'sc' } = loaded.scenario.machine ?? {};
  const attempts = Attempts.of(settings, { actors: explorer.actors, memoryModel }, first.longest);
  for (const chunks of rounds(limit, attempts)) {
    points = reach.points();
    measured = lessons.measured();
    for (const { from, to, kind = 'chunk' } of chunks) {
      const job = { from, to, points, measured, widenAtOnce: kind !== 'chunk' || !isIndependent(settings.strategy) };
      const result = learn(kind === 'chunk' ? explorer.explore(job, flags) : attempt(kind, loaded, common, job, flags));
      attempts?.learn([result]);
      if (result.failedAt !== null || result.exhausted) return ended(result);
    }
  }
  return { execution: null, rules: [], executions, steps };
}
