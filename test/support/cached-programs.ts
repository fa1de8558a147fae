/**
 * Random programs so small that every schedule can be had, on a machine whose devices are not coherent: two threads that reach memory
 * through a cache and past it, one that looks after the lines, and a device.
 */
import fc from 'fast-check';
import type { ScenarioMachine, Task } from '../../src/index.ts';
import { IOMemoryDescriptor, kIODirectionInOut, kIOMapAnywhere, kIOMapInhibitCache } from '../../src/index.ts';
import type { Device } from '../../src/task/device.ts';
import type { Scenario } from '../../src/task/scenario.ts';

type Access = { op: 'store' | 'load' | 'add' | 'storePast' | 'loadPast'; at: number; value: number };
type CachedOp = Access | { op: 'clean' | 'invalidate'; at: number } | { op: 'bell' };

/** For each thread what it does, one after the other; then what the device does each time that it is told. */
export type CachedProgram = readonly [one: readonly CachedOp[], other: readonly CachedOp[], told: readonly Access[]];

/** Two words of one line, and one of the next. */
const places = [0, 4, 64];
const answer = 512;

const access: fc.Arbitrary<Access> = fc.record({
  op: fc.constantFrom('store', 'load', 'add', 'storePast', 'loadPast'),
  at: fc.nat(places.length - 1),
  value: fc.integer({ min: 1, max: 3 }),
});
const maintenance: fc.Arbitrary<CachedOp> = fc.record({
  op: fc.constantFrom('clean' as const, 'invalidate' as const),
  at: fc.nat(places.length - 1),
});
const bell: fc.Arbitrary<CachedOp> = fc.constant({ op: 'bell' });
const operation = fc.oneof({ weight: 6, arbitrary: access }, { weight: 2, arbitrary: maintenance }, bell);

export const cachedProgram: fc.Arbitrary<CachedProgram> = fc.tuple(
  fc.array(operation, { minLength: 1, maxLength: 3 }),
  fc.array(operation, { maxLength: 2 }),
  fc.array(access, { maxLength: 1 }),
);

interface Shared {
  at: number;
  past: number;
  physical: number;
}

function step(task: Task, { at, past, physical }: Shared, op: CachedOp): unknown {
  if (op.op === 'bell') return task.send('disk', 1);
  const place = places[op.at]!;
  switch (op.op) {
    case 'store':
      return task.store32(at + place, op.value);
    case 'load':
      return task.load32(at + place);
    case 'add':
      return task.atomic.add(at + place, op.value);
    case 'storePast':
      return task.store32(past + place, op.value);
    case 'loadPast':
      return task.load32(past + place);
    case 'clean':
      return task.kernel.cache.clean({ address: physical + place, length: 4 });
    case 'invalidate':
      return task.kernel.cache.invalidate({ address: physical + place, length: 4 });
  }
}

/** What it reads, it leaves where `outcome` looks. */
function onDevice(device: Device, { physical }: Shared, { op, at, value }: Access): void {
  const isLoad = op === 'load' || op === 'loadPast';
  if (isLoad) device.store32(physical + answer, device.load32(physical + places[at]!));
  else device.store32(physical + places[at]!, value);
}

export function cachedScenario([one, other, told]: CachedProgram): Scenario {
  return {
    name: 'cached',
    machine: { physicalMemory: 2 ** 20, coherentDma: false },
    setup({ kernel }: ScenarioMachine): Shared {
      const at = kernel.allocate(4096);
      kernel.store32(at, 0);
      const memory = IOMemoryDescriptor.withAddressRange(at, 4096, kIODirectionInOut, kernel.kernelTask);
      memory.prepare();
      const physical = memory.getPhysicalAddress();
      // The same pages: memory of a task is mapped as the task has it.
      const pages = IOMemoryDescriptor.withPhysicalAddress(physical, 4096, kIODirectionInOut);
      const past = pages.createMappingInTask(kernel, 0, kIOMapAnywhere | kIOMapInhibitCache)!.getVirtualAddress();
      kernel.load32(past);
      return { at, past, physical };
    },
    tasks: {
      kernel: {
        one: (task: Task, shared: Shared) => one.map((op) => step(task, shared, op)),
        other: (task: Task, shared: Shared) => other.map((op) => step(task, shared, op)),
      },
    },
    devices: {
      disk(device: Device, shared: Shared) {
        for (;;) {
          device.receive();
          for (const op of told) onDevice(device, shared, op);
        }
      },
    },
    outcome: ({ machine, shared }: { machine: ScenarioMachine; shared: Shared }) =>
      [...places, answer].map((place) => machine.kernel.load32(shared.past + place)).join(' '),
  } as unknown as Scenario;
}
