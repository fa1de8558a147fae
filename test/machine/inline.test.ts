/** The inline carrier: ends, failures, values, re-execution (execution.md; rule numbers in the names). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryFault } from '../../src/hardware/errors.ts';
import { daemon, kernelMode, threads } from '../../src/task/scenario.ts';
import type { Task } from '../../src/task/task.ts';
import { inline, inOrder, straight } from '../support/inline.ts';

const test = suite('inline carrier');

/** Setup of most scenarios: a page that `a` and `b` both reach at one address. */
const page = (machine: { share(size: number): number }): { at: number } => ({ at: machine.share(4096) });
type Page = { at: number };

/** What `body` throws. */
function thrown(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  return assert.unreachable('did not throw') as never;
}

function rules(ended: { violations: readonly { rule: string }[] }): string[] {
  return ended.violations.map(({ rule }) => rule);
}

// Rule 1: points.

test('a page that one thread alone reaches is no scheduling point; one that two reach is (rule 1)', () => {
  const alone = inline({
    setup: (machine) => ({ a: machine.task('a').allocate(4096), b: machine.task('b').allocate(4096) }),
    tasks: {
      a: (task, shared: { a: number; b: number }) => task.store32(shared.a, 1),
      b: (task, shared: { a: number; b: number }) => task.store32(shared.b, 1),
    },
  });
  assert.is(alone.all().length, 2, 'only the order of two whole threads');
  const together = inline({
    setup: page,
    tasks: {
      a: (task, { at }: Page) => task.store32(at, task.load32(at) + 1),
      b: (task, { at }: Page) => task.store32(at, task.load32(at) + 1),
    },
  });
  assert.is(together.all().length, 6);
});

test('two addresses of one page are one place (rule 1)', () => {
  const run = inline({
    setup(machine) {
      const object = machine.share(4096);
      return { at: object };
    },
    tasks: { a: (task, { at }: Page) => task.store8(at + 1, 1), b: (task, { at }: Page) => task.store8(at + 4000, 1) },
  });
  run.random(1);
  assert.ok(run.widen());
  assert.is(run.reach.points.filter((point) => point === 1).length, 1);
});

// Rule 2: steps.

test('a scalar is one step, also across a page, and needs both pages (rules 2, 13)', () => {
  const run = inline({
    setup(machine) {
      const a = machine.task('a');
      const at = a.allocate(3 * 4096);
      a.deallocate(at + 8192, 4096);
      return { at };
    },
    tasks: {
      a(task, { at }: Page) {
        const out: unknown[] = [];
        task.store32(at + 4094, 0x11223344);
        task.store64(at + 4091, 0x8877665544332211n);
        task.store16(at + 4095, 0xbeef);
        out.push(task.load16(at + 4095), task.load32(at + 4094), task.load64(at + 4091).toString(16));
        for (const body of [() => task.store32(at + 8190, 0xffffffff), () => task.load64(at + 8185 + 4)]) {
          try {
            body();
          } catch (error) {
            out.push((error as MemoryFault).address - at, (error as MemoryFault).reason);
          }
        }
        out.push(task.load16(at + 8190));
        return out;
      },
    },
  });
  const ended = run.run(straight);
  assert.equal(ended.violations, []);
  assert.equal(ended.results.a, [0xbeef, 0x77beef44, '8877beef44332211', 8192, 'not mapped', 8192, 'not mapped', 0]);
  assert.is(ended.steps, 9);
});

test('a bulk copy is a step a page, and others may come between (rule 2)', () => {
  const run = inline({
    setup: (machine: { share(size: number): number }) => ({ at: machine.share(3 * 4096) }),
    tasks: {
      a(task, { at }: Page) {
        task.write(at + 4000, new Uint8Array(5000).fill(7));
      },
      b: (task, { at }: Page) => [...new Set(task.read(at + 4000, 5000))].join(),
    },
  });
  const seen = new Set(run.all().map((ended) => ended.results.b));
  assert.equal(
    [...seen].sort(),
    ['0', '0,7', '7', '7,0'].sort(),
    'whole, not at all, or torn at a page edge either way',
  );
});

test('a bulk copy of no bytes is allowed anywhere', () => {
  const run = inline({
    tasks: {
      a(task) {
        task.write(0, new Uint8Array(0));
        return task.read(0, 0).length;
      },
    },
  });
  assert.is(run.run(straight).results.a, 0);
});

