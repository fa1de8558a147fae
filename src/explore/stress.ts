/** `stress`: free-running threads, thousands of times, and what came out how often. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../machine/errors.ts';
import { ThreadMachine } from '../machine/threads/thread-machine.ts';
import { toUrl } from './explore.ts';
import { milliseconds, type Progress } from './options.ts';
import type { Histogram } from './results.ts';

export interface StressOptions {
  scenario?: string;
  /** At most this many iterations. Default: as many as fit the time. */
  iterations?: number;
  /** Milliseconds, or '500ms', '10s', '2m'. Default 10 s. */
  timeBudget?: number | string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/**
 * Runs every simulated thread in a worker of its own, all at once, again and again. There is no order of steps here, so it sees
 * asserts, faults, exceptions, panics and outcomes, and no data races.
 *
 * @throws UsageError for bad options; ScenarioError when the file cannot be loaded
 * @since 0.1.0
 */
export async function stress(file: string | URL, options: StressOptions = {}): Promise<Histogram> {
  const { scenario = null, iterations = Number.POSITIVE_INFINITY, timeBudget = 10_000, signal, onProgress } = options;
  if (iterations !== Number.POSITIVE_INFINITY && (!Number.isSafeInteger(iterations) || iterations < 1)) {
    throw new UsageError(`iterations: expected a whole number from 1, got ${String(iterations)}`);
  }
  const budget = milliseconds(timeBudget, 'timeBudget');
  const machine = await ThreadMachine.boot(toUrl(file), scenario, { cores: availableParallelism() });
  try {
    return await machine.stress({
      iterations,
      timeBudget: budget,
      signal: signal ?? null,
      onProgress: onProgress ?? null,
    });
  } finally {
    await machine.shutdown();
  }
}
