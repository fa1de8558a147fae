/** Random programs so small that every schedule can be had: threads of two tasks that meet in memory, locks, messages, waits, time. */
import fc from 'fast-check';
import { IOLock, IOMemoryDescriptor, kIODirectionInOut, type ScenarioMachine, type Task } from '../../src/index.ts';

export type SmallOp =
  | { op: 'store' | 'load' | 'add' | 'cas' | 'plain' | 'notify' | 'wide'; at: number; value: number }
  | { op: 'wait'; at: number; timeout: number | null }
  | { op: 'locked'; lock: number; inside: readonly SmallOp[] }
  | { op: 'try' | 'sleepOn' | 'wakeup'; lock: number }
  | { op: 'send'; to: number; value: number; handle: boolean }
  | { op: 'choose'; at: number; n: number }
  | { op: 'sleep'; time: number }
  | { op: 'tag'; value: number }
  | {
      op:
        | 'receive'
        | 'yield'
        | 'now'
        | 'retain'
        | 'count'
        | 'prepare'
        | 'allocate'
        | 'throw'
        | 'assert'
        | 'random'
        | ObjectOp;
    };

/** Calls that the table says much of: they ask an object, or make one. */
type ObjectOp = 'ask' | 'describe' | 'reserve' | 'newLock';

export interface SmallShared {
  at: number;
  locks: IOLock[];
  descriptor: IOMemoryDescriptor;
}

export type SmallProgram = readonly (readonly SmallOp[])[];

export const smallNames = ['app.one', 'app.two', 'kernel.three'];

const onObjects: fc.Arbitrary<SmallOp> = fc.oneof(
  fc.record({ op: fc.constant('tag' as const), value: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constantFrom<ObjectOp>('ask', 'ask', 'describe', 'reserve', 'newLock') }),
);

const access: fc.Arbitrary<SmallOp> = fc.record({
  op: fc.constantFrom('store', 'load', 'add', 'cas', 'plain', 'wide'),
  at: fc.nat(1),
  value: fc.integer({ min: 1, max: 3 }),
});

const operation: fc.Arbitrary<SmallOp> = fc.oneof(
  { weight: 6, arbitrary: access },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('locked' as const),
      lock: fc.nat(1),
      inside: fc.array(
        fc.oneof(
          { weight: 4, arbitrary: access },
          {
            weight: 1,
            arbitrary: fc.record({
              op: fc.constant('locked' as const),
              lock: fc.nat(1),
              inside: fc.array(access, { maxLength: 1 }),
            }),
          },
        ),
        { maxLength: 2 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom('try' as const, 'sleepOn' as const, 'wakeup' as const),
      lock: fc.nat(1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('wait' as const),
      at: fc.nat(1),
      timeout: fc.option(fc.nat(30)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('notify' as const), at: fc.nat(1), value: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('send' as const),
      to: fc.nat(2),
      value: fc.nat(3),
      handle: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('choose' as const), at: fc.nat(1), n: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 3, arbitrary: onObjects },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('sleep' as const), time: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('receive' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom('yield', 'now', 'retain', 'count', 'prepare', 'allocate', 'throw', 'assert', 'random'),
    }) as fc.Arbitrary<SmallOp>,
  },
);

const locked: fc.Arbitrary<SmallOp> = fc.record({
  op: fc.constant('locked' as const),
  lock: fc.nat(1),
  inside: fc.array(access, { maxLength: 2 }),
});

/** Threads that wait for nothing but locks. */
const unwaiting: fc.Arbitrary<SmallOp> = fc.oneof(
  { weight: 8, arbitrary: access },
  { weight: 2, arbitrary: locked },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('try' as const), lock: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('choose' as const), at: fc.nat(1), n: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('assert', 'retain', 'count') }) as fc.Arbitrary<SmallOp> },
  { weight: 3, arbitrary: onObjects },
);

const programOf = (of: fc.Arbitrary<SmallOp>): fc.Arbitrary<SmallProgram> =>
  fc
    .tuple(...smallNames.map(() => fc.array(of, { maxLength: 3 })))
    .filter((threads) => threads.filter((ops) => ops.length > 0).length > 1);

export const smallProgram = programOf(operation);
export const unwaitingProgram = programOf(unwaiting);

