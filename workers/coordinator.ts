/** Entry of the coordinator's worker: the thread that holds a machine's kernel. */
import { workerData } from 'node:worker_threads';
import type { CoordinatorSetup } from '../src/machine/threads/setup.ts';
import type { StrategyName } from '../src/schedule/strategies.ts';

const { coordinate } = await import('../src/machine/threads/coordinator-main.ts');

void coordinate(workerData as CoordinatorSetup, async () => {
  const { makeStrategy } = await import('../src/schedule/strategies.ts');
  return (name, options) => makeStrategy(name as StrategyName, options);
});
