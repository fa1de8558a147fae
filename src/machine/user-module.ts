/** Loads a user's file: an instance of its modules for each simulated thread that shares a JavaScript thread with others. */
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScenarioError } from './errors.ts';
import { needsNoHook } from './import-scan.ts';
import { instancesUrl, libraryUrl, packageRoot } from './packaging.ts';

type Instances = typeof import('../../scripts/instances.mjs');

/** Where our own code lies, from source and built. */
const own = ['src/', 'dist/', 'scripts/instances.mjs'].map((place) => fileURLToPath(new URL(place, packageRoot)));

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
    return await failingOnce(async () => {
      if (instance === null && needsNoHook(url, libraryUrl)) return await import(url);
      const instances = (await import(instancesUrl)) as Instances;
      await instances.registerInstances(import.meta.url);
      return await instances.importInstance(url, instance ?? 'alone');
    });
  } catch (error) {
    throw new ScenarioError(`${path}: it throws while loading: ${describe(error, path)}`);
  }
}

/**
 * Node 20 tells of a CommonJS module that throws twice when a module imports it: the import rejects, and so does a promise that
 * nobody can get at, which would end the process. What rejects unheard meanwhile for another reason still does.
 */
async function failingOnce<R>(load: () => Promise<R>): Promise<R> {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  let failure: unknown = null;
  process.on('unhandledRejection', listen);
  try {
    return await load();
  } catch (error) {
    failure = error;
    // Node looks for what nobody handled once all that is settled has been acted upon.
    await new Promise((resolve) => setImmediate(resolve));
    throw error;
  } finally {
    process.off('unhandledRejection', listen);
    for (const reason of unheard) if (reason !== failure) void Promise.reject(reason);
  }
}

/** The error in one line, with the place of the user's that it comes from: frames of the library itself say nothing to them. */
function describe(error: unknown, path: string): string {
  if (!(error instanceof Error)) return String(error);
  const message = `${error.name}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
  for (const [, place, line] of (error.stack ?? '').matchAll(/(?<=[\s(])(file:[^\s)]+|\/[^\s)]+):(\d+):\d+/g)) {
    const file = place!.startsWith('file:') ? fileURLToPath(place!) : place!.replace(/\?.*$/, '');
    if (own.some((folder) => file.startsWith(folder))) continue;
    return file === path ? `${message} (line ${line})` : `${message} (${file}, line ${line})`;
  }
  return message;
}