function step(task: Task, shared: SmallShared, op: SmallOp): unknown {
  const { at, locks, descriptor } = shared;
  switch (op.op) {
    case 'store':
      return task.atomic.store(at + 4 * op.at, op.value);
    case 'load':
      return task.atomic.load(at + 4 * op.at);
    case 'add':
      return task.atomic.add(at + 4 * op.at, op.value);
    case 'cas':
      return task.atomic.compareExchange(at + 4 * op.at, op.value - 1, op.value);
    case 'plain':
      return task.store32(at + 4 * op.at, task.load32(at + 4 * op.at) + op.value);
    case 'wide':
      return task.store64(at + 1, BigInt(op.value) << 30n);
    case 'notify':
      return task.atomic.notify(at + 4 * op.at, op.value);
    case 'wait':
      return op.timeout === null
        ? task.atomic.wait(at + 4 * op.at, 0)
        : task.atomic.wait(at + 4 * op.at, 0, op.timeout);
    case 'locked': {
      const lock = locks[op.lock]!;
      lock.lock();
      const results = op.inside.map((inner) => step(task, shared, inner));
      lock.unlock();
      return results;
    }
    case 'try': {
      const lock = locks[op.lock]!;
      if (!lock.tryLock()) return 'held';
      task.atomic.add(at, 4);
      lock.unlock();
      return 'free';
    }
    case 'sleepOn': {
      const lock = locks[op.lock]!;
      lock.lock();
      const result = task.atomic.load(at) === 0 ? lock.sleepDeadline(op.lock + 1, 10) : 'not needed';
      lock.unlock();
      return result;
    }
    case 'wakeup':
      return locks[op.lock]!.wakeup(op.lock + 1, true);
    case 'send':
      return task.send(smallNames[op.to]!, op.handle ? { descriptor } : op.value);
    case 'receive':
      return JSON.stringify(task.receive(), (key, value) => (key === 'descriptor' ? 'handle' : value));
    case 'choose': {
      const chosen = task.choose(op.n);
      if (chosen > 0) task.atomic.store(at + 4 * op.at, chosen);
      return chosen;
    }
    case 'sleep':
      return task.sleep(op.time);
    case 'yield':
      return task.yield();
    case 'now':
      return task.now();
    case 'random':
      return task.random();
    case 'retain':
      return [descriptor.retain(), descriptor.release()].length;
    case 'count':
      return descriptor.getRetainCount();
    case 'prepare':
      return [descriptor.prepare(), descriptor.complete()].join();
    case 'allocate': {
      const made = task.allocate(4096);
      task.store32(made, 5);
      task.deallocate(made, 4096);
      return made;
    }
    case 'ask':
      return descriptor.getTag();
    case 'tag':
      return descriptor.setTag(op.value);
    case 'describe':
      return IOMemoryDescriptor.withAddressRange(at, 8, kIODirectionInOut, task)!.getLength();
    case 'reserve':
      return task.allocate(4096);
    case 'newLock':
      return IOLock.alloc('new')!.tryLock();
    case 'throw':
      throw new Error('on purpose');
    case 'assert':
      return task.assert(task.atomic.load(at) === 0, 'the first word is as it was');
  }
}

/**
 * `setup` and `tasks` of a scenario that runs a program. A thread returns what each operation gave or threw.
 *
 * @param isResident whether no task has to have the shared page come
 */
export function partsOfSmall(program: SmallProgram, isResident = false) {
  const run = (list: readonly SmallOp[]) => (task: Task, shared: SmallShared) =>
    list.map((op) => {
      try {
        return step(task, shared, op) ?? null;
      } catch (error) {
        if (op.op === 'throw' || op.op === 'locked') throw error;
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    });
  return {
    setup(machine: ScenarioMachine): SmallShared {
      const at = machine.share(4096);
      const app = machine.task('app');
      app.store32(at, 0);
      if (isResident) machine.kernel.load32(at);
      const own = app.allocate(4096);
      const descriptor = IOMemoryDescriptor.withAddressRange(own, 4096, kIODirectionInOut, app)!;
      return { at, descriptor, locks: [IOLock.alloc('a')!, IOLock.alloc('b')!] };
    },
    tasks: { app: { one: run(program[0]!), two: run(program[1]!) }, kernel: { three: run(program[2]!) } },
    outcome: ({ machine, shared }: { machine: ScenarioMachine; shared: SmallShared }) =>
      [0, 4].map((offset) => machine.task('app').load32(shared.at + offset)).join(),
  };
}