test('a bulk copy stops where a page is missing; what came before is done (rule 2)', () => {
  const run = inline({
    setup(machine) {
      const a = machine.task('a');
      const at = a.allocate(8192);
      a.deallocate(at + 4096, 4096);
      return { at };
    },
    tasks: {
      a(task, { at }: Page) {
        const out: unknown[] = [];
        for (let i = 0; i < 2; i++) {
          try {
            task.write(at + 4090, new Uint8Array(10).fill(5));
          } catch (error) {
            out.push((error as MemoryFault).address - at, (error as MemoryFault).access);
          }
          task.yield();
        }
        out.push(task.load8(at + 4095));
        return out;
      },
    },
  });
  assert.equal(run.run(straight).results.a, [4096, 'write', 4096, 'write', 5]);
});

// Rule 3, 13: atomics.

test('atomics have the meaning of Atomics, unsigned (rule 13)', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        const { atomic } = task;
        return [
          atomic.store(at, 2 ** 32 + 5),
          atomic.add(at, -6),
          atomic.load(at),
          atomic.sub(at, 1),
          atomic.and(at, 0xf0f0f0f0),
          atomic.or(at, 0x0000000f),
          atomic.xor(at, 0xffffffff),
          atomic.exchange(at, 7),
          atomic.compareExchange(at, 8, 9),
          atomic.compareExchange(at, 7, -1),
          atomic.load(at),
        ];
      },
    },
  });
  assert.equal(
    run.run(straight).results.a,
    [5, 5, 0xffffffff, 0xffffffff, 0xfffffffe, 0xf0f0f0f0, 0xf0f0f0ff, 0x0f0f0f00, 7, 7, 0xffffffff],
  );
});

test('an unaligned atomic is a RangeError, and so is one of a bad address (rule 13)', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        return [at + 1, at + 2, at + 3].map((address) => {
          try {
            return task.atomic.load(address);
          } catch (error) {
            return (error as Error).name;
          }
        });
      },
    },
  });
  assert.equal(run.run(straight).results.a, ['RangeError', 'RangeError', 'RangeError']);
});

test('loads are unsigned, loadInt signed; stores wrap modulo 2^n (rule 13)', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        task.store8(at, 0x1ff);
        task.store16(at + 2, -2);
        task.store32(at + 4, 2 ** 32 + 2 ** 31);
        task.store64(at + 8, -1n);
        return [
          task.load8(at),
          task.load16(at + 2),
          task.load32(at + 4),
          String(task.load64(at + 8)),
          task.loadInt8(at),
          task.loadInt16(at + 2),
          task.loadInt32(at + 4),
          String(task.loadInt64(at + 8)),
        ];
      },
    },
  });
  assert.equal(run.run(straight).results.a, [255, 65534, 2 ** 31, String(2n ** 64n - 1n), -1, -2, -(2 ** 31), '-1']);
});

// Rule 7 and 8: ends.

test('a failed assertion ends its thread only; everybody else runs on (rule 7)', () => {
  const run = inline({
    setup: page,
    tasks: {
      app: {
        one(task, { at }: Page) {
          task.assert(false, 'as it should not be');
          task.store32(at, 99);
        },
        two(task, { at }: Page) {
          task.store32(at + 4, 1);
          task.store32(at + 8, 2);
          return 'end';
        },
      },
    },
  });
  for (const ended of run.all()) {
    assert.equal(ended.violations, [{ rule: 'assertion', thread: 'app.one', text: 'as it should not be' }]);
    assert.is(ended.results['app.two'], 'end');
    assert.is(ended.results['app.one'], undefined);
  }
});

test('an assertion cannot be caught away (rules 7, 17)', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        try {
          task.assert(false);
        } catch {}
        task.store32(at, 99);
        return 'went on';
      },
      b: (task, { at }: Page) => task.load32(at),
    },
  });
  for (const ended of run.all()) {
    assert.equal(rules(ended), ['assertion']);
    assert.is(ended.results.a, undefined);
    assert.is(ended.results.b, 0);
  }
});

