// deadline: 240
/** dpor has every trace that there is (property): also where what a step does depends on what it finds. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MemoryModel } from '../../../src/hardware/configuration.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { everyNormalForm, normalForms } from '../../support/normal-forms.ts';
import { propertySeed } from '../../support/seeded.ts';
import { partsOfSmall, type SmallProgram, smallProgram } from '../../support/small-programs.ts';

const test = suite('dpor: traces');

const programs = Number(process.env.PROGRAMS ?? 1000);

const scenarioOf = (program: SmallProgram, memoryModel: MemoryModel): Scenario =>
  ({
    name: 'small',
    machine: { physicalMemory: 2 ** 20, memoryModel },
    ...partsOfSmall(program, true),
  }) as unknown as Scenario;

/** Those that dpor leaves out; null where there are more than `most` schedules. */
function missing(program: SmallProgram, memoryModel: MemoryModel, most: number): string[] | null {
  const scenario = scenarioOf(program, memoryModel);
  const every = everyNormalForm(scenario, most);
  if (every === null) return null;
  const tried = normalForms(scenario);
  return [...every].filter((form) => !tried.has(form));
}

const known: readonly [string, MemoryModel, SmallProgram][] = [
  [
    'a thread dies where it finds a lock held, after another has chosen what the holder never heard of',
    'sc',
    [
      [{ op: 'try', lock: 1 }, { op: 'throw' }],
      [
        {
          op: 'locked',
          lock: 1,
          inside: [
            { op: 'cas', at: 0, value: 3 },
            { op: 'store', at: 0, value: 2 },
          ],
        },
      ],
      [{ op: 'choose', at: 1, n: 2 }],
    ],
  ],
  [
    'a wait that finds another value is over at once',
    'sc',
    [
      [
        { op: 'cas', at: 1, value: 3 },
        { op: 'choose', at: 1, n: 1 },
      ],
      [
        { op: 'wide', at: 1, value: 1 },
        { op: 'send', to: 2, value: 2, handle: true },
        { op: 'add', at: 0, value: 1 },
      ],
      [
        { op: 'choose', at: 0, n: 2 },
        { op: 'wait', at: 0, timeout: 13 },
      ],
    ],
  ],
  [
    'the clock moves before a sleeper is woken, and after a store that has nothing to do with either',
    'sc',
    [
      [{ op: 'wide', at: 1, value: 2 }],
      [{ op: 'wait', at: 0, timeout: 11 }],
      [
        { op: 'notify', at: 0, value: 1 },
        { op: 'try', lock: 0 },
      ],
    ],
  ],
  [
    'a lock is taken by a thread whose stores go to memory first',
    'tso',
    [
      [{ op: 'load', at: 0, value: 2 }],
      [{ op: 'wide', at: 1, value: 3 }, { op: 'locked', lock: 1, inside: [] }, { op: 'count' }],
      [{ op: 'add', at: 0, value: 2 }],
    ],
  ],
  [
    'a thread dies, and others with it, between stores that reach memory by themselves',
    'tso',
    [
      [{ op: 'throw' }],
      [
        { op: 'wide', at: 1, value: 2 },
        { op: 'tag', value: 1 },
      ],
      [
        { op: 'wait', at: 1, timeout: 3 },
        { op: 'locked', lock: 0, inside: [{ op: 'wide', at: 1, value: 1 }] },
      ],
    ],
  ],
  [
    'a message reaches a thread that has ended, or its end does everything',
    'tso',
    [
      [
        { op: 'load', at: 0, value: 2 },
        { op: 'send', to: 1, value: 3, handle: true },
        { op: 'choose', at: 1, n: 2 },
      ],
      [],
      [
        { op: 'tag', value: 1 },
        { op: 'wide', at: 1, value: 1 },
      ],
    ],
  ],
];

for (const [title, memoryModel, program] of known)
  test(title, () => {
    assert.equal(missing(program, memoryModel, 20_000), []);
  });

const models: readonly [MemoryModel, number][] = [
  ['sc', programs],
  ['tso', Math.ceil(programs / 4)],
  ['pso', Math.ceil(programs / 4)],
];

for (const [memoryModel, count] of models)
  test(`the traces of ${count} random programs, under ${memoryModel}`, () => {
    let compared = 0;
    for (const program of fc.sample(smallProgram, { seed: propertySeed, numRuns: count })) {
      // A thread that yields lets others go first, if there are any: not every order of its step is one that dpor need have.
      if (program.some((thread) => thread.some(({ op }) => op === 'yield'))) continue;
      const left = missing(program, memoryModel, 1000);
      if (left === null) continue;
      assert.equal(left, [], `SEED=${propertySeed}: ${JSON.stringify(program)}`);
      compared++;
    }
    assert.ok(compared > count / 3, `only ${compared} programs were small enough`);
  });

test.run();
