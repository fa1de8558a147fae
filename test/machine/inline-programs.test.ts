/**
 * Random small programs on the inline carrier (execution.md rules 1, 5, 19, 22; design.md, "Executions start equal"): what one
 * schedule gave, its runs give again, with every operation counted, and afterwards the machine is as it was after setup.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IOMemoryDescriptor, kIODirectionInOut, kIOMapAnywhere } from '../../src/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { decodeToken, tokenOf } from '../../src/schedule/token.ts';
import type { Task } from '../../src/task/task.ts';
import { Inline, inline, load } from '../support/inline.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('programs, inline');

type Op =
  | { op: 'store' | 'load' | 'add' | 'cas' | 'store64' | 'across' | 'notify'; at: number; value: number }
  | { op: 'wait'; at: number; timeout: number }
  | { op: 'write' | 'read'; at: number; length: number }
  | { op: 'sleep'; time: number }
  | { op: 'send'; to: number; value: number; handle: boolean }
  | { op: 'choose'; n: number }
  | {
      op:
        | 'fault'
        | 'yield'
        | 'random'
        | 'now'
        | 'receive'
        | 'allocate'
        | 'prepare'
        | 'map'
        | 'bytes'
        | 'release'
        | 'throw'
        | 'assert';
    };

interface Shared {
  at: number;
  descriptor: IOMemoryDescriptor;
}

const names = ['app.one', 'app.two', 'kernel.three'];

const operation: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom('store', 'load', 'add', 'cas', 'store64', 'notify'),
      at: fc.nat(3),
      value: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('across'), at: fc.nat(1), value: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('wait'), at: fc.nat(3), timeout: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('write', 'read'), at: fc.nat(100), length: fc.nat(9000) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('sleep'), time: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('send'), to: fc.nat(2), value: fc.nat(5), handle: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('choose'), n: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constantFrom('fault', 'yield', 'random', 'now', 'allocate', 'prepare', 'map', 'bytes', 'release'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('receive', 'throw', 'assert') }) },
) as fc.Arbitrary<Op>;

const program = fc.tuple(...names.map(() => fc.array(operation, { maxLength: 7 })));

function step(task: Task, { at, descriptor }: Shared, op: Op, index: number): unknown {
  switch (op.op) {
    case 'store':
      return task.store32(at + 4 * op.at, op.value);
    case 'load':
      return task.load32(at + 4 * op.at);
    case 'add':
      return task.atomic.add(at + 4 * op.at, op.value);
    case 'cas':
      return task.atomic.compareExchange(at + 4 * op.at, op.value, op.value + 1);
    case 'store64':
      return task.store64(at + 8 * op.at + 1, BigInt(op.value) << 33n);
    case 'notify':
      return task.atomic.notify(at + 4 * op.at, op.value);
    case 'across':
      return [task.store32(at + 4094 + op.at, op.value), task.load64(at + 4090 + op.at).toString()][1];
    case 'wait':
      return task.atomic.wait(at + 4 * op.at, 0, op.timeout);
    case 'write':
      return task.write(at + op.at, new Uint8Array(op.length).fill(index + 1));
    case 'read':
      return task.read(at + op.at, op.length).reduce((sum, byte) => sum + byte, 0);
    case 'sleep':
      return task.sleep(op.time);
    case 'send':
      return task.send(names[op.to]!, op.handle ? { value: op.value, descriptor } : op.value);
    case 'choose':
      return task.choose(op.n);
    case 'fault':
      return task.load8(4096 * index);
    case 'yield':
      return task.yield();
    case 'random':
      return task.random();
    case 'now':
      return task.now();
    case 'receive':
      return JSON.stringify(task.receive(), (key, value) => (key === 'descriptor' ? 'handle' : value));
    case 'allocate': {
      const made = task.allocate(8192);
      task.store32(made + 4096, 5);
      if (index % 2 === 0) task.deallocate(made, 4096);
      return made;
    }
    case 'prepare':
      return [descriptor.prepare(), descriptor.complete()].join();
    case 'map': {
      const map = descriptor.createMappingInTask(task, 0, kIOMapAnywhere);
      if (map === null) return null;
      const address = map.getVirtualAddress();
      task.store8(address + 5, index);
      if (index % 3 !== 0) map.release();
      return address;
    }
    case 'bytes': {
      descriptor.prepare();
      const bytes = new Uint8Array(20);
      const count = descriptor.readBytes(4090, bytes);
      descriptor.complete();
      return `${count} ${bytes.join()}`;
    }
    case 'release': {
      const made = IOMemoryDescriptor.withAddressRange(at, 100, kIODirectionInOut, task);
      made?.release();
      return made?.id;
    }
    case 'throw':
      throw new Error('on purpose');
    case 'assert':
      return task.assert(false, 'on purpose');
  }
}

function scenarioOf(ops: readonly (readonly Op[])[]) {
  const run = (list: readonly Op[]) => (task: Task, shared: Shared) => {
    const results: unknown[] = [];
    list.forEach((op, index) => {
      try {
        results.push(step(task, shared, op, index));
      } catch (error) {
        if (op.op === 'throw') throw error;
        results.push(`${(error as Error).name}: ${(error as Error).message}`);
      }
    });
    return results;
  };
  return load<Shared>({
    setup(machine) {
      const at = machine.share(3 * 4096);
      const app = machine.task('app');
      app.store32(at, 1);
      const own = app.allocate(8192);
      const descriptor = IOMemoryDescriptor.withAddressRange(own, 8192, kIODirectionInOut, app)!;
      machine.kernel.send('app.one', 'from setup');
      return { at, descriptor };
    },
    tasks: { app: { one: run(ops[0]!), two: run(ops[1]!) }, kernel: { three: run(ops[2]!) } },
  });
}

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
