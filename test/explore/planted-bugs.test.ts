// deadline: 240
/**
 * The benchmark programs (scripts/bench/programs/bugs): which strategy must find which planted bug within how many executions, for
 * each of three seeds. Bounds are about three times what was seen, so that a strategy which lost its aim fails here.
 */
import { readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { firstFailure } from '../../scripts/bench/first-failure.ts';
import { loadScenario, scenarioNames } from '../../src/machine/scenario-loader.ts';
import type { StrategyName } from '../../src/schedule/strategies.ts';

const test = suite('planted bugs');
const folder = new URL('../../scripts/bench/programs/bugs/', import.meta.url);
const seeds = [1, 2, 3];

type Within = Partial<Record<StrategyName, number>>;

/** File → scenario → the rule that its bug breaks, and by strategy the executions that are enough. */
const programs: Readonly<Record<string, Readonly<Record<string, readonly [rule: string, within: Within]>>>> = {
  account: { account: ['assertion', { portfolio: 10, random: 100, pct: 60, pos: 30, urw: 60, surw: 30, greybox: 30 }] },
  always: {
    phase01: ['deadlock', { portfolio: 1, random: 1 }],
    sync01: ['deadlock', { portfolio: 1, random: 1 }],
    din_phil2_sat: ['assertion', { portfolio: 2, random: 3 }],
    din_phil3_sat: ['assertion', { portfolio: 2, random: 3 }],
    din_phil4_sat: ['assertion', { portfolio: 2, random: 3 }],
    din_phil5_sat: ['deadlock', { portfolio: 1, random: 1 }],
    din_phil6_sat: ['deadlock', { portfolio: 1, random: 1 }],
    din_phil7_sat: ['deadlock', { portfolio: 1, random: 1 }],
    fsbench: ['assertion', { portfolio: 1, random: 1 }],
  },
  bluetooth: {
    bluetooth_driver: ['assertion', { portfolio: 25, random: 100, pct: 500, pos: 60, surw: 100, greybox: 100 }],
  },
  'circular-buffer': { circular_buffer: ['assertion', { portfolio: 18, random: 10 }] },
  deadlocks: {
    deadlock01: ['deadlock', { portfolio: 6, random: 30, pct: 100, pos: 60, urw: 60, surw: 30, greybox: 30 }],
    phil_cycle_3: ['deadlock', { portfolio: 6, random: 60 }],
    phil_cycle_5: ['deadlock', { portfolio: 6, random: 500, surw: 150 }],
    phil_cycle_7: ['deadlock', { portfolio: 6, surw: 1000 }],
  },
  ends: {
    'aget-bug2': ['assertion', { portfolio: 12, random: 10 }],
    splash2: ['assertion', { portfolio: 3, random: 10 }],
    'ctrace-test': ['assertion', { portfolio: 12, random: 60 }],
  },
  lazy: { lazy01: ['assertion', { portfolio: 3, random: 30 }] },
  'lost-update': {
    lost_update_2x1: ['check', { portfolio: 12, random: 40 }],
    lost_update_2x3: ['check', { portfolio: 12, random: 10 }],
  },
  reorder: {
    reorder_3: ['assertion', { portfolio: 12, random: 1000, pct: 200, pos: 100, urw: 150, surw: 50, greybox: 30 }],
    reorder_4: ['assertion', { portfolio: 12, random: 1000, pct: 500, pos: 200, urw: 200, surw: 50, greybox: 30 }],
    reorder_5: ['assertion', { portfolio: 12, random: 2000, pct: 1000, pos: 500, urw: 300, surw: 100, greybox: 30 }],
    reorder_10: ['assertion', { portfolio: 12, urw: 500, surw: 150, greybox: 30 }],
    reorder_20: ['assertion', { portfolio: 12, urw: 100, surw: 30, greybox: 30 }],
    reorder_50: ['assertion', { portfolio: 12, surw: 100, greybox: 30 }],
    reorder_100: ['assertion', { portfolio: 12, surw: 1500, greybox: 30 }],
  },
  stack: { stack: ['assertion', { portfolio: 12, random: 10 }] },
  stringbuffer: {
    'stringbuffer-jdk1.4': [
      'assertion',
      { portfolio: 30, random: 30, pct: 200, pos: 30, urw: 30, surw: 30, greybox: 30 },
    ],
  },
  twostage: {
    twostage: ['assertion', { portfolio: 12, random: 200, pct: 60, pos: 60, urw: 300, surw: 50, greybox: 60 }],
    twostage_20: ['assertion', { portfolio: 12, surw: 50, greybox: 120 }],
    twostage_50: ['assertion', { portfolio: 12, surw: 100, greybox: 150 }],
    twostage_100: ['assertion', { portfolio: 12, greybox: 200 }],
  },
  'work-steal-queue': {
    WorkStealQueue: ['check', { portfolio: 15, random: 20_000, pct: 400, pos: 100, surw: 50, greybox: 150 }],
  },
};

/** What a deadlock is called where the wakeup came before the sleep. */
const lostWakeup = 'lost-wakeup';

test('every program is in the table', async () => {
  const files = readdirSync(folder).map((file) => file.replace('.ts', ''));
  assert.equal(files.filter((file) => file !== 'words').sort(), Object.keys(programs).sort());
  for (const [file, scenarios] of Object.entries(programs))
    assert.equal(await scenarioNames(new URL(`${file}.ts`, folder).href), Object.keys(scenarios));
});

for (const [file, scenarios] of Object.entries(programs)) {
  for (const [name, [rule, within]] of Object.entries(scenarios)) {
    for (const [strategy, limit] of Object.entries(within) as [StrategyName, number][]) {
      test(`${strategy} finds ${rule} in ${name} within ${limit} executions`, async () => {
        const loaded = await loadScenario(new URL(`${file}.ts`, folder).href, name);
        for (const seed of seeds) {
          const found = firstFailure(loaded, { strategy, seed, preemptions: null }, limit);
          assert.ok(found.execution !== null, `seed ${seed}: not in ${limit} executions`);
          const rules = rule === 'deadlock' ? [rule, lostWakeup] : [rule];
          assert.ok(
            rules.some((one) => found.rules.includes(one)),
            `seed ${seed}: ${found.rules}`,
          );
        }
      });
    }
  }
}

test.run();