test('an uncaught exception ends its task: the other threads stop at their next operation (rule 7)', () => {
  const run = inline({
    setup: page,
    tasks: {
      app: {
        one(task, { at }: Page) {
          task.store32(at, 1);
          throw new Error('it broke');
        },
        two(task, { at }: Page) {
          task.store32(at + 4, 1);
          task.store32(at + 4, 2);
          task.store32(at + 4, 3);
          return 'two ended';
        },
      },
      other: (task, { at }: Page) => task.store32(at + 8, 1) ?? 'other ended',
    },
  });
  const ends = run.all();
  const stopped = new Set<unknown>();
  for (const ended of ends) {
    assert.equal(ended.violations, [{ rule: 'uncaught-exception', thread: 'app.one', text: 'it broke' }]);
    assert.is(ended.results.other, 'other ended');
    stopped.add(ended.results['app.two']);
  }
  assert.ok(stopped.has(undefined) && stopped.has('two ended'), 'before its end or after it');
});

test('an uncaught MemoryFault is the rule memory-fault; a caught one is no failure (rule 7)', () => {
  const run = inline({
    tasks: {
      a(task) {
        try {
          task.load8(4096);
        } catch (error) {
          return error instanceof MemoryFault ? [error.address, error.access, error.task, error.reason] : error;
        }
      },
      b: (task) => task.store32(8192, 1),
    },
  });
  const ended = run.run(straight);
  assert.equal(ended.violations, [
    { rule: 'memory-fault', thread: 'b', text: 'b: write of 4 bytes at 0x2000: not mapped' },
  ]);
  assert.equal(ended.results.a, [4096, 'read', 'a', 'not mapped']);
});

test('anything can be thrown, and is told as text', () => {
  for (const [value, word] of [
    [null, 'null'],
    [undefined, 'undefined'],
    ['words', 'words'],
    [Symbol('s'), 'Symbol(s)'],
    [{}, '[object Object]'],
    [Object.create(null), ''],
  ] as const) {
    const run = inline({
      tasks: {
        a() {
          throw value;
        },
        b: () => 'ended',
      },
    });
    const ended = run.run(straight);
    assert.equal(rules(ended), ['uncaught-exception']);
    assert.ok(ended.violations[0]!.text.includes(word));
    assert.is(ended.results.b, 'ended');
  }
});

test('an uncaught exception in the kernel ends the execution, for kernelMode too (rule 7)', () => {
  for (const tasks of [
    { kernel: () => fail(), other: twice },
    { app: kernelMode(() => fail()), other: twice },
  ]) {
    const run = inline({ setup: page, tasks });
    const results = new Set<unknown>();
    for (const ended of run.all()) {
      assert.is(ended.violations.length, 1);
      assert.match(ended.violations[0]!.text, /driver broke.*kernel/);
      results.add(ended.results.other);
    }
    assert.ok(results.has(undefined), 'the other one did not come to its end');
  }
  function fail(): never {
    throw new Error('the driver broke');
  }
  function twice(task: Task, { at }: Page): string {
    task.store32(at, 1);
    task.yield();
    return 'ended';
  }
});

test('the execution ends with the last thread that is no daemon (rule 8)', () => {
  const run = inline({
    setup: page,
    tasks: {
      main(task, { at }: Page) {
        for (let i = 0; i < 3; i++) task.store32(at, i);
        return 'main';
      },
      ghost: daemon((task: Task, { at }: Page) => {
        for (;;) task.load32(at);
      }),
    },
  });
  for (let number = 1; number <= 20; number++) {
    const ended = run.random(number);
    assert.equal(ended.violations, []);
    assert.is(ended.results.main, 'main');
    run.widen();
  }
});

test('a deadlock names who waits for what; a waiting daemon is none (rule 8)', () => {
  const dead = inline({ tasks: { a: (task) => task.receive(), b: (task) => task.sleep(5) } }).run(straight);
  assert.equal(dead.violations, [{ rule: 'deadlock', thread: 'a', text: dead.violations[0]!.text }]);
  assert.match(dead.violations[0]!.text, /a waits for a message to a/);
  const fine = inline({ tasks: { a: daemon((task: Task) => task.receive()), b: (task) => task.sleep(5) } }).run(
    straight,
  );
  assert.equal(fine.violations, []);
});

test('a livelock is found by the bound of steps, once (issue 2, rule livelock)', () => {
  const run = inline(
    {
      setup: page,
      tasks: {
        a(task, { at }: Page) {
          while (task.load32(at) === 0) task.yield();
        },
        b(task, { at }: Page) {
          while (task.load32(at + 4) === 0) task.yield();
        },
      },
    },
    { maximumSteps: 500 },
  );
  for (let number = 1; number < 5; number++) {
    const ended = run.random(number);
    assert.equal(rules(ended), ['livelock']);
    assert.match(ended.violations[0]!.text, /500 steps/);
    assert.ok(ended.steps <= 502, `${ended.steps} steps`);
    run.widen();
  }
});

