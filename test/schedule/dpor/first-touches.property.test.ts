// deadline: 300
/**
 * dpor reaches exactly the outcomes that every schedule together reaches (property), where pages come when they are first touched, and where that
 * is copied, forbidden, undone, short of frames or looked into.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MemoryModel } from '../../../src/hardware/configuration.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { accessingProgram, type LazyProgram, lazyProgram, partsOfLazy } from '../../support/lazy-programs.ts';
import { compareOutcomes } from '../../support/outcomes.ts';

const test = suite('dpor: first touches (property)');

const programs = Number(process.env.PROGRAMS ?? 300);
const fewer = Math.ceil(programs / 3);

const scenarioOf = (
  program: LazyProgram,
  tellsFrames = false,
  spare?: number,
  memoryModel: MemoryModel = 'sc',
): Scenario =>
  ({
    name: 'lazy',
    machine: { physicalMemory: 2 ** 20, memoryModel },
    ...partsOfLazy(program, tellsFrames, spare),
  }) as unknown as Scenario;

test(`the outcomes, frames among them, of ${programs} random programs with mappings, copies and rights`, () => {
  const { traces, schedules } = compareOutcomes(
    lazyProgram,
    (program) => scenarioOf(program, true),
    'traces',
    programs,
  );
  assert.ok(traces < schedules * 0.6, `${traces} executions in place of ${schedules}`);
});

for (const spare of [3, 7])
  test(`the same of ${fewer} with ${spare} frames to spare, so that threads take each other's, or there is none`, () => {
    compareOutcomes(lazyProgram, (program) => scenarioOf(program, true, spare), 'traces', fewer);
  });

for (const memoryModel of ['tso', 'pso'] as const)
  test(`the same of ${fewer} under ${memoryModel}, where a first touch takes the thread's stores to memory`, () => {
    const ofModel = (program: LazyProgram) => scenarioOf(program, true, undefined, memoryModel);
    const { traces, schedules } = compareOutcomes(lazyProgram, ofModel, 'traces', fewer);
    assert.ok(traces < schedules * 0.6, `${traces} executions in place of ${schedules}`);
  });

test(`by who reads from whom, the outcomes of ${programs} random programs that only access memory`, () => {
  const { compared, traces, schedules, parts } = compareOutcomes(accessingProgram, scenarioOf, 'reads-from', programs);
  const own = parts.filter((part) => part === 'dpor:reads-from').length;
  assert.ok(own > compared * 0.8, `only ${own} of ${compared} programs were explored by who reads from whom`);
  assert.ok(traces < schedules / 5, `${traces} executions in place of ${schedules}`);
});

test(`the same of ${fewer} where the outcome tells the frames, and of ${fewer} with few to spare`, () => {
  compareOutcomes(accessingProgram, (program) => scenarioOf(program, true), 'reads-from', fewer);
  compareOutcomes(accessingProgram, (program) => scenarioOf(program, false, 4), 'reads-from', fewer);
});

test.run();
