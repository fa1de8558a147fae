/** What the benchmarks explore with: one seed, races noted (or not looked for), no end at the first failure. */
import type { ExecutionSettings } from '../../src/explore/explorer.ts';
import type { StrategyName } from '../../src/schedule/strategies.ts';

const unwatched = { 'data-race': 'off', 'double-fetch': 'off', 'prepare-race': 'off' } as const;

export const settingsOf = (strategy: StrategyName, watching = true): ExecutionSettings => ({
  strategy,
  seed: 1,
  preemptions: null,
  rules: watching ? { 'data-race': 'note' } : unwatched,
  maximumSteps: 20_000,
  stopAtFirst: false,
});
