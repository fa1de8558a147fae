/**
 * Entry of the worker that carries a task of a script's machine, in its pool: everything the task will want is loaded with it,
 * while it waits for its job. Piscina tries `require` first, and tsx would then load the whole library as CommonJS, a second one
 * beside that of the user's file; a module that awaits at its top can only be imported.
 */
import type { TaskSetup } from '../src/machine/threads/setup.ts';

const { ScriptWorker } = await import('../src/machine/threads/script-worker.ts');

/** Returns when the machine is stopped. Throws what loading the user's file throws. */
export default (setup: TaskSetup): Promise<void> => new ScriptWorker(setup).serve();
