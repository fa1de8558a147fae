/** Random small programs of three threads in two tasks, with every kind of operation that there is. */
import fc from 'fast-check';
import { IOMemoryDescriptor, kIODirectionInOut, kIOMapAnywhere, type ScenarioMachine, type Task } from 'wiredown';

export type Op =
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

export interface Shared {
  at: number;
  descriptor: IOMemoryDescriptor;
}

export const names = ['app.one', 'app.two', 'kernel.three'];

/** For each thread what it does, one after the other. */
export type Program = readonly (readonly Op[])[];

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

export const program: fc.Arbitrary<Program> = fc.tuple(...names.map(() => fc.array(operation, { maxLength: 7 })));

/** What op number `index` of a list does. */
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

/** `setup` and `tasks` of a scenario that runs a program. A thread returns what each operation gave or threw. */
export function partsOf(ops: Program) {
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
  return {
    setup(machine: ScenarioMachine): Shared {
      const at = machine.share(3 * 4096);
      const app = machine.task('app');
      app.store32(at, 1);
      const own = app.allocate(8192);
      const descriptor = IOMemoryDescriptor.withAddressRange(own, 8192, kIODirectionInOut, app)!;
      machine.kernel.send('app.one', 'from setup');
      return { at, descriptor };
    },
    tasks: { app: { one: run(ops[0]!), two: run(ops[1]!) }, kernel: { three: run(ops[2]!) } },
  };
}
