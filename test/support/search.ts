/** Every schedule of a scenario with at most two preemptions, explored in this very thread: no pool, no confirmation. */
import * as assert from 'uvu/assert';
import { Explorer, flag } from '../../src/explore/explorer.ts';
import { Reproducer } from '../../src/explore/reproducer.ts';
import type { Failure } from '../../src/explore/results.ts';
import type { RuleLevel, RuleName } from '../../src/kernel/rules.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { RunsSchedule } from '../../src/schedule/runs.ts';
import { decodeToken } from '../../src/schedule/token.ts';
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
  assert.is(result.exhausted, 'dfs', 'every schedule was had');
  const failures = result.found.filter(({ level }) => level === 'fail');
  return {
    rules: [...new Set(failures.map(({ rule }) => rule))].sort(),
    messages: failures.map(({ message }) => message),
    outcomes: result.outcomes.map(([label]) => label).sort(),
  };
}

/** The first failure under `rule` that the search finds, told as a report tells it: by running its token again, with the past kept. */
export async function toldFailure(url: string, name: string | null, rule: RuleName): Promise<Failure> {
  const loaded = await loadScenario(url, name);
  const settings = { strategy: 'dfs', seed: 1, preemptions: 2, maximumSteps: 20_000, stopAtFirst: false } as const;
  const flags = new Int32Array(flag.words);
  const job = { from: 1, to: 200_000, points: [], widenAtOnce: true };
  const { found } = new Explorer(loaded, { ...settings, rules: {} }).explore(job, flags);
  const first = found.find((one) => one.rule === rule);
  if (first === undefined) throw new Error(`${rule} was not found, but ${found.map((one) => one.rule).join(', ')}`);
  const reproducer = new Reproducer(loaded, { ...settings, rules: {} }, flags);
  const token = decodeToken(first.token, reproducer.actors);
  const { replay } = reproducer.reproduce(token.runs, token);
  const told = [replay.failure!, ...replay.others].find((one) => one.rule === rule);
  assert.is(told?.message, first.message);
  assert.is(
    reproducer.attempt(new RunsSchedule(token.runs)).some((one) => one.rule === rule),
    true,
  );
  assert.is(reproducer.machine.trace.hash(), told!.traceHash, 'a trace without the past has the same hash');
  return told!;
}
