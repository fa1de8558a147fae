/** Trees of schedules in shares: together they have what one explorer has, each schedule or trace once (execution.md, rule 26). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import { Shares } from '../../src/schedule/shares.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { counted } from '../support/counted.ts';
import { runSteps } from '../support/plain-steps.ts';
import { everyTrace, inShares } from '../support/reduction.ts';
import { propertySeed, seeded } from '../support/seeded.ts';
import { partsOfSmall, smallProgram } from '../support/small-programs.ts';

const test = suite('shares of trees');

type Bounds = readonly [preemptions: number | null, delays: number | null];

/** The schedules that one explorer has, in order. */
function alone(steps: readonly number[], [preemptions, delays]: Bounds): string[] {
  const strategy = new DepthFirstStrategy(preemptions, delays);
  const schedules: string[] = [];
  while (strategy.begin()) {
    const { schedule } = runSteps(strategy, steps);
    if (!strategy.repeated) schedules.push(schedule);
    strategy.end();
  }
  return schedules;
}

/** Those of each share, a list for each tier. */
function tiersInShares(steps: readonly number[], [preemptions, delays]: Bounds, count: number): string[][][] {
  const tiers: string[][][] = [];
  for (let tier: number | null = 0; tier !== null; ) {
    const strategy = new DepthFirstStrategy(preemptions, delays);
    const shares = new Shares(strategy, tier, count);
    while (shares.survey()) {
      runSteps(strategy, steps);
      strategy.end();
      shares.look();
    }
    const next: (number | null)[] = [];
    const schedules = Array.from({ length: count }, (_, index) => {
      const own: string[] = [];
      for (shares.take(index); shares.begin(); strategy.end()) {
        const { schedule } = runSteps(strategy, steps);
        if (!strategy.repeated) own.push(schedule);
      }
      next.push(shares.nextTier);
      return own;
    });
    tiers.push(schedules);
    const following = next.filter((one) => one !== null);
    tier = following.length === 0 ? null : Math.min(...following);
  }
  return tiers;
}

const bounds: readonly Bounds[] = [
  [null, null],
  [0, null],
  [2, null],
  [null, 0],
  [null, 2],
];

test('dfs, any small program and bound, in any number of shares: each schedule once, tiers as one explorer has them (property)', () => {
  seeded(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...bounds),
      fc.integer({ min: 1, max: 5 }),
      (steps, bound, count) => {
        const whole = alone(steps, bound);
        let from = 0;
        for (const tier of tiersInShares(steps, bound, count).map((shares) => shares.flat())) {
          assert.equal(tier.sort(), whole.slice(from, from + tier.length).sort());
          from += tier.length;
        }
        assert.is(from, whole.length);
      },
    ),
    150,
  );
});

test('dfs: no share has it all, and the survey has come to an end', () => {
  const [all] = tiersInShares([4, 4, 3], [null, null], 5).slice(-1);
  const sizes = all!.map(({ length }) => length);
  const sum = sizes.reduce((total, size) => total + size, 0);
  assert.ok(sum > 1000 && Math.max(...sizes) < sum / 2, sizes.join());
});

/** Executions that are begun in vain, with 2, 3 and 5 shares, where there are any. */
const inVain: Record<string, number[]> = { 'twostage 3+1': [0, 0, 26] };

for (const [name, program, traces] of counted.filter(([, , count]) => count < 10_000))
  test(`dpor, ${name}: ${traces} executions in 2, 3 and 5 shares together`, () => {
    const all = [2, 3, 5].map((count) => inShares(program, count));
    const sum = (key: 'ended' | 'repeated') => all.map((parts) => parts.reduce((total, part) => total + part[key], 0));
    assert.equal(sum('ended'), [traces, traces, traces]);
    assert.equal(sum('repeated'), inVain[name] ?? [0, 0, 0]);
    if (traces > 50) assert.ok(all.flat().every(({ ended }) => ended < 0.8 * traces));
  });

test('dpor: random programs with locks, messages, time, choices and kernel calls have the same outcomes in shares', () => {
  const programs = fc.sample(
    smallProgram.filter((program) => program.flat().length <= 5),
    { seed: propertySeed, numRuns: 120 },
  );
  let executions = 0;
  for (const [index, program] of programs.entries()) {
    const scenario = { name: 'small', machine: { physicalMemory: 2 ** 20 }, ...partsOfSmall(program) };
    const [one, several] = [new Set<string | null>(), new Set<string | null>()];
    executions += everyTrace(scenario as unknown as Scenario, ({ outcome }) => one.add(outcome)).ended;
    inShares(scenario as unknown as Scenario, 3, ({ outcome }) => several.add(outcome));
    assert.equal([...several].sort(), [...one].sort(), `program ${index} of SEED=${propertySeed}`);
  }
  assert.ok(executions > 1000, `${executions} executions are few`);
});

test.run();
