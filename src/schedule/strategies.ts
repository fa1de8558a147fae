/** Strategies by name: what `explore({ strategy })` and `--strategy` accept. */
import type { Strategy } from '../machine/schedule.ts';
import { DepthFirstStrategy } from './depth-first.ts';
import { OptimalReduction } from './dpor/dpor.ts';
import { GreyboxStrategy } from './greybox.ts';
import { PctStrategy } from './pct.ts';
import { Portfolio } from './portfolio.ts';
import { PartialOrderSampling } from './pos.ts';
import { RandomStrategy } from './random.ts';
import type { Tree } from './shares.ts';
import { SelectiveRandomWalk } from './surw.ts';
import { UniformRandomWalk } from './urw.ts';

export const strategyNames = ['random', 'pct', 'pos', 'urw', 'surw', 'greybox', 'portfolio', 'dfs', 'dpor'] as const;
export type StrategyName = (typeof strategyNames)[number];

export interface StrategyOptions {
  readonly seed: number;
  /** Bound of preemptions for strategies that enumerate; null for none. */
  readonly preemptions: number | null;
  /** Bound of delays ('dfs'); null or absent for none. Not together with the other. */
  readonly delays?: number | null;
  /** Orderings that a bug may need ('pct'). */
  readonly depth?: number;
}

export const defaultDepth = 3;

export function makeStrategy(
  name: StrategyName,
  { seed, preemptions, delays = null, depth = defaultDepth }: StrategyOptions,
): Strategy {
  switch (name) {
    case 'portfolio':
      return new Portfolio(seed);
    case 'random':
      return new RandomStrategy(seed);
    case 'pct':
      return new PctStrategy(seed, depth);
    case 'pos':
      return new PartialOrderSampling(seed);
    case 'urw':
      return new UniformRandomWalk(seed);
    case 'surw':
      return new SelectiveRandomWalk(seed);
    case 'greybox':
      return new GreyboxStrategy(seed);
    case 'dfs':
      return new DepthFirstStrategy(preemptions, delays);
    case 'dpor':
      return new OptimalReduction();
  }
}

/** The tree of a strategy that enumerates, to be explored in shares. */
export const makeTree = (name: StrategyName, options: StrategyOptions): Tree<unknown> =>
  makeStrategy(name, options) as DepthFirstStrategy | OptimalReduction as Tree<unknown>;

/** As `--strategy` takes it. */
export const titleOf = ({ strategy, depth }: { strategy: StrategyName; depth?: number }): string =>
  strategy === 'pct' ? `pct:${depth ?? defaultDepth}` : strategy;

/** Strategies whose executions are a function of seed and number, so that any number of workers can share them; the others enumerate. */
export const isIndependent = (name: StrategyName): boolean => name !== 'dfs' && name !== 'dpor';
