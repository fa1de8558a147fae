/** Loads a user's file: an instance of its modules for each simulated thread that shares a JavaScript thread with others. */
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScenarioError } from './errors.ts';
import { needsNoHook } from './import-scan.ts';
import { instancesUrl, libraryUrl } from './packaging.ts';

type Instances = typeof import('../../scripts/instances.mjs');

/**
 * One instance of a user's file. Throws ScenarioError.
 *
 * @param instance null where this JavaScript thread loads the file for nobody else, and so needs no instances
 */
export async function loadModule(url: string, instance: number | string | null): Promise<Record<string, unknown>> {
  const path = fileURLToPath(url);
  if (!existsSync(path)) throw new ScenarioError(`${path}: there is no such file`);
  if (!statSync(path).isFile()) throw new ScenarioError(`${path}: this is no file`);
  try {
    if (instance === null && needsNoHook(url, libraryUrl)) return await import(url);
    const instances = (await import(instancesUrl)) as Instances;
    await instances.registerInstances(import.meta.url);
    return await instances.importInstance(url, instance ?? 'alone');
  } catch (error) {
    throw new ScenarioError(`${path}: it throws while loading: ${describe(error)}`);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const where = /\(?(file:[^\s)]+|\/[^\s)]+):(\d+):\d+\)?/.exec(error.stack ?? '');
  const message = error.message.replace(/\s*\n\s*/g, ' ');
  return where === null ? `${error.name}: ${message}` : `${error.name}: ${message} (line ${where[2]})`;
}
