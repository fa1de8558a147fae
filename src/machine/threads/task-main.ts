/** What a task's worker does from its start to its end, which is the machine's. */
import { threadFunction } from '../scenario-loader.ts';
import { ScenarioWorker } from './scenario-worker.ts';
import { ScriptWorker } from './script-worker.ts';
import type { TaskSetup } from './setup.ts';

/** Returns when the machine is stopped. Throws what loading the user's file throws. */
export async function carryTask(setup: TaskSetup): Promise<void> {
  if (setup.scenario === null) {
    await new ScriptWorker(setup).serve();
    return;
  }
  const { number, name } = setup.thread;
  const run = await threadFunction(setup.url, setup.scenario.name, number, name);
  new ScenarioWorker(setup, run).loop();
}
