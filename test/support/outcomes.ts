/** What all schedules of a random program come to, beside what those come to that dpor tries. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { InlineMachine } from '../../src/machine/inline-machine.ts';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import type { Equivalence } from '../../src/schedule/strategies.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { type Ended, Inline, load } from './inline.ts';
import { everyTrace } from './reduction.ts';
import { propertySeed } from './seeded.ts';

/** Programs with more schedules than this are left out. */
const most = 300;

/**
 * What an execution came to; what it leaves behind, its results say. How far others had come when something broke says nothing about them; and a deadlock ends everything at once,
 * but dpor has threads try to take a lock that is held only when all the others have done what they can.
 */
export function outcomeOf({ violations, results, outcome }: Ended): string {
  const rules = [...new Set(violations.map(({ rule }) => rule))].filter((rule) => rule !== 'leak').sort();
  if (rules.length > 0) return rules.includes('deadlock') ? 'deadlock' : rules.join();
  return `${outcome} ${JSON.stringify(results)}`;
}

/** What each execution came to, as `tell` has it. Null where there are too many. */
export function everySchedule(
  scenario: Scenario,
  limit = most,
  tell: (ended: Ended, machine: InlineMachine) => string = outcomeOf,
): { outcomes: Set<string>; ended: number } | null {
  const inline = new Inline(load(scenario));
  for (;;) {
    const strategy = new DepthFirstStrategy(null);
    const outcomes = new Set<string>();
    let ended = 0;
    let wider = false;
    while (!wider && strategy.begin()) {
      inline.machine.run(strategy);
      if (!strategy.repeated) {
        ended++;
        outcomes.add(tell(inline.describe(), inline.machine));
      }
      strategy.end();
      wider = inline.widen();
      if (ended > limit) return null;
    }
    if (!wider) return { outcomes, ended };
  }
}

export interface Compared {
  /** Programs that were small enough. */
  readonly compared: number;
  /** How many all of them have, and how many dpor took. */
  readonly schedules: number;
  readonly traces: number;
  /** For each of them what had the last word. */
  readonly parts: (string | undefined)[];
}

/** Compares the outcomes of `count` random programs: those of dpor must be the same. */
export function compareOutcomes<P>(
  of: fc.Arbitrary<P>,
  scenarioOf: (program: P) => Scenario,
  equivalence: Equivalence,
  count: number,
): Compared {
  let schedules = 0;
  let traces = 0;
  const parts: (string | undefined)[] = [];
  for (const [index, program] of fc.sample(of, { seed: propertySeed, numRuns: count }).entries()) {
    const scenario = scenarioOf(program);
    const all = everySchedule(scenario);
    if (all === null) continue;
    const outcomes = new Set<string>();
    const { ended, part } = everyTrace(scenario, (one) => outcomes.add(outcomeOf(one)), equivalence);
    const where = `program ${index} of SEED=${propertySeed}: ${JSON.stringify(program)}`;
    assert.equal([...outcomes].sort(), [...all.outcomes].sort(), where);
    parts.push(part);
    schedules += all.ended;
    traces += ended;
  }
  const compared = parts.length;
  assert.ok(compared > count / 3, `only ${compared} programs were small enough`);
  return { compared, schedules, traces, parts };
}
