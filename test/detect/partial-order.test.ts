/**
 * The hash of partial orders. The numbers of traces are those that Nidhugg and GenMC agree on for these programs (execution.md, rule 27), here
 * counted over all schedules, which depth-first search gives.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PartialOrder } from '../../src/detect/partial-order.ts';
import type { Strategy } from '../../src/machine/schedule.ts';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import { makeStrategy } from '../../src/schedule/strategies.ts';
import { IOLock } from '../../src/task/iokit/io-lock.ts';
import { type Scenario, threads } from '../../src/task/scenario.ts';
import type { Task } from '../../src/task/task.ts';
import { inline } from '../support/inline.ts';

const test = suite('partial order');

/** Schedules and different hashes over all of them. */
function counted<S>(scenario: Partial<Scenario<S>> & Pick<Scenario<S>, 'tasks'>): {
  schedules: number;
  traces: number;
} {
  const run = inline(scenario);
  const names = [...run.loaded.plans.map(({ name }) => name), 'clock', 'check'];
  const order = new PartialOrder(
    names.map((name) => ({ name, task: 'app', privileged: false })),
    run.reach.points,
    4096,
  );
  for (;;) {
    const strategy = new DepthFirstStrategy(null);
    const hashes = new Set<number>();
    let schedules = 0;
    let wider = false;
    while (!wider && strategy.begin()) {
      run.run(strategy);
      const { repeated } = strategy;
      if (!repeated) {
        schedules++;
        hashes.add(order.hash(run.machine.trace));
      }
      wider = run.widen();
    }
    if (!wider) return { schedules, traces: hashes.size };
  }
}

const memory = {
  setup: (machine: { share(size: number): number; kernel: { store32(at: number, value: number): void } }) => {
    const at = machine.share(4096);
    machine.kernel.store32(at, 0);
    return { at };
  },
};

const lost = (n: number, times: number) => ({
  ...memory,
  tasks: {
    app: threads(n, (task: Task, { at }: { at: number }) => {
      for (let i = 0; i < times; i++) task.atomic.store(at, task.atomic.load(at) + 1);
    }),
  },
});

const reorder = (setters: number) => ({
  ...memory,
  tasks: {
    app: threads(setters + 1, (task: Task, { at }: { at: number }, i: number) => {
      if (i < setters) {
        task.atomic.store(at, 1);
        task.atomic.store(at + 4, 2);
      } else {
        const none = task.atomic.load(at) === 0 && task.atomic.load(at + 4) === 0;
        if (!none && task.atomic.load(at) === 1) task.atomic.load(at + 4);
      }
    }),
  },
});

for (const [name, scenario, traces] of [
  ['lost update 2×1', lost(2, 1), 4],
  ['lost update 2×3', lost(2, 3), 328],
  ['lost update 3×2', lost(3, 2), 7134],
  ['reorder_3', reorder(2), 56],
  ['reorder_4', reorder(3), 1248],
] as const) {
  test(`${name} has ${traces} traces`, () => {
    const found = counted(scenario);
    assert.is(found.traces, traces);
    assert.ok(found.schedules > traces);
  });
}

test('threads that store to words of their own have one trace, whatever the schedules', () => {
  const found = counted({
    ...memory,
    tasks: {
      app: threads(3, (task: Task, { at }: { at: number }, i: number) => {
        task.store32(at + 4 * i, 1);
        task.store32(at + 4 * i, 2);
      }),
    },
  });
  assert.equal(found, { schedules: 90, traces: 1 });
});

test('the order in which a lock is taken makes a trace, who tried first does not', () => {
  const found = counted({
    setup: () => ({ lock: IOLock.alloc() }),
    tasks: {
      app: threads(3, (_task: Task, { lock }: { lock: IOLock }) => {
        lock.lock();
        lock.unlock();
      }),
    },
  });
  assert.is(found.traces, 6);
  assert.ok(found.schedules > 6);
});

test('which message comes first makes a trace; so do a chosen number and an answer', () => {
  const mailbox = counted({
    tasks: {
      app: {
        one: (task: Task) => task.send('app.reader', 1),
        two: (task: Task) => task.send('app.reader', 2),
        reader: (task: Task) => {
          task.receive();
          task.receive();
        },
      },
    },
  });
  assert.is(mailbox.traces, 2);
  const chosen = counted({ tasks: { app: { one: (task: Task) => task.choose(3), two: () => {} } } });
  assert.is(chosen.traces, 3);
});

test('a schedule that asks what steps affect tells as many apart as one that does not', () => {
  const scenario: Partial<Scenario<unknown>> & Pick<Scenario<unknown>, 'tasks'> = {
    tasks: {
      app: {
        receiver: (task) => [task.receive(), task.receive()].join(),
        one: (task) => task.send('app.receiver', 1),
        other: (task) => task.send('app.receiver', 2),
      },
    },
  };
  const names = ['app.receiver', 'app.one', 'app.other', 'clock', 'check'];
  const order = new PartialOrder(
    names.map((name) => ({ name, task: 'app', privileged: false })),
    null,
    4096,
  );
  const run = inline(scenario);
  const traces = (strategy: Strategy): number => {
    const hashes = new Set<number>();
    for (let number = 1; strategy.begin(number); number++) {
      run.run(strategy);
      hashes.add(order.hash(run.machine.trace));
      strategy.end(run.machine.trace.steps);
    }
    return hashes.size;
  };
  const all = traces(makeStrategy('dfs', { seed: 1, preemptions: null }));
  assert.is(all, 2);
  assert.is(traces(makeStrategy('dpor', { seed: 1, preemptions: null })), all);
});

test.run();
