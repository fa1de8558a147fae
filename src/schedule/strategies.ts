/** Strategies by name: what `explore({ strategy })` and `--strategy` accept. */
import type { Strategy } from '../machine/schedule.ts';
import { DepthFirstStrategy } from './depth-first.ts';
import { OptimalReduction } from './dpor/dpor.ts';
import { ReadsFromReduction } from './dpor/reads-from/reads-from.ts';
import { GreyboxStrategy } from './greybox/greybox.ts';
import { PctStrategy } from './pct.ts';
import { Portfolio } from './portfolio/portfolio.ts';
import { PartialOrderSampling } from './pos.ts';
import { RandomStrategy } from './random.ts';
import type { Tree } from './shares.ts';
import { SelectiveRandomWalk } from './surw.ts';
import { UniformRandomWalk } from './urw.ts';

export const strategyNames = ['random', 'pct', 'pos', 'urw', 'surw', 'greybox', 'portfolio', 'dfs', 'dpor'] as const;
export type StrategyName = (typeof strategyNames)[number];

/** What 'dpor' takes for one: executions with the same order of steps that conflict, or with the same writes for all to read from. */
export const equivalences = ['traces', 'reads-from'] as const;
export type Equivalence = (typeof equivalences)[number];

export interface StrategyOptions {
  readonly seed: number;
  /** Bound of preemptions for strategies that enumerate; null for none. */
  readonly preemptions: number | null;
  /** Bound of delays ('dfs'); null or absent for none. Not together with the other. */
  readonly delays?: number | null;
  /** Orderings that a bug may need ('pct'). */
  readonly depth?: number;
  /** What counts as one execution ('dpor'). */
  readonly equivalence?: Equivalence;
}

export const defaultDepth = 3;

export function makeStrategy(
  name: StrategyName,
  { seed, preemptions, delays = null, depth = defaultDepth, equivalence = 'traces' }: StrategyOptions,
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
      return equivalence === 'traces' ? new OptimalReduction() : new ReadsFromReduction();
  }
}

/** The tree of a strategy that enumerates, to be explored in shares. */
export const makeTree = (name: StrategyName, options: StrategyOptions): Tree<unknown> =>
  makeStrategy(name, options) as DepthFirstStrategy | OptimalReduction as Tree<unknown>;

/** As `--strategy` takes it. */
export function titleOf({ strategy, depth, equivalence }: Chosen): string {
  if (strategy === 'pct') return `pct:${depth ?? defaultDepth}`;
  return strategy === 'dpor' && equivalence === 'reads-from' ? `dpor:${equivalence}` : strategy;
}

export interface Chosen {
  readonly strategy: StrategyName;
  readonly depth?: number;
  readonly equivalence?: Equivalence;
}

/** Strategies whose executions are a function of seed and number, so that any number of workers can share them; the others enumerate. */
export const isIndependent = (name: StrategyName): boolean => name !== 'dfs' && name !== 'dpor';