test('a thread that spins on memory which nobody has reached yet comes to an end too (rule 1)', () => {
  const run = inline(
    {
      setup: page,
      tasks: {
        waiter(task, { at }: Page) {
          while (task.load32(at) === 0);
          return 'seen';
        },
        setter: (task, { at }: Page) => task.store32(at, 1),
      },
    },
    { maximumSteps: 20_000 },
  );
  const seen = new Set<unknown>();
  for (let number = 1; number <= 20; number++) {
    const ended = run.random(number);
    assert.ok(ended.steps < 21_000);
    assert.equal(
      rules(ended).filter((rule) => rule !== 'livelock'),
      [],
    );
    seen.add(ended.results.waiter);
    run.widen();
  }
  assert.ok(seen.has('seen'), 'the setter had its turn');
});

for (const [what, spin] of [
  ['choose', (task: Task) => task.choose(2)],
  ['random', (task: Task) => task.random()],
  ['now', (task: Task) => task.now()],
  ['a caught fault', (task: Task) => faulted(() => task.load8(0))],
] as const) {
  test(`a loop around ${what} is a livelock, not the end of the process`, () => {
    const run = inline(
      {
        tasks: {
          a(task) {
            for (;;) spin(task);
          },
          b: () => {},
        },
      },
      { maximumSteps: 3000 },
    );
    assert.equal(rules(run.run(straight)), ['livelock']);
  });
}

/** Catches what a program may expect, and lets everything else pass. */
function faulted(body: () => unknown): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
  }
}

function caught(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    return error;
  }
}

// Rule 14: results, shared.

test('what setup returned is frozen, and its bytes are fresh for each thread and each run (rule 14)', () => {
  const run = inline({
    setup: (machine) => ({ ...page(machine), list: [1, { deep: 2 }], bytes: Uint8Array.of(1, 2) }),
    tasks: {
      a: mutate,
      b: mutate,
    },
    check(_machine, shared) {
      if ((shared as { bytes: Uint8Array }).bytes[0] !== 1) throw new Error('bytes were changed');
    },
  });
  function mutate(task: Task, shared: unknown): unknown {
    const { at, list, bytes } = shared as { at: number; list: unknown[]; bytes: Uint8Array };
    const first = bytes[0];
    bytes[0] = 77;
    task.store32(at, 1);
    task.load32(at);
    return [first, Object.isFrozen(list), Object.isFrozen(list[1])];
  }
  for (const ended of run.all()) {
    assert.equal(ended.violations, []);
    assert.equal(ended.results.a, [1, true, true]);
    assert.equal(ended.results.b, [1, true, true]);
  }
});

test('setup may not return what is no plain data, and must be synchronous (rule 14)', () => {
  assert.match(
    thrown(() => inline({ setup: () => ({ a: { map: new Map() } }), tasks: { a: () => {} } })).message,
    /what setup returned\.a\.map/,
  );
  assert.match(thrown(() => inline({ setup: async () => {}, tasks: { a: () => {} } })).message, /promise/);
});

// Rule 17: re-execution.

test('results are fresh at each repetition: changing one changes nothing later', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        const bytes = task.read(at, 4);
        const before = [...bytes];
        bytes.fill(9);
        let fault: (MemoryFault & { note?: string }) | null = null;
        try {
          task.load8(0);
        } catch (error) {
          fault = error as MemoryFault;
        }
        const noted = fault!.note;
        fault!.note = 'seen';
        const message = task.receive() as { list: number[] };
        message.list.push(5);
        for (let i = 0; i < 3; i++) task.store32(at, i);
        return [before, noted, message.list, fault!.address, fault!.reason];
      },
      b(task, { at }: Page) {
        task.send('a', { list: [1] });
        for (let i = 0; i < 3; i++) task.store32(at + 8, i);
      },
    },
  });
  for (let number = 1; number <= 50; number++) {
    const ended = run.random(number);
    assert.equal(ended.violations, []);
    assert.equal(ended.results.a, [[0, 0, 0, 0], undefined, [1, 5], 0, 'not mapped']);
    run.widen();
  }
});

