/** `check`: what a test calls. It explores, and throws when something was found. */
import { explore } from './explore.ts';
import type { ExploreOptions } from './options.ts';
import type { Exploration } from './results.ts';
import { ScenarioFailure } from './scenario-failure.ts';

/**
 * Explores and throws ScenarioFailure for the first failure.
 *
 * @throws ScenarioFailure; and what `explore` throws
 * @since 0.1.0
 */
export async function check(file: string | URL, options: ExploreOptions = {}): Promise<Exploration | Exploration[]> {
  const result = await explore(file, { stopAtFirst: true, ...options });
  for (const exploration of [result].flat()) {
    const failure = exploration.failures[0];
    if (failure !== undefined) throw new ScenarioFailure(exploration, failure, String(file));
  }
  return result;
}
