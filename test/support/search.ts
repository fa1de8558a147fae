/** Every schedule of a scenario with at most two preemptions, explored in this very thread: no pool, no confirmation. */
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import type { RuleLevel, RuleName } from '../../src/kernel/rules.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { checkNothingLeft } from './nothing-left.ts';

export interface Searched {
  /** Rules that were broken, each once, in alphabetical order. */
  readonly rules: readonly RuleName[];
  readonly messages: readonly string[];
  /** Outcomes' labels, in alphabetical order. */
  readonly outcomes: readonly string[];
}

/** Explores scenario `name` (null: the only one) of the file at `url`. */
export async function everySchedule(
  url: string,
  name: string | null,
  rules: Partial<Record<RuleName, RuleLevel>> = {},
): Promise<Searched> {
  const loaded = await loadScenario(url, name);
  const settings = { strategy: 'dfs', seed: 1, preemptions: 2, maximumSteps: 20_000, stopAtFirst: false } as const;
  const job = { from: 1, to: 200_000, points: [], widenAtOnce: true };
  const explorer = new Explorer(loaded, { ...settings, rules });
  const result = explorer.explore(job, new Int32Array(flag.words));
  checkNothingLeft(explorer.machine.state.kernel);
  assert.is(result.exhausted, true, 'every schedule was had');
  const failures = result.found.filter(({ level }) => level === 'fail');
  return {
    rules: [...new Set(failures.map(({ rule }) => rule))].sort(),
    messages: failures.map(({ message }) => message),
    outcomes: result.outcomes.map(([label]) => label).sort(),
  };
}
