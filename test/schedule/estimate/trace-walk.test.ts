// deadline: 240
/** What a probe stands for is, in the mean over all that it could draw, exactly the number of traces (Knuth, 1975). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lostUpdate, reorder, twostage } from '../../../scripts/bench/programs/counting.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { expectation } from '../../support/every-lot.ts';
import { load } from '../../support/inline.ts';
import { normalForms } from '../../support/normal-forms.ts';
import { propertySeed } from '../../support/seeded.ts';
import { partsOfSmall, smallProgram } from '../../support/small-programs.ts';

const test = suite('trace walk');

const most = 100_000;

const isAbout = (value: number | null, traces: number): boolean =>
  value !== null && Math.abs(value - traces) < 1e-6 * traces;

const counted: [name: string, program: Scenario, lessons: number, traces: number][] = [
  ['lost update 2×1, nothing learned', lostUpdate(2, 1), 0, 4],
  ['lost update 2×1, after 6 probes', lostUpdate(2, 1), 6, 4],
  ['lost update 3×1, after 3 probes', lostUpdate(3, 1), 3, 36],
  ['reorder_3, nothing learned', reorder(2), 0, 56],
  ['reorder_3, after 3 probes', reorder(2), 3, 56],
  ['twostage 1+1, nothing learned', twostage(1), 0, 3],
];

for (const [name, program, lessons, traces] of counted)
  test(`${name}: ${traces}`, () => {
    const value = expectation(program, lessons, most);
    assert.ok(isAbout(value, traces), String(value));
  });

test('small programs with locks, waits, messages and time: as many as dpor comes to (property)', () => {
  let compared = 0;
  for (const program of fc.sample(smallProgram, { seed: propertySeed, numRuns: 60 })) {
    const { scenario } = load(partsOfSmall(program) as Partial<Scenario> & Pick<Scenario, 'tasks'>);
    const value = expectation(scenario, 0, 1000);
    if (value === null) continue;
    const traces = normalForms(scenario).size;
    assert.ok(isAbout(value, traces), `${value}, not ${traces}, SEED=${propertySeed}: ${JSON.stringify(program)}`);
    compared++;
  }
  assert.ok(compared > 20, `only ${compared} were compared`);
});

test.run();
