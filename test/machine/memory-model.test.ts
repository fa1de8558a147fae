// deadline: 300
/** Store buffers: by exhaustive exploration each litmus test shows exactly what axioms allow, under each model, and no more. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explore } from '../../src/explore/explore.ts';
import { replay } from '../../src/explore/replay.ts';
import type { Exploration } from '../../src/explore/results.ts';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';
import { RunsSchedule, runsOf } from '../../src/schedule/runs.ts';
import { allowedOutcomes } from '../../src/task/scenario.ts';
import { alike, queues } from '../fixtures/memory-model-scenarios.ts';
import { outcomesByAxioms } from '../support/axioms.ts';
import { Inline, load } from '../support/inline.ts';
import { type Litmus, litmusScenario } from '../support/litmus.ts';
import { everySchedule } from '../support/search.ts';
import { alikeOnBothCarriers } from './support/carriers.ts';

const test = suite('memory models');
const frames = 256;

/** With what is remarkable about it: the outcome that tells models apart, and where it may be seen. */
const shapes: readonly (Litmus & { readonly telling: string; readonly seen: readonly string[] })[] = [
  {
    name: 'SB',
    threads: [
      ['Wx1', 'Ry'],
      ['Wy1', 'Rx'],
    ],
    telling: '0 0',
    seen: ['tso', 'pso'],
  },
  {
    name: 'SB with one fence',
    threads: [
      ['Wx1', 'F', 'Ry'],
      ['Wy1', 'Rx'],
    ],
    telling: '0 0',
    seen: ['tso', 'pso'],
  },
  {
    name: 'SB with both fences',
    threads: [
      ['Wx1', 'F', 'Ry'],
      ['Wy1', 'F', 'Rx'],
    ],
    telling: '0 0',
    seen: [],
  },
  {
    name: 'MP',
    threads: [
      ['Wx1', 'Wy1'],
      ['Ry', 'Rx'],
    ],
    telling: '10',
    seen: ['pso'],
  },
  {
    name: 'MP with a fence',
    threads: [
      ['Wx1', 'F', 'Wy1'],
      ['Ry', 'Rx'],
    ],
    telling: '10',
    seen: [],
  },
  {
    name: 'LB',
    threads: [
      ['Rx', 'Wy1'],
      ['Ry', 'Wx1'],
    ],
    telling: '1 1',
    seen: [],
  },
  { name: 'WRC', threads: [['Wx1'], ['Rx', 'Wy1'], ['Ry', 'Rx']], telling: '1 10', seen: [] },
  { name: 'IRIW', threads: [['Wx1'], ['Wy1'], ['Rx', 'Ry'], ['Ry', 'Rx']], telling: '10 10', seen: [] },
  {
    name: '2+2W',
    threads: [
      ['Wx1', 'Wy2'],
      ['Wy1', 'Wx2'],
    ],
    last: ['x', 'y'],
    telling: 'x=1 y=1',
    seen: ['pso'],
  },
  {
    name: '2+2W with fences',
    threads: [
      ['Wx1', 'F', 'Wy2'],
      ['Wy1', 'F', 'Wx2'],
    ],
    last: ['x', 'y'],
    telling: 'x=1 y=1',
    seen: [],
  },
  {
    name: 'R',
    threads: [
      ['Wx1', 'Wy1'],
      ['Wy2', 'Rx'],
    ],
    last: ['y'],
    telling: '0 y=2',
    seen: ['tso', 'pso'],
  },
  {
    name: 'R with fences',
    threads: [
      ['Wx1', 'F', 'Wy1'],
      ['Wy2', 'F', 'Rx'],
    ],
    last: ['y'],
    telling: '0 y=2',
    seen: [],
  },
  {
    name: 'S',
    threads: [
      ['Wx2', 'Wy1'],
      ['Ry', 'Wx1'],
    ],
    last: ['x'],
    telling: '1 x=2',
    seen: ['pso'],
  },
  {
    name: 'S with a fence',
    threads: [
      ['Wx2', 'F', 'Wy1'],
      ['Ry', 'Wx1'],
    ],
    last: ['x'],
    telling: '1 x=2',
    seen: [],
  },
  { name: 'CoRR', threads: [['Wx1'], ['Rx', 'Rx']], telling: '10', seen: [] },
  { name: 'CoWR', threads: [['Wx1', 'Rx'], ['Wx2']], last: ['x'], telling: '0 x=1', seen: [] },
  {
    name: 'SB that forwards',
    threads: [
      ['Wx1', 'Rx', 'Ry'],
      ['Wy1', 'Ry', 'Rx'],
    ],
    telling: '10 10',
    seen: ['tso', 'pso'],
  },
];

for (const shape of shapes)
  for (const model of ['sc', 'tso', 'pso'] as const)
    test(`${shape.name} under ${model}`, () => {
      const explored = new Inline(load(litmusScenario(shape, model))).all();
      for (const { violations } of explored) assert.equal(violations, []);
      const outcomes = [...new Set(explored.map(({ outcome }) => outcome!))].sort();
      assert.equal(outcomes, outcomesByAxioms(shape, model));
      assert.is(outcomes.includes(shape.telling), shape.seen.includes(model));
    });

const url = new URL('../fixtures/memory-model-scenarios.ts', import.meta.url);

// What is free to go first is all that tells the two models apart: threads need not be booted for both.
for (const { name } of alike)
  if (!name.endsWith('tso')) test(`"${name}" is alike on both carriers`, () => alikeOnBothCarriers(url.href, name, 6));

