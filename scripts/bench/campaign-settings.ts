/** What the benchmarks explore with: one seed, races noted, no end at the first failure. */
import type { ExecutionSettings } from '../../src/explore/explorer.ts';
import type { StrategyName } from '../../src/schedule/strategies.ts';

export const settingsOf = (strategy: StrategyName): ExecutionSettings => ({
  strategy,
  seed: 1,
  preemptions: null,
  rules: { 'data-race': 'note' },
  maximumSteps: 20_000,
  stopAtFirst: false,
});
