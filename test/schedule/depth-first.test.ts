/** Depth-first search with iterative deepening of preemptions: exact counts, each schedule once (issue 2, "Schedule"; rule 1). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import { threads } from '../../src/task/scenario.ts';
import type { Task } from '../../src/task/task.ts';
import { inline } from '../support/inline.ts';
import { runSteps } from '../support/plain-steps.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('depth-first search');

/** Threads that take so many steps each, nothing else: the schedules with the preemptions of each, by round. */
function walk(
  steps: readonly number[],
  preemptions: number | null,
  delays: number | null = null,
): { schedules: string[]; preempted: number[]; strategy: DepthFirstStrategy } {
  const strategy = new DepthFirstStrategy(preemptions, delays);
  const schedules: string[] = [];
  const preempted: number[] = [];
  while (strategy.begin()) {
    const one = runSteps(strategy, steps);
    const { repeated } = strategy;
    strategy.end();
    if (repeated) continue;
    schedules.push(one.schedule);
    preempted.push(one.preempted);
  }
  return { schedules, preempted, strategy };
}

/** Every interleaving, written down without any cleverness, with its preemptions. */
function all(steps: readonly number[]): Map<string, number> {
  const found = new Map<string, number>();
  const extend = (left: readonly number[], taken: string, current: number, switches: number): void => {
    if (left.every((count) => count === 0)) found.set(taken, switches);
    left.forEach((count, actor) => {
      if (count === 0) return;
      const preempts = current >= 0 && left[current]! > 0 && actor !== current ? 1 : 0;
      extend(
        left.map((other, i) => (i === actor ? other - 1 : other)),
        taken + actor,
        actor,
        switches + preempts,
      );
    });
  };
  extend(steps, '', -1, 0);
  return found;
}

test('two threads of two steps have six schedules: 2 without a preemption, 2 with one, 2 with two', () => {
  const { schedules, preempted, strategy } = walk([2, 2], null);
  assert.equal([...schedules].sort(), ['0011', '0101', '0110', '1001', '1010', '1100']);
  assert.equal(preempted, [0, 0, 1, 1, 2, 2]);
  assert.ok(strategy.exhausted);
});

for (const bound of [0, 1, 2, 3]) {
  test(`a bound of ${bound} gives exactly the schedules with at most ${bound} preemptions, fewest first`, () => {
    const steps = [3, 2, 2];
    const expected = [...all(steps)].filter(([, switches]) => switches <= bound);
    const { schedules, preempted, strategy } = walk(steps, bound);
    assert.equal([...schedules].sort(), expected.map(([schedule]) => schedule).sort());
    assert.equal(
      preempted,
      [...preempted].sort((a, b) => a - b),
      'in order of preemptions',
    );
    assert.ok(strategy.exhausted);
  });
}

test('any small program: each schedule once over all rounds, for any bound (property)', () => {
  seeded(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.option(fc.nat(5)),
      (steps, bound) => {
        const expected = [...all(steps)].filter(([, switches]) => bound === null || switches <= bound);
        const { schedules, strategy } = walk(steps, bound);
        assert.equal([...schedules].sort(), expected.map(([schedule]) => schedule).sort());
        assert.ok(strategy.exhausted);
      },
    ),
    60,
  );
});

/** Delays of a schedule: at each step, how many in turn after the last one were passed over, whoever could have gone on coming first. */
function delaysOf(schedule: string, steps: readonly number[]): number {
  const left = [...steps];
  let last = -1;
  let delays = 0;
  for (const next of [...schedule].map(Number)) {
    const start = last >= 0 && left[last]! > 0 ? last : (last + 1) % steps.length;
    const order = steps.map((_, i) => (start + i) % steps.length).filter((actor) => left[actor]! > 0);
    delays += order.indexOf(next);
    left[next]!--;
    last = next;
  }
  return delays;
}

