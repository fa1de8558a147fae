/** `merge`: what the shards of a campaign have recorded, put together to what one machine would have found. */
import { UsageError } from '../machine/errors.ts';
import { Campaign } from './campaign.ts';
import { settledAs } from './campaign-record.ts';
import { targetOf, toUrl } from './explore.ts';
import { defaultMaximumSteps, type ExploreOptions } from './options.ts';
import { recordOf } from './record-file.ts';
import type { Exploration } from './results.ts';

export interface MergedExploration extends Exploration {
  /** What a replay of its failures must be told, as the shards were: only what is not the default. */
  told: Pick<ExploreOptions, 'rules' | 'maximumSteps' | 'memoryModel'>;
}

export interface MergeOptions
  extends Pick<ExploreOptions, 'workers' | 'threadCheck' | 'stallTimeout' | 'signal' | 'onProgress'> {}

/**
 * Puts records together. What no shard has recorded is explored here: a shard that was killed or never ran, and what shards have
 * explored without knowing of a page that another one found to be shared. So the result is that of one machine, always.
 *
 * @param file URL or path of the scenario's module, as the shards had it
 * @param records paths of files that `explore({ shard, record })` wrote, of all shards of one campaign
 * @returns as `explore`; `recalled` counts the executions that were not run again
 * @throws UsageError for records that cannot be read, or are not of one campaign of this scenario; else as `explore`
 * @since 0.1.0
 */
export async function merge(
  file: string | URL,
  records: readonly string[],
  options: MergeOptions = {},
): Promise<MergedExploration> {
  if (!Array.isArray(records) || records.length === 0) throw new UsageError('merge: expected the paths of records');
  const record = recordOf(records, null);
  const heading = record.campaign!;
  const settings = settledAs(heading, options);
  const exploration = await new Campaign(targetOf(toUrl(file), heading.scenario, settings), settings, record).run();
  const { rules, maximumSteps, memoryModel } = settings;
  const told = {
    ...(Object.keys(rules).length === 0 ? {} : { rules }),
    ...(maximumSteps === defaultMaximumSteps ? {} : { maximumSteps }),
    ...(memoryModel === null ? {} : { memoryModel }),
  };
  return { ...exploration, told };
}
