// deadline: 400
/** dpor reaches exactly the outcomes that every schedule together reaches (property), in both its forms: what it leaves out differs in nothing. */
import type fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Equivalence } from '../../../src/schedule/strategies.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { type Compared, compareOutcomes, everySchedule, outcomeOf } from '../../support/outcomes.ts';
import { everyTrace } from '../../support/reduction.ts';
import { partsOfSmall, type SmallProgram, smallProgram, unwaitingProgram } from '../../support/small-programs.ts';

const test = suite('dpor: outcomes');

const programs = Number(process.env.PROGRAMS ?? 1000);
/** Of those in which dpor mostly goes on with traces, which are tried by themselves. */
const fewer = Math.ceil(programs / 5);

const scenarioOf = (program: SmallProgram, isResident: boolean): Scenario =>
  ({
    name: 'small',
    machine: { physicalMemory: 2 ** 20 },
    ...partsOfSmall(program, isResident),
  }) as unknown as Scenario;

function compare(of: fc.Arbitrary<SmallProgram>, equivalence: Equivalence, count = programs): Compared {
  const all = compareOutcomes(of, (program) => scenarioOf(program, equivalence === 'reads-from'), equivalence, count);
  assert.ok(all.traces < all.schedules / 2, `${all.traces} executions in place of ${all.schedules} are no reduction`);
  return all;
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
