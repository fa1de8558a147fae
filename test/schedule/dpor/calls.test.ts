/**
 * Kernel calls commute where the call table says so: of any two, what every order of their steps leaves behind in the kernel, and answers, is what the
 * orders that dpor tries do.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  IOBufferMemoryDescriptor,
  IOLock,
  IOMemoryDescriptor,
  type IOMemoryMap,
  IOSubMemoryDescriptor,
  kIODirectionInOut,
  kIODirectionOut,
  kIOMapAnywhere,
  kIOMemoryPageable,
  type ScenarioMachine,
  type Task,
} from '../../../src/index.ts';
import { stateHash } from '../../../src/kernel/state-hash.ts';
import type { InlineMachine } from '../../../src/machine/inline-machine.ts';
import type { Scenario } from '../../../src/task/scenario.ts';
import type { Ended } from '../../support/inline.ts';
import { everySchedule } from '../../support/outcomes.ts';
import { everyTrace } from '../../support/reduction.ts';

const test = suite('dpor: calls');

interface Shared {
  one: IOMemoryDescriptor;
  other: IOMemoryDescriptor;
  buffer: IOBufferMemoryDescriptor;
  map: IOMemoryMap;
  own: number;
}

const size = 4096;
const somewhere = 0x7000_0000;

const setup = (machine: ScenarioMachine): Shared => {
  const app = machine.task('app');
  const own = app.allocate(4 * size);
  const one = IOMemoryDescriptor.withAddressRange(own, size, kIODirectionInOut, app)!;
  const other = IOMemoryDescriptor.withAddressRange(own + size, size, kIODirectionInOut, app)!;
  const buffer = IOBufferMemoryDescriptor.inTaskWithOptions(app, kIODirectionInOut | kIOMemoryPageable, size)!;
  const map = other.createMappingInTask(machine.kernel, 0, kIOMapAnywhere)!;
  return { one, other, buffer, map, own };
};

type Act = (task: Task, shared: Shared) => unknown;

/** What only asks, by what it asks. */
const asking: Record<string, Act> = {
  getLength: (_task, { one }) => one.getLength(),
  getDirection: (_task, { one }) => one.getDirection(),
  getFlags: (_task, { one }) => one.getFlags(),
  getTag: (_task, { one }) => one.getTag(),
  getMapperOptions: (_task, { one }) => one.getMapperOptions(),
  getRetainCount: (_task, { one }) => one.getRetainCount(),
  getCapacity: (_task, { buffer }) => buffer.getCapacity(),
  getBytesNoCopy: (_task, { buffer }) => buffer.getBytesNoCopy(),
  'length of a buffer': (_task, { buffer }) => buffer.getLength(),
  'direction of a buffer': (_task, { buffer }) => buffer.getDirection(),
  getVirtualAddress: (_task, { map }) => map.getVirtualAddress(),
  'length of a map': (_task, { map }) => map.getLength(),
  getMapOptions: (_task, { map }) => map.getMapOptions(),
};

/** What makes something that nobody else knows of. */
const making: Record<string, Act> = {
  'a lock': () => IOLock.alloc('new')!.getRetainCount(),
  'a descriptor': (task, { own }) => IOMemoryDescriptor.withAddressRange(own, size, kIODirectionOut, task)?.getLength(),
};