test('finally, catch and using around operations do no harm (rule 17)', () => {
  const lines: string[] = [];
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        let finals = 0;
        for (let i = 0; i < 5; i++) {
          try {
            task.store32(at, i);
          } catch {
            lines.push('caught');
          } finally {
            finals++;
            task.store32(at + 4, finals);
          }
        }
        return finals;
      },
      b(task, { at }: Page) {
        for (let i = 0; i < 5; i++) task.load32(at);
      },
    },
  });
  for (let number = 1; number <= 200; number++) {
    const ended = run.random(number);
    assert.equal(ended.violations, []);
    assert.is(ended.results.a, 5);
    assert.is(ended.steps, 15);
    run.widen();
  }
});

test('try and catch around each of many operations is normal code (rule 17)', () => {
  const run = inline({
    setup: page,
    tasks: threadsOf(3, (task, { at }) => {
      let done = 0;
      for (let i = 0; i < 80; i++) {
        try {
          task.store32(at, i);
          done++;
        } catch {}
      }
      return done;
    }),
  });
  for (let number = 1; number <= 10; number++) {
    const ended = run.random(number);
    assert.equal(ended.violations, []);
    assert.equal(Object.values(ended.results), [80, 80, 80]);
    run.widen();
  }
});

function threadsOf(n: number, fn: (task: Task, shared: Page) => unknown) {
  return { app: threads(n, fn) };
}

test('a thread that swallows its suspension a thousand times in a row is refused by name (rule 17)', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        task.store32(at, 1);
        for (let i = 0; i < 5000; i++) {
          try {
            task.load32(at);
          } catch {}
        }
      },
      b(task, { at }: Page) {
        task.store32(at, 1);
        task.store32(at, 2);
      },
    },
  });
  const error = thrown(() => {
    for (let number = 1; number <= 20; number++) {
      run.random(number);
      run.widen();
    }
  });
  assert.is(error.name, 'NotDeterministic');
  assert.match(error.message, /^a catches what suspends it/);
});

