/** Failures as they are told: each group minimised, and groups that turn out to be one and the same told once. */
import type { Found } from './explorer.ts';
import type { ExplorerPool } from './explorer-pool.ts';
import type { Reproduced } from './explorer-service.ts';
import type { Failure } from './results.ts';

export interface Told {
  readonly failure: Failure;
  readonly reproduced: Reproduced;
}

/** @param points frames whose accesses are scheduling points */
export async function tell(
  pool: ExplorerPool,
  groups: readonly Found[],
  points: readonly number[],
): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (const found of groups) {
    const reproduced = await pool.run({ kind: 'minimise', token: found.token, rule: found.rule, points });
    const { replay } = reproduced;
    const all = replay.failure === null ? replay.notes : [replay.failure, ...replay.others, ...replay.notes];
    const failure =
      all.find((candidate) => candidate.rule === found.rule && candidate.message === found.message) ??
      all.find((candidate) => candidate.rule === found.rule);
    if (failure === undefined)
      throw new Error(`${found.rule} of execution ${found.execution} was lost while it was minimised (${found.token})`);
    const twin = told.find((other) => sameSites(other.failure, failure));
    if (twin !== undefined) {
      twin.failure.occurrences = Math.max(twin.failure.occurrences, found.occurrences);
      continue;
    }
    const { by: foundBy, occurrences } = found;
    // There is none where not all that comes before it was explored (tally.ts).
    const execution = Number.isFinite(found.execution) ? found.execution : null;
    told.push({ failure: { ...failure, execution, foundBy, occurrences, trace: replay.trace }, reproduced });
  }
  return told;
}

function sameSites(a: Failure, b: Failure): boolean {
  const sites = (failure: Failure): string =>
    failure.sites.map((site) => `${site.thread}#${site.operation}#${site.role}`).join();
  return a.rule === b.rule && sites(a) === sites(b);
}
