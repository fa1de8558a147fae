/** Entry of the coordinator's worker: the thread that holds a machine's kernel. */
import { workerData } from 'node:worker_threads';
import { loadOwn } from '../src/machine/packaging.ts';
import type { CoordinatorSetup } from '../src/machine/threads/setup.ts';
import type { StrategyName } from '../src/schedule/strategies.ts';

const { coordinate } = await loadOwn<typeof import('../src/machine/threads/coordinator-main.ts')>(
  'machine/threads/coordinator-main',
);

void coordinate(workerData as CoordinatorSetup, async () => {
  const { makeStrategy } = await loadOwn<typeof import('../src/schedule/strategies.ts')>('schedule/strategies');
  return (name, options) => makeStrategy(name as StrategyName, options);
});