test('a task that is not deterministic is refused with both operations (rule 17, rules of the mechanism)', () => {
  let count = 0;
  const cases: [string, (task: Task, at: number) => unknown, RegExp][] = [
    [
      'another address',
      (task, at) => task.load32(at + 4 * count++),
      /load32\(0x[0-9a-f]+\).*load32\(0x[0-9a-f]+\) = 0/,
    ],
    [
      'another operation',
      (task, at) => (count++ % 2 === 0 ? task.load32(at) : task.load8(at)),
      /load(8|32).*load(8|32)/,
    ],
    [
      'another value',
      (task, at) => task.store32(at, count++),
      /store32\(0x[0-9a-f]+, \d+\).*store32\(0x[0-9a-f]+, \d+\)/,
    ],
    ['another operand', (task, at) => task.atomic.add(at, count++), /atomic\.add.*atomic\.add/],
    [
      'another expectation',
      (task, at) => task.atomic.compareExchange(at, count++, 5),
      /atomic\.compareExchange.*atomic\.compareExchange/,
    ],
    ['another call', (task) => (count++ % 2 === 0 ? task.now() : task.send('b', 1)), /(now|send)\(\).*(now|send)/],
    ['another argument', (task) => task.send('b', count++), /send\(\).*send\("b"/],
    ['other bytes', (task, at) => task.write(at, Uint8Array.of(count++)), /bulk copy.*bulk copy/],
    ['another length', (task, at) => task.read(at, 1 + count++), /bulk copy.*bulk copy/],
    ['another range of chance', (task) => task.choose(2 + count++), /choose\(\d+\).*choose\(\d+\)/],
    ['an end', (task) => (count++ % 2 === 0 ? task.random() + task.random() : 0), /(returned after|random|load32)/],
  ];
  for (const [what, body, expected] of cases) {
    for (const swallow of [false, true]) {
      count = 0;
      const run = inline({
        setup: page,
        tasks: {
          // Begins at once, so that a stands on top of it and is suspended whenever it goes on.
          first(task, { at }: Page) {
            for (let i = 0; i < 4; i++) task.store32(at, i);
          },
          a(task, { at }: Page) {
            if (swallow) caught(() => body(task, at + 64));
            else body(task, at + 64);
            for (let i = 0; i < 4; i++) task.load32(at);
          },
          b(task, { at }: Page) {
            for (let i = 0; i < 4; i++) task.store32(at, i);
          },
        },
      });
      const error = thrown(() => {
        for (let number = 1; number <= 60; number++) {
          run.random(number);
          run.widen();
        }
        throw new Error('it was explored');
      });
      assert.is(error.name, 'NotDeterministic', `${what}${swallow ? ', swallowed' : ''}: ${error.stack}`);
      assert.match(error.message, /^a is not deterministic/, what);
      assert.match(error.message, expected, what);
    }
  }
});

test('a task that returns before what it had begun to wait for is refused', () => {
  let count = 0;
  const run = inline({
    setup: page,
    tasks: {
      a(task) {
        if (count++ % 2 === 0) task.receive();
        return 'done';
      },
      b(task, { at }: Page) {
        task.store32(at, 1);
        task.send('a', 1);
      },
    },
  });
  const error = thrown(() => {
    for (let number = 1; number <= 20; number++) run.random(number);
  });
  assert.is(error.name, 'NotDeterministic');
});

test('a task that makes another call than the one it waits in is refused', () => {
  let count = 0;
  const run = inline({
    setup: page,
    tasks: {
      a: (task) => (count++ % 2 === 0 ? task.receive() : task.sleep(4)),
      b(task, { at }: Page) {
        task.store32(at, 1);
        task.send('a', 1);
        task.store32(at, 1);
      },
    },
  });
  const error = thrown(() => {
    for (let number = 1; number <= 20; number++) run.random(number);
  });
  assert.is(error.name, 'NotDeterministic');
  assert.match(error.message, /receive.*sleep|sleep.*receive/);
});

test('returning a promise is refused by name', async () => {
  const run = inline({ tasks: { a: async () => {}, b: () => {} } });
  assert.match(thrown(() => run.run(straight)).message, /^a returned a promise/);
  const thenable = inline({ tasks: { a: async () => Promise.reject(new Error('later')) } });
  assert.match(thrown(() => thenable.run(straight)).message, /promise/);
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a fault is the same at each repetition, for addresses that are none too', () => {
  for (const address of [Number.NaN, -1, 0.5, 2 ** 53, 2 ** 47, Infinity, 2 ** 50]) {
    const run = inline({
      setup: page,
      tasks: {
        a(task, { at }: Page) {
          const out: unknown[] = [];
          for (const body of [
            () => task.load8(address),
            () => task.load64(address),
            () => task.store16(address, 1),
            () => task.store64(address, 1n),
            () => task.read(address, 10),
            () => task.write(address, new Uint8Array(3)),
          ]) {
            const error = caught(body) as MemoryFault;
            out.push(error instanceof MemoryFault ? `${error.reason} ${Object.is(error.address, address)}` : error);
            task.store32(at, 1);
          }
          return out.join();
        },
        b(task, { at }: Page) {
          for (let i = 0; i < 8; i++) task.store32(at, 1);
        },
      },
    });
    for (let number = 1; number <= 20; number++) {
      const ended = run.random(number);
      assert.equal(ended.violations, []);
      assert.match(String(ended.results.a), /^((bad address|not mapped) true,?){6}$/);
      run.widen();
    }
  }
});

test('an address that is no number is a TypeError that names it, and harmless when caught', () => {
  for (const address of [undefined, null, '4096', 4096n, {}, true]) {
    const run = inline({
      setup: page,
      tasks: {
        a(task, { at }: Page) {
          const out = [
            () => task.load32(address as never),
            () => task.store8(address as never, 1),
            () => task.read(address as never, 4),
            () => task.write(address as never, new Uint8Array(1)),
            () => task.atomic.load(address as never),
          ].map((body) => {
            const error = caught(body) as Error;
            task.store32(at, 1);
            return error.name;
          });
          return out.join();
        },
        b(task, { at }: Page) {
          for (let i = 0; i < 8; i++) task.store32(at, 1);
        },
      },
    });
    for (let number = 1; number <= 10; number++) {
      const ended = run.random(number);
      assert.equal(ended.violations, []);
      assert.is(ended.results.a, 'TypeError,TypeError,TypeError,TypeError,TypeError', String(address));
      run.widen();
    }
  }
});

test('wrong values are refused before anything happens, and harmless when caught', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        return [
          () => task.store32(at, '1' as never),
          () => task.store64(at, 1 as never),
          () => task.write(at, [1] as never),
          () => task.read(at, -1),
          () => task.read(at, 0.5),
          () => task.choose(0),
          () => task.sleep(-1),
          () => task.sleep('1' as never),
          () => task.allocate(0),
          () => task.send('nobody', 1),
          () => task.send('b', () => {}),
        ]
          .map((body) => {
            const error = caught(body) as Error;
            task.load32(at);
            return error?.name;
          })
          .join();
      },
      b(task, { at }: Page) {
        for (let i = 0; i < 8; i++) task.store32(at + 64, 1);
      },
    },
  });
  for (let number = 1; number <= 20; number++) {
    const ended = run.random(number);
    assert.equal(ended.violations, []);
    assert.is(
      ended.results.a,
      'TypeError,TypeError,TypeError,RangeError,RangeError,RangeError,RangeError,TypeError,RangeError,RangeError,TypeError',
    );
    run.widen();
  }
});

