/**
 * Where wiredown's own files lie, from source and built. Workers are given their preload explicitly: from source they need tsx,
 * and Node 20 hands no loader down to them.
 */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

const self = new URL(import.meta.url);
const extension = extname(self.pathname);
const fromSource = extension === '.ts';

/** The package's root folder: two up from src/machine, three from dist/src/machine. */
export const packageRoot = new URL(fromSource ? '../../' : '../../../', self);

/**
 * Whether workers run what lies in `dist`, though this is source: for tests, which build that first. From source each worker compiles the
 * library anew, which would be most of what tests do.
 */
const takesBuilt = fromSource && process.env.WIREDOWN_WORKERS === 'built';

/** URL of the worker entry `name`. */
export const workerUrl = (name: string): URL =>
  takesBuilt ? new URL(`dist/workers/${name}.js`, packageRoot) : new URL(`../../workers/${name}${extension}`, self);

/** URL of the library's front door: what `wiredown` means in whatever we load for users. */
export const libraryUrl = new URL(`../index${extension}`, self).href;

/** What `execArgv` of our workers must be, alone. */
export const workerExecArgv = (): string[] =>
  fromSource && !takesBuilt ? ['--import', new URL('scripts/tsx-worker.mjs', packageRoot).href] : [];

/** The loader hook that gives each simulated thread its own modules. */
export const instancesUrl = new URL('scripts/instances.mjs', packageRoot).href;

/** Of the package, as package.json says. */
export const version = (): string =>
  (JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string }).version;
