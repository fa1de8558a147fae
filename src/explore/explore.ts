/** `explore`: the way in to a campaign, for one scenario of a file or all of them. */
import { pathToFileURL } from 'node:url';
import { UsageError } from '../machine/errors.ts';
import { Campaign } from './campaign.ts';
import { ExplorerPool } from './explorer-pool.ts';
import type { Target } from './explorer-service.ts';
import { type ExploreOptions, type Settings, settle } from './options.ts';
import { exploreByFleet } from './queue/fleet.ts';
import type { Exploration } from './results.ts';

/**
 * Explores the interleavings of a scenario.
 *
 * @param file URL or path of a module that default-exports a scenario, or an array of them
 * @returns what was found; an array when the file has several scenarios and none was chosen
 * @throws UsageError for bad options; ScenarioError when the file cannot be loaded, is not deterministic, hangs, or has nothing
 *   to explore; UsageError when a queue's Redis or workers stay away (both with what was found until then as `exploration`)
 * @since 0.1.0
 */
export async function explore(file: string | URL, options: ExploreOptions = {}): Promise<Exploration | Exploration[]> {
  const settings = settle(options);
  const url = toUrl(file);
  if (settings.scenario !== null) return exploreOne(url, settings.scenario, settings);
  const names = await scenarioNames(url, settings);
  const all: Exploration[] = [];
  for (const name of names) {
    if (settings.signal?.aborted && all.length > 0) break;
    all.push(await exploreOne(url, name, settings));
  }
  return all.length === 1 ? all[0]! : all;
}

/** The names of the scenarios in a file, read in a worker: a scenario's module may do anything while it loads. */
async function scenarioNames(url: string, settings: Settings): Promise<string[]> {
  const pool = new ExplorerPool(targetOf(url, null, settings), 1, settings.stallTimeout);
  try {
    return await pool.run({ kind: 'names' });
  } finally {
    await pool.destroy();
  }
}

function exploreOne(url: string, scenario: string, settings: Settings): Promise<Exploration> {
  const target = targetOf(url, scenario, settings);
  return settings.fleet === null
    ? new Campaign(target, settings).run()
    : exploreByFleet(target, settings, settings.fleet);
}

export function targetOf(url: string, scenario: string | null, settings: Settings): Target {
  const { strategy, depth, equivalence, seed, preemptions, delays, memoryModel, rules, maximumSteps, stopAtFirst } =
    settings;
  return {
    url,
    scenario,
    settings: {
      strategy,
      depth,
      equivalence,
      seed,
      preemptions,
      delays,
      memoryModel,
      rules,
      maximumSteps,
      stopAtFirst,
    },
  };
}

/** A file as a URL. Throws UsageError. */
export function toUrl(file: string | URL): string {
  if (file instanceof URL || (typeof file === 'string' && file.startsWith('file:'))) return String(file);
  if (typeof file !== 'string' || file === '')
    throw new UsageError(`expected the path or file: URL of a scenario, got ${String(file)}`);
  return pathToFileURL(file).href;
}