test('log lines come once and in order, however often the function is run again', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        for (let i = 0; i < 5; i++) {
          task.log('line', i);
          task.store32(at, i);
          console.log('printed', i);
        }
      },
      b(task, { at }: Page) {
        for (let i = 0; i < 5; i++) task.store32(at, i);
      },
    },
  });
  for (let number = 1; number <= 30; number++) {
    const { logs } = run.random(number);
    assert.equal(
      logs,
      [0, 1, 2, 3, 4].flatMap((i) => [`a: line ${i}`, `a: printed ${i}`]),
    );
    run.widen();
  }
});

test('process.exit is the death of its task, on this carrier too (rule 7)', () => {
  const run = inline({
    setup: page,
    tasks: {
      app: {
        one(task, { at }: Page) {
          task.store32(at, 1);
          process.exit(3);
        },
        two(task, { at }: Page) {
          task.store32(at, 1);
          task.store32(at, 2);
          return 'end';
        },
      },
      other: (task, { at }: Page) => task.load32(at) ?? 0,
    },
  });
  const ends = run.all();
  assert.ok(ends.every((ended) => typeof ended.results.other === 'number'));
  assert.ok(ends.some((ended) => ended.results['app.two'] === undefined));
});

// Time and messages.

test('sleepers wake in the order of deadlines, whatever the schedule (rule 13)', () => {
  const run = inline({
    tasks: {
      a: (task) => [task.sleep(30), task.log('a'), task.now()][2],
      b: (task) => [task.sleep(10), task.log('b'), task.now()][2],
      c: (task) => [task.sleep(20), task.log('c'), task.now()][2],
    },
  });
  for (const ended of run.all(1)) {
    assert.equal(ended.violations, []);
    assert.ok(
      (ended.results.a as number) >= 30 && (ended.results.b as number) >= 10 && (ended.results.c as number) >= 20,
    );
  }
  const first = run.run(straight);
  assert.equal(first.logs, ['b: b', 'c: c', 'a: a']);
});

test('a wait ends by notify or by the clock: both are explored (rule 13)', () => {
  const run = inline({
    setup: page,
    tasks: {
      waiter: (task, { at }: Page) => task.atomic.wait(at, 0, 100),
      waker(task, { at }: Page) {
        task.atomic.store(at, 1);
        return task.atomic.notify(at);
      },
    },
  });
  const seen = new Set(run.all().map((ended) => `${ended.results.waiter} ${ended.results.waker}`));
  assert.equal([...seen].sort(), ['not-equal 0', 'ok 1', 'timed-out 0']);
});

test('a wait that nobody ends is a deadlock, a lost wake-up cannot happen between test and sleep', () => {
  const run = inline({
    setup: page,
    tasks: {
      waiter(task, { at }: Page) {
        while (task.atomic.load(at) === 0) task.atomic.wait(at, 0);
        return 'through';
      },
      waker(task, { at }: Page) {
        task.atomic.store(at, 1);
        task.atomic.notify(at);
      },
    },
  });
  const ends = run.all();
  assert.ok(ends.length > 5);
  for (const ended of ends) assert.is(ended.results.waiter, 'through');
  const alone = inline({ setup: page, tasks: { waiter: (task, { at }: Page) => task.atomic.wait(at, 0) } }).run(
    straight,
  );
  assert.equal(rules(alone), ['deadlock']);
});

// Chance.

test('choose is explored: dfs gives every combination once (api.md)', () => {
  const run = inline({ tasks: { a: (task) => [task.choose(3), task.choose(1), task.choose(2)].join('') } });
  assert.equal(
    run
      .all()
      .map((ended) => ended.results.a)
      .sort(),
    ['000', '001', '100', '101', '200', '201'],
  );
});

