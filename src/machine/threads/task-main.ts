/** What a task's worker does from its start to its end, which is the machine's. */
import type { TaskSetup } from './setup.ts';

/** Returns when the machine is stopped. Throws what loading the user's file throws. */
export async function carryTask(setup: TaskSetup): Promise<void> {
  // Each kind of work brings its own modules: starting a task waits for them.
  if (setup.scenario === null) {
    const { ScriptWorker } = await import('./script-worker.ts');
    await new ScriptWorker(setup).serve();
    return;
  }
  const { ScenarioWorker } = await import('./scenario-worker.ts');
  const { threadFunction } = await import('../scenario-loader.ts');
  const { number, name } = setup.thread;
  const run = await threadFunction(setup.url, setup.scenario.name, number, name, null);
  new ScenarioWorker(setup, run).loop();
}
