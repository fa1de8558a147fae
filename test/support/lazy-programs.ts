/**
 * Random programs whose memory comes when it is first touched: threads of two tasks meet in pages that nobody has reached before, through mappings
 * of their own, through copies, while rights and pages are taken away, and while somebody asks for the frames.
 */
import fc from 'fast-check';
import {
  IOLock,
  IOMemoryDescriptor,
  kernelMode,
  kIODirectionInOut,
  kIOReturnSuccess,
  type ScenarioMachine,
  type Task,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../../src/index.ts';

/** Where a page can be seen: by every task at one address; the app's, at its own address, by the kernel's alias, or as it was before. */
const areas = ['shared', 'own', 'copy'] as const;
type LazyArea = (typeof areas)[number];

export type LazyOp =
  | { op: 'store' | 'load' | 'add'; area: LazyArea; page: number; word: number; value: number }
  | { op: 'locked'; inside: readonly LazyOp[] }
  | {
      op: 'wide' | 'bulk' | 'notify' | 'wait' | 'readOnly' | 'writable' | 'deallocate' | 'snapshot' | 'frames';
      page: number;
    }
  | { op: 'lockMap' | 'unlockMap' | 'allocate' | 'throw' };

export type LazyProgram = readonly (readonly LazyOp[])[];

interface LazyShared {
  shared: number;
  own: number;
  alias: number;
  copy: number;
  lock: IOLock;
  /** What `frames` asks about: pages that every task sees, and the app's. */
  descriptors: IOMemoryDescriptor[];
}

export const lazyNames = ['app.one', 'app.two', 'kernel.three'];
const pageSize = 4096;
const pages = 2;

const accessOf = (...among: LazyArea[]): fc.Arbitrary<LazyOp> =>
  fc.record({
    op: fc.constantFrom('store', 'load', 'load', 'add'),
    area: fc.constantFrom(...among),
    page: fc.nat(pages - 1),
    word: fc.nat(1),
    value: fc.integer({ min: 1, max: 3 }),
  });

const lockedOf = (...among: LazyArea[]): fc.Arbitrary<LazyOp> =>
  fc.record({ op: fc.constant('locked' as const), inside: fc.array(accessOf(...among), { maxLength: 2 }) });

const onPage = (
  ...ops: ('wide' | 'bulk' | 'notify' | 'wait' | 'readOnly' | 'writable' | 'deallocate' | 'snapshot' | 'frames')[]
) => fc.record({ op: fc.constantFrom(...ops), page: fc.nat(pages - 1) });

const alone = fc.constantFrom('lockMap' as const, 'unlockMap' as const, 'allocate' as const, 'throw' as const);

const anything: fc.Arbitrary<LazyOp> = fc.oneof(
  { weight: 8, arbitrary: accessOf(...areas) },
  { weight: 1, arbitrary: lockedOf(...areas) },
  { weight: 2, arbitrary: onPage('wide', 'bulk', 'notify', 'wait') },
  { weight: 3, arbitrary: onPage('readOnly', 'writable', 'deallocate', 'snapshot', 'frames') },
  { weight: 1, arbitrary: fc.record({ op: alone }) },
);

/** Nobody waits but for the lock, and pages come, and do nothing else. */
const onlyAccesses: fc.Arbitrary<LazyOp> = fc.oneof(
  { weight: 8, arbitrary: accessOf('shared') },
  { weight: 1, arbitrary: lockedOf('shared') },
  { weight: 1, arbitrary: onPage('bulk', 'wide') },
);

const programOf = (of: fc.Arbitrary<LazyOp>): fc.Arbitrary<LazyProgram> =>
  fc
    .tuple(...lazyNames.map(() => fc.array(of, { maxLength: 3 })))
    .filter((threads) => threads.filter((ops) => ops.length > 0).length > 1);

export const lazyProgram = programOf(anything);
export const accessingProgram = programOf(onlyAccesses);

/** The kernel's thread sees the app's memory elsewhere. */
function base(task: Task, shared: LazyShared, area: LazyArea): number {
  if (task.name === 'app') return area === 'shared' ? shared.shared : shared.own;
  return area === 'own' ? shared.alias : shared[area];
}

/** Where the pages are, which come for that if they have to. */
function framesOf(descriptor: IOMemoryDescriptor): string {
  if (descriptor.prepare() !== kIOReturnSuccess) return 'not prepared';
  const frames = [0, pageSize].map((offset) => descriptor.getPhysicalSegment(offset).address / pageSize);
  descriptor.complete();
  return frames.join();
}

function step(task: Task, shared: LazyShared, op: LazyOp): unknown {
  switch (op.op) {
    case 'store':
      return task.store32(base(task, shared, op.area) + pageSize * op.page + 4 * op.word, op.value);
    case 'load':
      return task.load32(base(task, shared, op.area) + pageSize * op.page + 4 * op.word);
    case 'add':
      return task.atomic.add(base(task, shared, op.area) + pageSize * op.page + 4 * op.word, op.value);
    case 'locked':
      shared.lock.lock();
      try {
        return op.inside.map((inner) => attempt(task, shared, inner));
      } finally {
        shared.lock.unlock();
      }
    case 'wide':
      return task.store64(shared.shared + pageSize - 4, 2n ** 32n * BigInt(op.page + 1) + 5n);
    case 'bulk':
      return [...task.read(shared.shared + pageSize - 1 + op.page, 2)].join();
    case 'notify':
      return task.atomic.notify(shared.shared + pageSize * op.page, 1);
    case 'wait':
      return task.atomic.wait(shared.shared + pageSize * op.page, 0, 10);
    case 'readOnly':
      return task.protect(shared.own + pageSize * op.page, pageSize, VM_PROT_READ);
    case 'writable':
      return task.protect(shared.own + pageSize * op.page, pageSize, VM_PROT_READ | VM_PROT_WRITE);
    case 'deallocate':
      return task.deallocate(shared.own + pageSize * op.page, pageSize);
    case 'snapshot': {
      const copy = task.remap(task, shared.shared, pages * pageSize, { copy: true });
      return task.load32(copy + pageSize * op.page);
    }
    case 'frames':
      return framesOf(shared.descriptors[op.page]!);
    case 'lockMap':
      return task.kernel.addressSpace(task).lock();
    case 'unlockMap':
      return task.kernel.addressSpace(task).unlock();
    case 'allocate': {
      const made = task.allocate(pageSize);
      task.store32(made, 5);
      return made;
    }
    case 'throw':
      throw new Error('on purpose');
  }
}

function attempt(task: Task, shared: LazyShared, op: LazyOp): unknown {
  if (op.op === 'throw') return step(task, shared, op);
  try {
    return step(task, shared, op) ?? null;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** What is seen at an address once all is over. */
function seen(task: Task, address: number): unknown {
  try {
    return task.load32(address);
  } catch (error) {
    return (error as Error).name;
  }
}

/**
 * `setup`, `tasks` and `outcome` of a scenario that runs a program. A thread returns what each operation gave or threw.
 *
 * @param tellsFrames whether the outcome says in which frames pages are
 * @param spare frames that are free when threads begin, which have equal shares of them
 */
export function partsOfLazy(program: LazyProgram, tellsFrames = false, spare = Number.POSITIVE_INFINITY) {
  const run = (ops: readonly LazyOp[]) => (task: Task, shared: LazyShared) =>
    ops.map((op) => attempt(task, shared, op));
  return {
    setup(machine: ScenarioMachine): LazyShared {
      const [app, kernel] = [machine.task('app'), machine.kernel];
      const size = pages * pageSize;
      const shared = machine.share(size);
      const own = app.allocate(size);
      app.store32(own, 7);
      const descriptors = [shared, own].map(
        (at) => IOMemoryDescriptor.withAddressRange(at, size, kIODirectionInOut, app)!,
      );
      const copy = kernel.remap(app, own, size, { copy: true });
      const alias = kernel.remap(app, own, size);
      const used = machine.inspect().frames.free - spare;
      if (used > 0) app.write(app.allocate(used * pageSize), new Uint8Array(used * pageSize).fill(1));
      return { shared, own, alias, copy, descriptors, lock: IOLock.alloc('lock')! };
    },
    tasks: { app: { one: run(program[0]!), two: kernelMode(run(program[1]!)) }, kernel: { three: run(program[2]!) } },
    outcome: ({ machine, shared }: { machine: ScenarioMachine; shared: LazyShared }) =>
      [0, 4, pageSize, pageSize + 4]
        .flatMap((at) => [
          seen(machine.kernel, shared.shared + at),
          seen(machine.task('app'), shared.own + at),
          seen(machine.kernel, shared.alias + at),
          seen(machine.kernel, shared.copy + at),
        ])
        .concat(tellsFrames ? shared.descriptors.map(framesOf) : [])
        .join(),
  };
}
