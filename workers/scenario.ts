/** The same for the worker that carries a thread of a scenario (see script.ts). */
import type { TaskSetup } from '../src/machine/threads/setup.ts';

const { ScenarioWorker } = await import('../src/machine/threads/scenario-worker.ts');
const { threadFunction } = await import('../src/machine/scenario-loader.ts');

/** Returns when the machine is stopped. Throws what loading the user's file throws. */
export default async (setup: TaskSetup): Promise<void> => {
  const { number, name } = setup.thread;
  const run = await threadFunction(setup.url, setup.scenario!.name, number, name, null);
  new ScenarioWorker(setup, run).loop();
};
