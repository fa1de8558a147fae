/** What the exit status says. Scripts rely on these numbers (api.md); the command line chooses no others. */
import type { Exploration, Histogram, Replay } from '../explore/results.ts';

export const ExitCode = {
  NothingFound: 0,
  Found: 1,
  Usage: 2,
  Scenario: 3,
  Fault: 70,
  Interrupted: 130,
} as const;

/** Interrupted comes first: the search is not over, whatever it found so far. */
export function exitCodeOf(results: (Exploration | Histogram)[]): number {
  if (results.some((result) => result.interrupted)) return ExitCode.Interrupted;
  return results.some((result) => result.failures.length > 0) ? ExitCode.Found : ExitCode.NothingFound;
}

export const exitCodeOfReplay = (replay: Replay): number =>
  replay.failure === null ? ExitCode.NothingFound : ExitCode.Found;

/**
 * Which end an error means. By name and not by class: it may come from a worker, or from another copy of the library that the
 * user's own script loaded.
 */
export function exitCodeOfError(error: unknown): number {
  const name = error instanceof Error ? error.name : '';
  if (name === 'UsageError') return ExitCode.Usage;
  return name === 'ScenarioError' ? ExitCode.Scenario : ExitCode.Fault;
}
