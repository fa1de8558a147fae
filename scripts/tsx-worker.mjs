/**
 * Preload of worker threads that run from TypeScript source: `new Worker(url, { execArgv: ['--import', <this file>] })`.
 *
 * On Node 20 a worker does not inherit the loader hooks of tsx, whatever its flags say, so each registers its own. The main
 * thread has tsx from its command line, and a second registration would compile everything twice. tsx is resolved from
 * this file, so from wiredown's own dependencies, not from the user's.
 */
import { isMainThread } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

// Only for `import`: where `require` understands TypeScript too, piscina loads its entry by that, and everything behind it
// exists twice. What users require is seen to later (instances.mjs).
if (!isMainThread) register();