for (const bound of [0, 1, 2, 3]) {
  test(`${bound} delays give exactly the schedules within them, each once: serial orders first, then by delays (POPL 2011)`, () => {
    const steps = [2, 3, 2];
    const expected = [...all(steps)].filter(([schedule]) => delaysOf(schedule, steps) <= bound);
    const { schedules, preempted, strategy } = walk(steps, null, bound);
    assert.equal([...schedules].sort(), expected.map(([schedule]) => schedule).sort());
    const ranks = schedules.map((schedule, i) => (preempted[i] === 0 ? 0 : 100) + delaysOf(schedule, steps));
    assert.equal(
      ranks,
      [...ranks].sort((a, b) => a - b),
    );
    assert.ok(strategy.exhausted);
    assert.is(schedules[0], '0011122');
  });
}

test('with delays: starts over after restart, choices are free', () => {
  const strategy = new DepthFirstStrategy(null, 0);
  for (const _ of [1, 2]) {
    const seen: number[] = [];
    while (strategy.begin()) {
      assert.is(strategy.pick(Int32Array.of(0, 1), 2, -1), 0);
      seen.push(strategy.choose(3));
      strategy.end();
    }
    assert.equal(seen, [0, 1, 2]);
    strategy.restart();
  }
});

test('a lone thread has one schedule', () => {
  assert.equal(walk([4], null).schedules, ['0000']);
  assert.equal(walk([4], 0).schedules, ['0000']);
});

test('is not exhausted before begin says so, and starts over after restart', () => {
  const strategy = new DepthFirstStrategy(null);
  const runnable = Int32Array.of(0, 1);
  for (let i = 0; i < 2; i++) {
    assert.ok(strategy.begin());
    assert.is(strategy.pick(runnable, 2, -1), i);
    assert.not(strategy.exhausted);
    strategy.end();
  }
  assert.not(strategy.begin());
  assert.ok(strategy.exhausted);
  strategy.restart();
  assert.not(strategy.exhausted);
  assert.ok(strategy.begin());
  assert.is(strategy.pick(runnable, 2, -1), 0);
});

test('choices cost no preemption and are explored in the first round', () => {
  const strategy = new DepthFirstStrategy(0);
  const seen: string[] = [];
  while (strategy.begin()) {
    seen.push(`${strategy.choose(2)}${strategy.choose(3)}`);
    strategy.end();
  }
  assert.equal(seen, ['00', '01', '02', '10', '11', '12']);
});

// On the inline carrier: the counts that theory gives.

const counted = (n: number, steps: number) =>
  inline({
    setup: (machine) => {
      const at = machine.share(4096);
      machine.kernel.store32(at, 0);
      return { at };
    },
    tasks: {
      app: threads(n, (task: Task, { at }: { at: number }, i: number) => {
        for (let step = 0; step < steps; step++) task.store32(at + 4 * i, step);
      }),
    },
  });

for (const [n, steps, schedules] of [
  [2, 1, 2],
  [2, 2, 6],
  [2, 3, 20],
  [3, 1, 6],
  [3, 2, 90],
  [2, 5, 252],
  [4, 1, 24],
] as const) {
  test(`inline: ${n} threads of ${steps} steps have ${schedules} schedules, each once`, () => {
    const ends = counted(n, steps).all();
    assert.is(ends.length, schedules);
    assert.is(new Set(ends.map(({ hash }) => hash)).size, schedules, 'no trace twice');
  });
}

test('inline: the lost update needs one preemption, and is in the first execution that has one', () => {
  const run = inline({
    setup: (machine) => ({ at: machine.share(4096) }),
    tasks: {
      app: threads(2, (task: Task, { at }: { at: number }) => task.store32(at, task.load32(at) + 1)),
    },
    outcome: ({ machine, shared }) => String(machine.kernel.load32((shared as { at: number }).at)),
  });
  assert.equal(
    run.all(0).map(({ outcome }) => outcome),
    ['2', '2'],
  );
  assert.ok(
    run
      .all(1)
      .slice(2)
      .every(({ outcome }) => outcome === '1'),
  );
  assert.equal(run.all(1).length, 4);
  assert.equal(run.all(2).length, 6);
});

test.run();
