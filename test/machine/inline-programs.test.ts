/**
 * Random small programs on the inline carrier (execution.md rules 1, 5, 19, 22; design.md, "Executions start equal"): what one
 * schedule gave, its runs give again, with every operation counted, and afterwards the machine is as it was after setup.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IOMemoryDescriptor, kIODirectionInOut } from '../../src/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { decodeToken, tokenOf } from '../../src/schedule/token.ts';
import type { Task } from '../../src/task/task.ts';
import { Inline, inline, load } from '../support/inline.ts';
import { names, type Op, type Program, partsOf, program, type Shared } from '../support/programs.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('programs, inline');

const scenarioOf = (ops: Program) => load<Shared>(partsOf(ops));

/** Everything that an execution could leave behind: kernel state, and every byte of memory. */
function everything(run: Inline): string {
  const { kernel } = run.machine.state;
  const { words } = kernel.hardware.memory;
  let sum = 0;
  for (let at = 0; at < words.length; at++)
    if (words[at] !== 0) sum = (Math.imul(sum, 31) + Math.imul(words[at]!, at + 1)) | 0;
  return `${stateHash(kernel)} ${sum}`;
}

function restore(run: Inline): void {
  const { kernel, threads } = run.machine.state;
  kernel.journal.rollback();
  for (const thread of threads) {
    thread.ended = false;
    thread.active = false;
  }
}

test('a schedule that was found gives the same trace again: as found, by its runs, with every operation a step (rule 1, property)', () => {
  seeded(
    fc.property(program, fc.nat(1000), (ops, seed) => {
      const found = new Inline(scenarioOf(ops), { maximumSteps: 2000 });
      const counted = new Inline(scenarioOf(ops), { maximumSteps: 2000, everyOperation: true });
      for (let number = 1; number <= 4; number++) {
        const one = found.random(number, seed);
        assert.is(found.random(number, seed).hash, one.hash, 'execution n is a function of seed and n');
        const steps = found.steps();
        const again = counted.replay(one.runs);
        assert.equal(counted.steps(), steps);
        assert.equal(again.violations, one.violations);
        assert.equal(again.results, one.results);
        assert.is(again.hash, one.hash);
        assert.equal(again.runs, one.runs);
        const token = tokenOf(counted.machine.trace, 'abc123', 1, names.length + 1);
        const decoded = decodeToken(token, names.length + 1);
        assert.equal(decoded.runs, one.runs);
        assert.is(counted.replay(decoded.runs).hash, one.hash);
        found.widen();
      }
    }),
    150,
  );
});

test('after any executions the machine is as it was after setup, bit for bit (rule 19, property)', () => {
  seeded(
    fc.property(program, fc.nat(1000), (ops, seed) => {
      const run = new Inline(scenarioOf(ops), { maximumSteps: 2000 });
      const before = everything(run);
      for (let number = 1; number <= 3; number++) {
        run.random(number, seed);
        run.widen();
        restore(run);
        assert.is(everything(run), before, `after execution ${number}`);
        assert.equal(checkInvariants(run.machine.state.kernel), []);
      }
    }),
    60,
  );
});

test('a thousand executions with kernel calls leave nothing behind (rule 19)', () => {
  const ops: Op[][] = [
    [
      { op: 'map' },
      { op: 'prepare' },
      { op: 'allocate' },
      { op: 'send', to: 2, value: 1, handle: true },
      { op: 'sleep', time: 5 },
      { op: 'throw' },
    ],
    [{ op: 'bytes' }, { op: 'wait', at: 0, timeout: 9 }, { op: 'write', at: 50, length: 9000 }, { op: 'release' }],
    [
      { op: 'receive' },
      { op: 'add', at: 0, value: 1 },
      { op: 'notify', at: 0, value: 3 },
      { op: 'map' },
      { op: 'map' },
    ],
  ];
  const run = new Inline(scenarioOf(ops));
  const before = everything(run);
  const hashes: string[] = [];
  for (let number = 1; number <= 1000; number++) {
    hashes.push(run.random(number).hash);
    if (number <= 16) run.widen();
  }
  restore(run);
  assert.is(everything(run), before);
  for (const number of [1000, 500, 17])
    assert.is(run.random(number).hash, hashes[number - 1], `execution ${number} again`);
});

test('two machines of one scenario are equal, and stay so (rule 19)', () => {
  const ops: Op[][] = [[{ op: 'map' }, { op: 'store', at: 0, value: 1 }], [{ op: 'bytes' }], [{ op: 'allocate' }]];
  const [one, two] = [new Inline(scenarioOf(ops)), new Inline(scenarioOf(ops))];
  assert.is(everything(one), everything(two));
  one.random(1);
  restore(one);
  two.random(2);
  restore(two);
  assert.is(everything(one), everything(two));
});