test('random is the same in every execution of a seed, different for thread, draw and seed (api.md)', () => {
  const scenario = {
    setup: page,
    tasks: threadsOf(2, (task, { at }) => {
      const draws = [task.random()];
      task.store32(at, 1);
      draws.push(task.random(), task.random());
      return draws.join();
    }),
  };
  const run = inline(scenario);
  const seen = new Set<string>();
  for (let number = 1; number <= 20; number++) {
    seen.add(JSON.stringify(run.random(number).results));
    run.widen();
  }
  assert.is(seen.size, 1);
  const [one, two] = Object.values(run.random(1).results) as [string, string];
  assert.is.not(one, two);
  const draws = [...one.split(','), ...two.split(',')].map(Number);
  assert.is(new Set(draws).size, 6);
  for (const draw of draws) assert.ok(draw >= 0 && draw < 1);
  assert.is.not(JSON.stringify(inline(scenario, { seed: 2 }).random(1).results), [...seen][0]);
});

test('yield lets others go first when there are any, and is free when there are none', () => {
  const run = inline({
    setup: page,
    tasks: {
      a(task, { at }: Page) {
        task.store32(at, 1);
        task.yield();
        return task.load32(at + 4);
      },
      b: (task, { at }: Page) => task.store32(at + 4, 1),
    },
  });
  run.random(1);
  run.widen();
  assert.is(run.run(straight).results.a, 1, 'b had its turn');
  assert.is(inline({ tasks: { a: (task) => [task.yield(), task.yield(), 'end'][2] } }).run(straight).results.a, 'end');
});

// Results and outcome.

test('results are what the functions returned; check and outcome see the end (rule 11)', () => {
  const run = inline({
    setup: page,
    tasks: {
      a: (task, { at }: Page) => task.store32(at, task.load32(at) + 1) ?? { fine: 1 },
      b: (task, { at }: Page) => task.store32(at, task.load32(at) + 1),
    },
    outcome: ({ machine, shared, results }) =>
      `${machine.task('a').load32((shared as Page).at)} ${JSON.stringify(results.a)} ${results.b}`,
  });
  const outcomes = new Set(run.all().map((ended) => ended.outcome));
  assert.equal([...outcomes].sort(), ['1 {"fine":1} undefined', '2 {"fine":1} undefined']);
});

test('what check and outcome do to memory is undone before the next execution (rule 19)', () => {
  const run = inline({
    setup: page,
    tasks: { a: (task, { at }: Page) => task.load32(at), b: (task, { at }: Page) => task.load32(at) },
    check(machine, shared) {
      const { at } = shared as Page;
      machine.task('a').store32(at, 5);
      machine.task('b').allocate(8192);
      machine.kernel.write(at + 100, new Uint8Array(50).fill(3));
    },
    outcome: ({ results }) => `${results.a} ${results.b}`,
  });
  for (let number = 1; number <= 5; number++) {
    assert.is(run.random(number).outcome, '0 0');
    run.widen();
  }
});

test('setup cannot wait, and cannot depend on chance', () => {
  const trySetup = (body: (task: Task) => unknown) =>
    thrown(() => inline({ setup: (machine) => void body(machine.task('a')), tasks: { a: () => {} } })).message;
  assert.match(
    trySetup((task) => task.receive()),
    /wait for a message/,
  );
  assert.match(
    trySetup((task) => task.sleep(5)),
    /wait/,
  );
  assert.match(
    trySetup((task) => task.random()),
    /chance/,
  );
  assert.match(
    trySetup((task) => task.choose(2)),
    /chance/,
  );
});

test('a message that setup sent is there in every execution (rule 19)', () => {
  const run = inline({
    setup(machine) {
      machine.kernel.send('a', 'first');
      machine.kernel.send('a', 'second');
    },
    tasks: { a: (task) => `${task.receive()}`, b: (task) => task.yield() },
  });
  for (let number = 1; number <= 5; number++) assert.is(run.random(number).results.a, 'first');
});

test('inOrder gives the order it says', () => {
  const run = inline(
    {
      setup: page,
      tasks: {
        a: (task, { at }: Page) => [task.store8(at, 1), task.store8(at, 2)],
        b: (task, { at }: Page) => [task.store8(at, 3), task.store8(at, 4)],
      },
    },
    { everyOperation: true },
  );
  run.run(inOrder(1, 0, 1, 0));
  assert.equal(
    run.steps().map((step) => step.replace(/0x[0-9a-f]+/, 'at')),
    ['b store8(at, 3)', 'a store8(at, 1)', 'b store8(at, 4)', 'a store8(at, 2)'],
  );
});

test.run();