const others: Record<string, Act> = {
  setTag: (_task, { one }) => one.setTag(7),
  'another tag': (_task, { one }) => one.setTag(8),
  'tag of the other': (_task, { other }) => other.setTag(9),
  setMapperOptions: (_task, { one }) => one.setMapperOptions(3),
  getDescriptorID: (_task, { one }) => one.getDescriptorID(),
  setLength: (_task, { buffer }) => buffer.setLength(100),
  setDirection: (_task, { buffer }) => buffer.setDirection(kIODirectionOut),
  'retain and release': (_task, { one }) => [one.retain(), one.release()].length,
  'a part': (_task, { one }) => IOSubMemoryDescriptor.withSubRange(one, 8, 16, kIODirectionOut)?.getTag(),
  allocate: (task) => task.allocate(size),
  'allocate there': (task) => task.allocate(size, { address: somewhere }),
  'reach there': (task) => task.load32(somewhere),
  'allocate and store': (task) => task.store32(task.allocate(size), 1),
  'allocate there and store': (task) => task.store32(task.allocate(size, { address: somewhere }), 1),
  'a descriptor of what may be there': (task) =>
    IOMemoryDescriptor.withAddressRange(somewhere, size, kIODirectionOut, task)?.prepare(),
  'first touch': (task, { own }) => task.store32(own + 2 * size, 1),
  deallocate: (task, { own }) => task.deallocate(own, size),
  protect: (task, { own }) => task.protect(own, size, 0),
  prepare: (_task, { one }) => one.prepare(),
  'prepare and complete': (_task, { one }) => [one.prepare(), one.complete()].join(),
  'map it': (task, { one }) => one.createMappingInTask(task, 0, kIOMapAnywhere)?.getLength(),
  unmap: (_task, { map }) => map.unmap(),
  'release it': (_task, { one }) => one.release(),
};

const all = { ...asking, ...making, ...others };

const acts =
  (...list: readonly Act[]) =>
  (task: Task, shared: Shared) =>
    list.map((act) => {
      try {
        return act(task, shared) ?? null;
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    });

const scenarioOf = (tasks: Record<string, unknown>): Scenario =>
  ({ name: 'calls', machine: { physicalMemory: 2 ** 20 }, setup, tasks }) as unknown as Scenario;

/** Two threads of one task, or of two. */
const placed: Record<string, (one: Act, other: Act) => Scenario> = {
  'in one task': (one, other) => scenarioOf({ app: { one: acts(one), two: acts(other) }, kernel: {} }),
  'in two tasks': (one, other) => scenarioOf({ app: acts(one), kernel: acts(other) }),
};

/** All that the kernel has come to, and all that was answered. */
const stateOf = ({ results, violations }: Ended, machine: InlineMachine): string =>
  `${stateHash(machine.state.kernel, { order: false })} ${JSON.stringify(results)} ${violations.map(({ rule }) => rule).sort()}`;

function compare(scenario: Scenario, what: string): number {
  const states = new Set<string>();
  const { ended } = everyTrace(scenario, (one, machine) => states.add(stateOf(one, machine)));
  const every = everySchedule(scenario, 100_000, stateOf)!;
  assert.equal([...states].sort(), [...every.outcomes].sort(), what);
  return ended;
}

for (const [where, scenario] of Object.entries(placed)) {
  test(`every pair of ${Object.keys(all).length} acts ${where} ends as the orders end that dpor tries`, () => {
    for (const [first, one] of Object.entries(all))
      for (const [second, other] of Object.entries(all)) compare(scenario(one, other), `${first}, ${second}`);
  });

  test(`what only asks or makes has one order ${where}`, () => {
    const quiet = { ...asking, ...making };
    for (const [first, one] of Object.entries(quiet))
      for (const [second, other] of Object.entries(quiet))
        assert.is(compare(scenario(one, other), `${first}, ${second}`), 1, `${first}, ${second}`);
  });
}

test('what changes an object has an order with what asks it, and none with what asks others', () => {
  const executions = (one: string, other: string): number =>
    compare(placed['in two tasks']!(all[one]!, all[other]!), `${one}, ${other}`);
  assert.is(executions('setTag', 'getTag'), 2);
  assert.is(executions('setTag', 'another tag'), 2);
  assert.is(executions('setTag', 'tag of the other'), 1);
  assert.is(executions('setLength', 'length of a buffer'), 2);
  assert.is(executions('setLength', 'getLength'), 1);
  assert.is(executions('allocate and store', 'allocate and store'), 1);
});

test('memory is allocated side by side in two tasks, and one after the other in one', () => {
  const executions = (where: string): number => compare(placed[where]!(all.allocate!, all.allocate!), where);
  assert.is(executions('in two tasks'), 1);
  assert.is(executions('in one task'), 2);
});

test.run();