// Kernel objects in tasks.

test('a handle in a message gives its receiver the object; what it keeps is a leak with its name (rule 15)', () => {
  const keep = inline({
    setup(machine) {
      const app = machine.task('app');
      return { descriptor: IOMemoryDescriptor.withAddressRange(app.allocate(4096), 4096, kIODirectionInOut, app)! };
    },
    tasks: {
      app(task, { descriptor }: { descriptor: IOMemoryDescriptor }) {
        task.send('kernel', [descriptor]);
      },
      kernel(task) {
        const [descriptor] = task.receive() as [IOMemoryDescriptor];
        return descriptor.getLength();
      },
    },
  });
  const ended = keep.random(1);
  assert.is(ended.results.kernel, 4096);
  assert.equal(
    ended.violations.map(({ rule, thread }) => [rule, thread]),
    [['leak', 'kernel']],
  );
  assert.match(
    ended.violations[0]!.text,
    /kernel still holds a reference to an IOGeneralMemoryDescriptor|kernel still holds a reference to an IOMemoryDescriptor/,
  );
});

test('using turns a reference back, in any schedule (rule 17)', () => {
  const run = inline({
    setup(machine) {
      const app = machine.task('app');
      return { at: app.allocate(8192), common: machine.share(4096) };
    },
    tasks: {
      app: {
        one: body,
        two: body,
      },
    },
  });
  function body(task: Task, { at, common }: { at: number; common: number }): number {
    using descriptor = IOMemoryDescriptor.withAddressRange(at, 8192, kIODirectionInOut, task)!;
    descriptor.prepare();
    try {
      task.store32(common, 1);
      return descriptor.getLength();
    } finally {
      descriptor.complete();
    }
  }
  for (let number = 1; number <= 200; number++) {
    const ended = run.random(number);
    assert.equal(ended.violations, []);
    assert.equal(Object.values(ended.results), [8192, 8192]);
    run.widen();
  }
});

test('use after release is refused with who released it, and is the rule use-after-release', () => {
  const run = inline({
    tasks: {
      a(task) {
        const made = IOMemoryDescriptor.withAddressRange(task.allocate(4096), 4096, kIODirectionInOut, task)!;
        made.release();
        try {
          made.getLength();
        } catch (error) {
          return (error as Error).name;
        }
      },
    },
  });
  const ended = run.random(1);
  assert.is(ended.results.a, 'HandleError');
  assert.equal(
    ended.violations.map(({ rule }) => rule),
    ['use-after-release'],
  );
  assert.match(ended.violations[0]!.text, /that a released/);
});

test('a forged handle is refused and breaks no rule', () => {
  const run = inline({
    tasks: {
      a(task) {
        const made = IOMemoryDescriptor.withAddressRange(task.allocate(4096), 4096, kIODirectionInOut, task)!;
        const forged = Object.assign(Object.create(Object.getPrototypeOf(made)), made, {
          id: made.id + 1,
        }) as IOMemoryDescriptor;
        let name = '';
        try {
          forged.getLength();
        } catch (error) {
          name = (error as Error).name;
        }
        made.release();
        return name;
      },
    },
  });
  const ended = run.random(1);
  assert.is(ended.results.a, 'HandleError');
  assert.equal(ended.violations, []);
});

test('a kernel panic ends the execution and is no end of the machine (design.md, Errors)', () => {
  const run = inline({
    setup(machine) {
      const app = machine.task('app');
      return {
        descriptor: IOMemoryDescriptor.withAddressRange(app.allocate(4096), 4096, kIODirectionInOut, app)!,
        at: machine.share(4096),
      };
    },
    tasks: {
      app(_task: Task, { descriptor }: { descriptor: IOMemoryDescriptor; at: number }) {
        try {
          descriptor.readBytes(0, new Uint8Array(4));
        } catch {}
        return 'survived';
      },
      other(task: Task, { at }: { descriptor: IOMemoryDescriptor; at: number }) {
        task.store32(at, 1);
        task.store32(at, 2);
        return 'ended';
      },
    },
  });
  for (let number = 1; number <= 10; number++) {
    const ended = run.random(number);
    assert.equal(
      ended.violations.map(({ rule }) => rule),
      ['use-before-prepare', 'kernel-panic'],
    );
    assert.is(ended.results.app, undefined);
  }
});

test.run();
