/** Strategies by name: what `explore({ strategy })` and `--strategy` accept. */
import type { Strategy } from '../machine/schedule.ts';
import { DepthFirstStrategy } from './depth-first.ts';
import { RandomStrategy } from './random.ts';

export const strategyNames = ['random', 'dfs'] as const;
export type StrategyName = (typeof strategyNames)[number];

export interface StrategyOptions {
  readonly seed: number;
  /** Bound of preemptions for strategies that enumerate; null for none. */
  readonly preemptions: number | null;
}

export function makeStrategy(name: StrategyName, options: StrategyOptions): Strategy {
  switch (name) {
    case 'random':
      return new RandomStrategy(options.seed);
    case 'dfs':
      return new DepthFirstStrategy(options.preemptions);
  }
}

/** Strategies whose executions are a function of seed and number, so that any number of workers can share them. */
export const isIndependent = (name: StrategyName): boolean => name === 'random';
