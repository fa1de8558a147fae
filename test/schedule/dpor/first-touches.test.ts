/**
 * A page that comes when it is first touched is no conflict with what others do elsewhere. Which thread makes it come shows in its frame, so among
 * those that reach one page it matters who is the first; who reads from whom knows no frames.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  IOLock,
  IOMemoryDescriptor,
  kernelMode,
  kIODirectionInOut,
  type ScenarioMachine,
  type Task,
  VM_PROT_READ,
} from '../../../src/index.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import { everyTrace } from '../../support/reduction.ts';

const test = suite('dpor: first touches');

const pageSize = 4096;
interface Shared {
  at: number;
  own: number;
  lock?: IOLock;
}
type Step = (task: Task, shared: Shared) => unknown;

/** Threads of a task each, which see the same two pages, and a task's own page, which nobody has touched. */
const scenario = (steps: Step[], more: Partial<Scenario> = {}): Scenario =>
  ({
    name: 'first touches',
    machine: { physicalMemory: 2 ** 20 },
    setup: (machine: ScenarioMachine) => ({
      at: machine.share(2 * pageSize),
      own: machine.task('task0').allocate(pageSize),
    }),
    tasks: Object.fromEntries(steps.map((run, number) => [`task${number}`, { run }])),
    ...more,
  }) as unknown as Scenario;

const store =
  (offset: number): Step =>
  (task, { at }) =>
    task.store32(at + offset, 1);
const load =
  (offset: number): Step =>
  (task, { at }) =>
    task.load32(at + offset);
const traces = (of: Scenario): number[] => {
  const { ended, repeated } = everyTrace(of);
  return [ended, repeated];
};

test('of two pages: one trace', () => {
  assert.equal(traces(scenario([store(0), store(pageSize)])), [1, 0]);
});

test('of one page, in different words: as many traces as threads, since the first one gives it a frame', () => {
  assert.equal(traces(scenario([store(0), store(4)])), [2, 0]);
  assert.equal(traces(scenario([store(0), load(4), load(8)])), [3, 0]);
  assert.equal(traces(scenario([load(0), load(0), load(4), load(8)])), [4, 0]);
});

test('of one page, in the same word: as many traces as orders', () => {
  assert.equal(traces(scenario([store(0), store(0), store(0)])), [6, 0]);
});

test('what comes behind the first touch commutes', () => {
  const twice =
    (offset: number): Step =>
    (task, shared) => [store(offset)(task, shared), store(offset)(task, shared)];
  assert.equal(traces(scenario([twice(0), twice(4)])), [2, 0]);
});

test('a page that is there, and only has no translation: one trace', () => {
  const setup = (machine: ScenarioMachine) => {
    const at = machine.share(pageSize);
    machine.kernel.load32(at);
    return { at };
  };
  assert.equal(traces(scenario([store(0), load(4), load(8)], { setup } as Partial<Scenario>)), [1, 0]);
});

test('one that is refused changes nothing', () => {
  const refused: Step = (task, { at }) => {
    try {
      task.load32(at + 16 * pageSize);
    } catch (error) {
      return (error as Error).name;
    }
    return 'allowed';
  };
  assert.equal(traces(scenario([refused, store(0)])), [1, 0]);
});

test('where rights are taken away, or the frame is asked for, every order is tried', () => {
  const protect: Step = (task, { own }) => task.protect(own, pageSize, VM_PROT_READ);
  assert.equal(traces(scenario([protect, store(0)])), [2, 0]);
  const seen = new Set<string>();
  const ask: Step = (task, { at }) => {
    const descriptor = IOMemoryDescriptor.withAddressRange(at, pageSize, kIODirectionInOut, task)!;
    descriptor.prepare();
    const { address } = descriptor.getPhysicalSegment(0);
    descriptor.complete();
    descriptor.release();
    return address;
  };
  everyTrace(scenario([ask, store(0)]), ({ results }) => seen.add(JSON.stringify(results)));
  assert.is(seen.size, 2);
});

test('a scalar that reaches into a second page shares that one too', () => {
  const setup = (machine: ScenarioMachine) => {
    const at = machine.share(2 * pageSize);
    for (const name of ['task0', 'task1']) for (const page of [0, pageSize]) machine.task(name).store32(at + page, 0);
    return { at, lock: IOLock.alloc('lock')! };
  };
  const wide: Step = (task, { at }) => task.store64(at + pageSize - 4, 1n);
  const locked: Step = (task, { at, lock }) => {
    lock!.lock();
    task.atomic.add(at + pageSize, 1);
    lock!.unlock();
  };
  assert.equal(traces(scenario([wide, locked], { setup } as unknown as Partial<Scenario>)), [2, 0]);
});

test('one that waits for the map lock is ordered with the end of whoever holds it', () => {
  const tasks = {
    task0: {
      touch: (task: Task, { at, own }: Shared) => [task.load32(own), task.load32(at)],
      hold: kernelMode((task: Task, { own }: Shared) => {
        task.kernel.addressSpace(task).lock();
        return task.load32(own);
      }),
    },
  };
  const setup = (machine: ScenarioMachine) => {
    const own = machine.task('task0').allocate(pageSize);
    machine.task('task0').store32(own, 1);
    return { at: machine.share(pageSize), own };
  };
  // With its last step, the load, `hold` lets go of the lock. So each of the ways to order two steps and two is one of its own.
  assert.equal(traces(scenario([], { tasks, setup } as unknown as Partial<Scenario>)), [6, 0]);
});

test('who reads from whom: a page that comes writes nothing, so that only loads of what was stored tell', () => {
  const readsFrom = (of: Scenario) => everyTrace(of, undefined, 'reads-from');
  assert.equal(readsFrom(scenario([store(0), store(4), load(8)])), {
    ended: 1,
    repeated: 0,
    part: 'dpor:reads-from',
  });
  assert.equal(readsFrom(scenario([store(0), load(0), load(0)])), { ended: 4, repeated: 0, part: 'dpor:reads-from' });
});

test('who reads from whom: an outcome that asks for frames has dpor go on with traces', () => {
  const outcome = ({ machine, shared }: { machine: ScenarioMachine; shared: Shared }): string => {
    const descriptor = IOMemoryDescriptor.withAddressRange(
      shared.at,
      pageSize,
      kIODirectionInOut,
      machine.task('task0'),
    )!;
    descriptor.prepare();
    const { address } = descriptor.getPhysicalSegment(0);
    descriptor.complete();
    descriptor.release();
    return String(address);
  };
  const seen = new Set<string | null>();
  const { part } = everyTrace(
    scenario([store(0), store(4)], { outcome } as unknown as Partial<Scenario>),
    (ended) => seen.add(ended.outcome),
    'reads-from',
  );
  assert.is(part, 'dpor');
  assert.is(seen.size, 2);
});

test.run();
