/** `check`: what a test calls. It explores, and throws when something was found. */
import { explore } from './explore.ts';
import type { ExploreOptions } from './options.ts';
import type { Exploration, Failure } from './results.ts';

/** Carries the failure; its message holds what a reader of a test log needs: rule, sites, and the line to paste. */
export class ScenarioFailure extends Error {
  override readonly name = 'ScenarioFailure';

  constructor(
    readonly exploration: Exploration,
    readonly failure: Failure,
    file: string,
  ) {
    const sites = failure.sites.map((site) => `  ${site.role}: ${site.thread} ${site.description} (${site.file ?? '?'}:${site.line ?? '?'})`);
    super(
      [
        `${exploration.scenario}: ${failure.rule}: ${failure.message}`,
        ...sites,
        `  found by execution ${failure.execution ?? '?'} of ${exploration.executions}, seed ${exploration.seed}`,
        `  replay: npx wiredown replay ${file} ${failure.token}`,
      ].join('\n'),
    );
  }
}

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
