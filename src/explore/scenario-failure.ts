/** What `check` throws. */
import type { Exploration, Failure } from './results.ts';

/** Carries the failure; its message holds what a reader of a test log needs: rule, sites, and the line to paste. */
export class ScenarioFailure extends Error {
  override readonly name = 'ScenarioFailure';

  constructor(
    readonly exploration: Exploration,
    readonly failure: Failure,
    file: string,
  ) {
    const sites = failure.sites.map(
      (site) => `  ${site.role}: ${site.thread} ${site.description} (${site.file ?? '?'}:${site.line ?? '?'})`,
    );
    super(
      [
        `${exploration.scenario}: ${failure.rule}: ${failure.message}`,
        ...sites,
        `  found by execution ${failure.execution ?? '?'} of ${exploration.executions} (${failure.foundBy ?? exploration.strategy}), seed ${exploration.seed}`,
        `  replay: npx wiredown replay ${file} ${failure.token}`,
      ].join('\n'),
    );
  }
}
