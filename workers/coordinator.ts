/** Entry of the coordinator's worker: the thread that holds a machine's kernel. */
import { workerData } from 'node:worker_threads';
import { coordinate } from '../src/machine/threads/coordinator-main.ts';
import type { CoordinatorSetup } from '../src/machine/threads/setup.ts';
import { makeStrategy, type StrategyName } from '../src/schedule/strategies.ts';

void coordinate(workerData as CoordinatorSetup, (name, options) => makeStrategy(name as StrategyName, options));
