/**
 * Where wiredown's own files lie, from source and built. Workers are given their preload explicitly: from source they need tsx,
 * and Node 20 hands no loader down to them.
 */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = new URL(import.meta.url);
const extension = extname(self.pathname);
const fromSource = extension === '.ts';

/** The package's root folder: two up from src/machine, three from dist/src/machine. */
export const packageRoot = new URL(fromSource ? '../../' : '../../../', self);

/** URL of the worker entry `name`. */
export const workerUrl = (name: string): URL => new URL(`../../workers/${name}${extension}`, self);

/** URL of the library's front door: what `wiredown` means in whatever we load for users. */
export const libraryUrl = new URL(`../index${extension}`, self).href;

/**
 * One of our own modules, by its place in src/ without an extension, with all that it imports. For the start of a worker only,
 * where nothing else is being loaded: then `require` reads the files one after the other, in two thirds of the time that
 * `import` needs with a trip through the thread pool for each. From source there is tsx in between, which only imports.
 */
export async function loadOwn<T>(place: string): Promise<T> {
  const url = new URL(`../${place}${extension}`, self);
  const quick = !fromSource && process.features.require_module;
  return quick ? (createRequire(self)(fileURLToPath(url)) as T) : ((await import(url.href)) as T);
}

/** What `execArgv` of our workers must be, alone. */
export const workerExecArgv = (): string[] =>
  fromSource ? ['--import', new URL('scripts/tsx-worker.mjs', packageRoot).href] : [];

/** The loader hook that gives each simulated thread its own modules. */
export const instancesUrl = new URL('scripts/instances.mjs', packageRoot).href;
