// deadline: 240
/** dpor reaches exactly the outcomes that every schedule together reaches (property): what it leaves out differs in nothing. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DepthFirstStrategy } from '../../../src/schedule/depth-first.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { type Ended, Inline, load } from '../../support/inline.ts';
import { everyTrace } from '../../support/reduction.ts';
import { propertySeed } from '../../support/seeded.ts';
import { partsOfSmall, type SmallProgram, smallProgram } from '../../support/small-programs.ts';

const test = suite('dpor: outcomes');

/** Programs with more schedules than this are left out. */
const most = 300;
const programs = Number(process.env.PROGRAMS ?? 600);

/**
 * What an execution came to. How far others had come when something broke says nothing about them; and a deadlock ends everything at once,
 * but dpor has threads try to take a lock that is held only when all the others have done what they can.
 */
function outcomeOf({ violations, results, outcome }: Ended): string {
  const rules = [...new Set(violations.map(({ rule }) => rule))].sort();
  if (rules.length > 0) return rules.includes('deadlock') ? 'deadlock' : rules.join();
  return `${outcome} ${JSON.stringify(results)}`;
}

const scenarioOf = (program: SmallProgram): Scenario =>
  ({ name: 'small', machine: { physicalMemory: 2 ** 20 }, ...partsOfSmall(program) }) as unknown as Scenario;

/** Null where there are too many. */
function everySchedule(scenario: Scenario): { outcomes: Set<string>; ended: number } | null {
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
        outcomes.add(outcomeOf(inline.describe()));
      }
      strategy.end();
      wider = inline.widen();
      if (ended > most) return null;
    }
    if (!wider) return { outcomes, ended };
  }
}

test(`the outcomes of ${programs} random programs with locks, waits, messages, time, choices and kernel calls`, () => {
  let compared = 0;
  let schedules = 0;
  let traces = 0;
  for (const [index, program] of fc.sample(smallProgram, { seed: propertySeed, numRuns: programs }).entries()) {
    const scenario = scenarioOf(program);
    const all = everySchedule(scenario);
    if (all === null) continue;
    const outcomes = new Set<string>();
    const { ended } = everyTrace(scenario, (one) => outcomes.add(outcomeOf(one)));
    const where = `program ${index} of SEED=${propertySeed}: ${JSON.stringify(program)}`;
    assert.equal([...outcomes].sort(), [...all.outcomes].sort(), where);
    compared++;
    schedules += all.ended;
    traces += ended;
  }
  assert.ok(compared > programs / 3, `only ${compared} programs were small enough`);
  assert.ok(traces < schedules / 2, `${traces} executions in place of ${schedules} are no reduction`);
});

test.run();
