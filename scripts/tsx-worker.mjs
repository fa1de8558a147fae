/**
 * Preload of worker threads that run from TypeScript source: `new Worker(url, { execArgv: ['--import', <this file>] })`.
 *
 * On Node 20 a worker does not inherit the loader hooks of tsx, whatever its flags say, so each registers its own. The main
 * thread has tsx from its command line, and a second registration would compile everything twice. tsx is resolved from
 * this file, so from wiredown's own dependencies, not from the user's.
 */
import { isMainThread } from 'node:worker_threads';
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';

if (!isMainThread) {
  registerImport();
  registerRequire();
}
