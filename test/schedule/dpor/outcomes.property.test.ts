// deadline: 400
/** dpor reaches exactly the outcomes that every schedule together reaches (property), in both its forms: what it leaves out differs in nothing. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DepthFirstStrategy } from '../../../src/schedule/depth-first.ts';
import type { Equivalence } from '../../../src/schedule/strategies.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { type Ended, Inline, load } from '../../support/inline.ts';
import { everyTrace } from '../../support/reduction.ts';
import { propertySeed } from '../../support/seeded.ts';
import { partsOfSmall, type SmallProgram, smallProgram, unwaitingProgram } from '../../support/small-programs.ts';

const test = suite('dpor: outcomes');

/** Programs with more schedules than this are left out. */
const most = 300;
const programs = Number(process.env.PROGRAMS ?? 1000);
/** Of those in which dpor mostly goes on with traces, which are tried by themselves. */
const fewer = Math.ceil(programs / 5);

/**
 * What an execution came to. How far others had come when something broke says nothing about them; and a deadlock ends everything at once,
 * but dpor has threads try to take a lock that is held only when all the others have done what they can.
 */
function outcomeOf({ violations, results, outcome }: Ended): string {
  const rules = [...new Set(violations.map(({ rule }) => rule))].sort();
  if (rules.length > 0) return rules.includes('deadlock') ? 'deadlock' : rules.join();
  return `${outcome} ${JSON.stringify(results)}`;
}

const scenarioOf = (program: SmallProgram, isResident: boolean): Scenario =>
  ({
    name: 'small',
    machine: { physicalMemory: 2 ** 20 },
    ...partsOfSmall(program, isResident),
  }) as unknown as Scenario;

/** Null where there are too many. */
function everySchedule(scenario: Scenario, limit = most): { outcomes: Set<string>; ended: number } | null {
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
      if (ended > limit) return null;
    }
    if (!wider) return { outcomes, ended };
  }
}

/** Compares the outcomes of random programs. → how many programs were small enough, and in which of these `part` had the last word. */
function compare(
  of: fc.Arbitrary<SmallProgram>,
  equivalence: Equivalence,
  count = programs,
): { compared: number; parts: (string | undefined)[] } {
  let schedules = 0;
  let traces = 0;
  const parts: (string | undefined)[] = [];
  for (const [index, program] of fc.sample(of, { seed: propertySeed, numRuns: count }).entries()) {
    const scenario = scenarioOf(program, equivalence === 'reads-from');
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
  assert.ok(traces < schedules / 2, `${traces} executions in place of ${schedules} are no reduction`);
  return { compared, parts };
}

const known: readonly [string, SmallProgram][] = [
  [
    'a race is turned round with each of the choices that come behind it',
    [
      [{ op: 'cas', at: 1, value: 1 }],
      [
        { op: 'plain', at: 0, value: 1 },
        { op: 'choose', at: 0, n: 2 },
        { op: 'choose', at: 0, n: 1 },
      ],
      [
        { op: 'cas', at: 1, value: 1 },
        { op: 'load', at: 0, value: 1 },
        { op: 'choose', at: 1, n: 3 },
      ],
    ],
  ],
  [
    'of two sleepers with a deadline one is woken, and the clock has less to do',
    [[{ op: 'notify', at: 0, value: 1 }], [{ op: 'wait', at: 0, timeout: 28 }], [{ op: 'wait', at: 1, timeout: 29 }]],
  ],
];

for (const [title, program] of known) {
  test(title, () => {
    const scenario = scenarioOf(program, false);
    const outcomes = new Set<string>();
    everyTrace(scenario, (one) => outcomes.add(outcomeOf(one)));
    assert.equal([...outcomes].sort(), [...everySchedule(scenario, 100_000)!.outcomes].sort());
  });
}

test(`the outcomes of ${programs} random programs with locks, waits, messages, time, choices and kernel calls`, () => {
  compare(smallProgram, 'traces');
});

test(`by who reads from whom, the outcomes of ${programs} random programs with locks, choices and objects`, () => {
  const { compared, parts } = compare(unwaitingProgram, 'reads-from');
  const own = parts.filter((part) => part === 'dpor:reads-from').length;
  assert.ok(own > compared * 0.8, `only ${own} of ${compared} programs were explored by who reads from whom`);
});

test(`where threads wait for each other dpor goes on with traces, and reaches the outcomes of ${fewer} random programs`, () => {
  const { parts } = compare(smallProgram, 'reads-from', fewer);
  assert.ok(parts.includes('dpor') && parts.includes('dpor:reads-from'));
});

test.run();
