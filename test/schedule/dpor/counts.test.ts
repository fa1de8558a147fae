/**
 * How many executions dpor needs for programs that others have counted: each order of conflicting steps once, none begun in vain
 * (execution.md, rules 26 and 27).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lostUpdate, reorder, twostage } from '../../../scripts/bench/programs/counting.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { everyTrace } from '../../support/reduction.ts';

const test = suite('dpor: counts');

const golden: [name: string, program: Scenario, executions: number][] = [
  ['lost update 2×1', lostUpdate(2, 1), 4],
  ['lost update 2×3', lostUpdate(2, 3), 328],
  ['lost update 2×5', lostUpdate(2, 5), 34_904],
  ['lost update 3×2', lostUpdate(3, 2), 7134],
  ['reorder_3', reorder(2), 56],
  ['reorder_4', reorder(3), 1248],
  ['reorder_5', reorder(4), 40_032],
  ['twostage 1+1', twostage(1), 3],
  ['twostage 3+1', twostage(3), 1080],
];

for (const [name, program, executions] of golden)
  test(`${name}: ${executions} executions`, () => {
    const { ended, repeated } = everyTrace(program);
    assert.equal([ended, repeated], [executions, 0]);
  });

test.run();