for (const { name } of [...alike, ...queues])
  test(`"${name}": what is worth a step to the explorer is nothing to a token`, async () => {
    const loaded = await loadScenario(url.href, name);
    const discovered = new Set<number>();
    const options = { seed: 1, maximumSteps: 600, onShared: (frame: number) => discovered.add(frame) };
    const fresh = () => ({ first: new Int32Array(frames), points: new Uint8Array(frames) });
    const reach = fresh();
    const explored = new InlineMachine(loaded, { ...options, everyOperation: false, reach });
    const replayed = new InlineMachine(loaded, { ...options, everyOperation: true, reach: fresh() });
    const strategy = new RandomStrategy(1);
    for (let number = 1; number <= 60; number++) {
      strategy.begin(number);
      explored.run(strategy);
      const hash = explored.trace.hash();
      const runs = runsOf(explored.trace);
      explored.run(new RunsSchedule(runs), false);
      assert.is(explored.trace.hash(), hash, `execution ${number}, as written`);
      replayed.run(new RunsSchedule(runs));
      assert.is(replayed.trace.hash(), hash, `execution ${number}, every operation a step`);
      // Late, so that pages are seen in both states.
      if (number % 20 === 0) for (const frame of discovered) reach.points[frame] = 1;
    }
  });

/** By the queue's name: whether a notification can be lost. */
const lost: Readonly<Record<string, boolean>> = {
  'data queue, sc, no fence in the producer, no fence in the consumer': false,
  'data queue, tso, no fence in the producer, no fence in the consumer': true,
  'data queue, pso, no fence in the producer, no fence in the consumer': true,
  'data queue, tso, a fence in the producer, no fence in the consumer': true,
  'data queue, tso, no fence in the producer, a fence in the consumer': true,
  'data queue, tso, a fence in the producer, a fence in the consumer': false,
  'data queue, pso, a fence in the producer, a fence in the consumer': false,
};

for (const { name } of queues)
  test(`"${name}": ${lost[name] ? 'the consumer can sleep for ever' : 'is silent'}`, async () => {
    assert.equal((await everySchedule(url.href, name)).rules, lost[name] ? ['deadlock'] : []);
  });

for (const model of ['tso', 'pso'] as const) {
  test(`pages of one's own are no scheduling points and change nothing, ${model}`, async () => {
    const { rules, outcomes } = await everySchedule(url.href, `a store into a page of one's own, ${model}`);
    assert.equal([rules, outcomes], [[], ['2 0', '2 1', '3 0', '3 1']]);
  });

  test(`a store that was made before the first fetch and arrives between the two is a double fetch, ${model}`, async () => {
    const { rules, messages } = await everySchedule(url.href, `a store that arrives between two fetches, ${model}`);
    assert.equal(rules, ['double-fetch']);
    assert.match(messages[0]!, /^kernel read 4 at .*, client's stores stored 64, kernel read 64$/);
  });
}

test('a failure under tso is minimised, confirmed on threads, and its token replays', async () => {
  const file = new URL('../../scripts/scenarios/data-queue.ts', import.meta.url);
  const { failures, memoryModel } = (await explore(file, { executions: 2000, workers: 1, seed: 1 })) as Exploration;
  assert.is(memoryModel, 'tso');
  assert.is(failures.length, 1);
  const { rule, confirmed, token, traceHash, trace } = failures[0]!;
  assert.equal([rule, confirmed], ['deadlock', true]);
  assert.ok(trace!.some(({ description }) => /reaches memory$/.test(description)));
  for (const carrier of ['inline', 'threads'] as const) {
    const again = await replay(file, token, { carrier });
    assert.equal([again.traceHash, again.failure!.rule, again.memoryModel], [traceHash, 'deadlock', 'tso']);
  }
});

test('a model that there is not, and one without coherent devices, are refused in one line', () => {
  const boot = (machine: object) => () => new Inline(load({ machine, tasks: { app: () => {} } }));
  assert.throws(boot({ memoryModel: 'arm' }), /machine\.memoryModel: expected 'sc', 'tso' or 'pso', got arm/);
  assert.throws(
    boot({ memoryModel: 'tso', coherentDma: false }),
    /machine\.memoryModel: 'tso' needs coherentDma: true/,
  );
});

test('allowed outcomes may be given by memory model', () => {
  const allowed = { sc: ['0 1', '1 0', '1 1'], tso: ['0 0', '0 1', '1 0', '1 1'] };
  const broken = (memoryModel: 'sc' | 'tso' | 'pso', given: object) => {
    const scenario = { ...litmusScenario(shapes[0]!, memoryModel), allowed: given } as never;
    const found = new Set<string>();
    const machine = new Inline(load(scenario));
    for (const { outcome } of machine.all()) if (outcome !== null) found.add(outcome);
    return [...found].filter((label) => !(allowedOutcomes(scenario) ?? [label]).includes(label));
  };
  assert.equal(broken('sc', allowed), []);
  assert.equal(broken('tso', allowed), []);
  assert.equal(broken('tso', { tso: allowed.sc }), ['0 0']);
  assert.equal(broken('pso', { tso: [] }), []);
  const given = (value: unknown) => () =>
    load({ tasks: { app: () => {} }, outcome: () => '', allowed: value as never });
  assert.throws(given({ arm: [] }), /scenario\.allowed\.arm: there is no such memory model \(sc, tso, pso\)/);
  assert.throws(given({ tso: 'x' }), /scenario\.allowed\.tso: expected an array of labels, got "?x/);
  assert.throws(given({ tso: [1] }), /scenario\.allowed\.tso\[0\]: expected a label/);
});

test.run();
