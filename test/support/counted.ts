/** Programs whose traces others have counted, with the counts: Nidhugg and GenMC agree (execution.md, rules 26 and 27). */
import { lostUpdate, reorder, twostage } from '../../scripts/bench/programs/counting.ts';
import type { Scenario } from '../../src/task/scenario.ts';

export const counted: readonly (readonly [name: string, program: Scenario, traces: number])[] = [
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

/** The same without anybody who looks at the words when all is over, as others have counted. */
const unseen = (program: Scenario): Scenario => {
  const { outcome: _, ...rest } = program;
  return rest as Scenario;
};

/** Programs whose reads-from classes Nidhugg has counted (`--rf`). */
export const countedReads: readonly (readonly [name: string, program: Scenario, classes: number])[] = [
  ['lost update 2×1', unseen(lostUpdate(2, 1)), 3],
  ['lost update 2×3', unseen(lostUpdate(2, 3)), 141],
  ['lost update 2×5', unseen(lostUpdate(2, 5)), 8953],
  ['lost update 3×2', unseen(lostUpdate(3, 2)), 1318],
  ['reorder_3', reorder(2), 21],
  ['reorder_4', reorder(3), 64],
  ['reorder_5', reorder(4), 145],
  ['reorder_6', reorder(5), 276],
  ['reorder_7', reorder(6), 469],
  ['twostage 1+1', twostage(1), 3],
  ['twostage 3+1', twostage(3), 1080],
];
