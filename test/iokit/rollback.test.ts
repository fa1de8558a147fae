// deadline: 240
/**
 * Long random sequences of calls, forged arguments included: the invariants hold after each, a rollback brings everything
 * back, and the same calls again do the same.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../src/kernel/call.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { purgeNext } from '../../src/vm/purgeable.ts';
import { type Semantics, TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const callCount = 500;

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function play(machine: TestMachine, threads: readonly HandDriven[], seed: number): string[] {
  const pick = random(seed);
  const { pageSize } = machine;
  const addresses = [2 ** 32, pageSize * 20];
  const handles = threads.map(() => [0, 1, 2 ** 30 + 1, ...threads.flatMap((t) => [t.thread.task.handle])]);
  const tasks = machine.kernelState.tasks.map((task) => task.handle);
  const log: string[] = [];
  const xnu = machine.kernelState.configuration.semantics === 'xnu';
  for (let i = 0; i < callCount; i++) {
    const who = pick(threads.length);
    const thread = threads[who]!;
    if (thread.thread.ended || thread.thread.waitingIn !== null) continue;
    if (thread.thread.running !== null) {
      log.push(`goes on: ${thread.finish(thread.step())}`);
      continue;
    }
    const mine = handles[who]!;
    const address = () =>
      addresses[pick(addresses.length)]! + (pick(4) === 0 ? pick(3 * pageSize) : pick(3) * pageSize);
    const handle = () => mine[mine.length - 1 - pick(Math.min(mine.length, 12))]!;
    /** Mostly one that names an object of such a class, which the task has. */
    const of = (kind: RegExp) => {
      const held = [...machine.kernelState.handles.held(thread.thread.holder)].filter(([object]) =>
        kind.test(object.kind),
      );
      return held.length === 0 || pick(8) === 0 ? handle() : held[pick(held.length)]![0].handle;
    };
    const map = () => of(/Map$/);
    const descriptor = () => of(/Descriptor$/);
    const size = () => (pick(5) === 0 ? pick(10 * pageSize) : (1 + pick(4)) * pageSize);
    const options = () =>
      [0, 1, 1, 1, 0x1001, 0x4000001, 0x40000001, 0x20000000, 0x2000001, 0x10000001, 0x401][pick(11)]!;
    const ranges = () => Array.from({ length: 1 + pick(2) }, () => ({ address: address(), length: size() }));
    const run = (call: Call<never[], unknown>, ...values: unknown[]): void => {
      const status = thread.finish(thread.begin(call as never, values as never, new Uint8Array(64)));
      // Asleep before a page that somebody's device is filling: the caller gives up, as a thread does that dies.
      if (status === Status.Blocked) {
        machine.kernelState.endThread(thread.thread);
        thread.thread.ended = false;
      }
      const result = status === Status.Done ? thread.result(call as never) : status;
      log.push(`${call.name} ${JSON.stringify(values)} ${JSON.stringify(result)}`);
      if (status !== Status.Done) return;
      if (['allocate', 'mapObject', 'remap', 'allocatePurgeable'].includes(call.name)) addresses.push(result as number);
      if (
        [
          'withOptions',
          'withSubRange',
          'createMappingInTask',
          'memoryObject',
          'setMapping',
          'withDescriptors',
          'interleavedWithCapacity',
          'guardPagesWithSize',
          'bufferInTask',
          'bufferWithCopy',
          'createUPL',
          'withUPL',
        ].includes(call.name)
      )
        mine.push(result as number);
      else if (['getMemoryDescriptor', 'copyContext', 'withPersistentMemoryDescriptor'].includes(call.name))
        mine.push((result as { id: number }).id);
    };
    const choices: (() => void)[] = [
      () => run(calls.allocate as never, size(), address(), pick(3) > 0, pick(4)),
      () => run(calls.deallocate as never, address(), size()),
      () => run(calls.protect as never, address(), size(), pick(4)),
      () => run(calls.fault as never, address(), 1 + pick(2)),
      () => run(calls.fault as never, address(), 1 + pick(2)),
      () => run(calls.memoryObject as never, size()),
      () =>
        run(
          calls.mapObject as never,
          handle(),
          pick(2) * pageSize,
          size(),
          address(),
          pick(2) > 0,
          pick(4),
          pick(4) === 0,
        ),
      () =>
        run(
          calls.withOptions as never,
          ranges(),
          tasks[pick(tasks.length)],
          0x10 + pick(4) + (pick(3) === 0 ? 0x100000 : 0) + (pick(3) === 0 ? 0x20000 : 0),
        ),
      () => run(calls.withOptions as never, [{ address: pick(20) * pageSize, length: size() }], 0, 0x20 + pick(4)),
      () => run(calls.withSubRange as never, descriptor(), pick(2) * pageSize, size(), pick(4)),
      () => run(calls.initWithOptions as never, descriptor(), ranges(), tasks[pick(tasks.length)], 0x10 + pick(4)),
      () => run(calls.prepare as never, descriptor(), pick(4)),
      () => run(calls.prepare as never, descriptor(), pick(4) + (pick(3) === 0 ? 0x10 : 0) + (pick(4) === 0 ? 8 : 0)),
      () => run(calls.complete as never, descriptor(), [0, 0, 0x40, 0x80][pick(4)]),
      () => run(calls.readBytes as never, descriptor(), pick(pageSize), 64, 64),
      () => run(calls.writeBytes as never, descriptor(), pick(pageSize), 64, 64),
      () =>
        run(
          calls.createMappingInTask as never,
          descriptor(),
          tasks[pick(tasks.length)],
          address(),
          options(),
          pick(2) * pageSize,
          pick(2) * size(),
        ),
      () => run(calls.createMappingInTask as never, descriptor(), tasks[pick(tasks.length)], 0, 1, 0, 0),
      () => run(calls.setMapping as never, descriptor(), tasks[pick(tasks.length)], address(), 0),
      () => run(calls.unmap as never, map()),
      () => run(calls.getMemoryDescriptor as never, map()),
      () => run(calls.getPreparationID as never, descriptor()),
      () => run(calls.setTag as never, descriptor(), pick(100)),
      () => run(calls.withDescriptors as never, [descriptor(), descriptor()].slice(pick(2)), pick(4), false),
      () => run(calls.initSubRange as never, of(/Sub/), descriptor(), pick(2) * pageSize, size(), pick(4)),
      () => run(calls.interleavedWithCapacity as never, pick(4), pick(4)),
      () =>
        run(calls.interleavedSetMemoryDescriptor as never, of(/Interleaved/), descriptor(), pick(2) * pageSize, size()),
      () => run(calls.clearMemoryDescriptors as never, of(/Interleaved/), 0),
      () => run(calls.guardPagesWithSize as never, size()),
      () => {
        const [task, option] = pick(2) === 0 ? [tasks[0], [0, 0x10, 0x400][pick(3)]!] : [tasks[pick(4)] ?? 0, 0x20];
        run(calls.bufferInTask as never, task, option + pick(4), size(), pick(3) * pageSize, 0, pick(4) === 0);
      },
      () => run(calls.bufferWithCopy as never, tasks[pick(3)], 0x20, thread.thread.task.handle, address(), size()),
      () => run(calls.setLength as never, of(/Buffer/), size()),
      () => run(calls.appendBytes as never, of(/Buffer/), 1 + pick(64), 64),
      () => run(calls.createUPL as never, of(/^MemoryObject/), pick(2) * pageSize, size()),
      () => run(calls.withUPL as never, of(/UPL/), size(), pick(pageSize), 0x30 + 1 + pick(2)),
      () => run(calls.withPersistentMemoryDescriptor as never, descriptor()),
      () =>
        run(
          calls.withOptions as never,
          [{ address: address(), length: size() }],
          tasks[pick(tasks.length)],
          0x10010 + pick(4),
        ),
      () => run(calls.setContext as never, descriptor(), handle()),
      () => run(calls.copyContext as never, descriptor()),
      // In the sources a redirect that fails takes a reference away, which this test would call a broken count.
      () => run(calls.redirectMap as never, map(), xnu || pick(3) === 0 ? 0 : descriptor(), 0, pick(2) * pageSize),
      () => run(calls.redirectDescriptor as never, descriptor(), tasks[pick(tasks.length)], pick(2) === 0),
      () => run(calls.wireRange as never, map(), pick(4), pick(2) * pageSize, size()),
      () => run(calls.unmap as never, map()),
      () => run(calls.retain as never, handle()),
      () => run(calls.allocatePurgeable as never, size(), 0, true, 3),
      () => run(calls.allocateWired as never, size(), 0, true, 3),
      () =>
        run(
          calls.remap as never,
          tasks[pick(tasks.length)],
          address(),
          size(),
          pick(3) > 0,
          address(),
          pick(3) > 0,
          pick(4) === 0,
        ),
      () => run(calls.remap as never, tasks[pick(tasks.length)], address(), size(), true, 0, true, false),
      () => run(calls.setPurgeable as never, handle(), [1, 2, 3, 4, 0x2303, 0x63, 0][pick(7)]),
      () => {
        for (let left = pick(6); left > 0; left--) machine.kernelState.vm.pager?.evict(thread.thread);
        if (pick(3) === 0) purgeNext(machine.kernelState.vm, thread.thread);
      },
      () => {
        if (pick(60) !== 0) return;
        machine.kernelState.killTask(thread.thread.task);
        log.push(`kill ${thread.thread.task.name}`);
      },
      () => release(),
    ];
    // Only what the task holds: one release too many is a bug of the task, which breaks the count of references.
    const release = (): void => {
      const held = [...machine.kernelState.handles.held(thread.thread.holder)];
      if (held.length > 0) run(calls.release as never, held[pick(held.length)]![0].handle);
    };
    choices[pick(choices.length)]!();
    assert.equal(checkInvariants(machine.kernelState), [], `after ${log.at(-1)} (seed ${seed}, call ${i})`);
  }
  return log;
}

/** Whether a thread has ended is no journaled state: whoever runs executions sets it back. */
function rollBack(machine: TestMachine, threads: readonly HandDriven[]): void {
  machine.hardware.journal.rollback();
  for (const { thread } of threads) thread.ended = thread.task.dead;
}

for (const semantics of ['documented', 'xnu'] as Semantics[]) {
  test(`random calls keep every invariant, roll back, and repeat [${semantics}]`, () => {
    for (let seed = 1; seed <= 8; seed++) {
      const swap = seed % 4 === 0 ? 0 : 2 ** 18;
      const machine = new TestMachine({ semantics, pageSize: seed % 2 === 0 ? 4096 : 16384, swap });
      const { kernelState } = machine;
      const threads = ['client', 'other', 'client', 'other'].map((name, i) => {
        return new HandDriven(machine, `${name}.${i}`, kernelState.tasks.find((task) => task.name === name)!);
      });
      for (const { thread } of threads) for (const task of kernelState.tasks) kernelState.handles.grant(task, thread);
      play(machine, threads, seed + 100);
      // Executions begin with nobody in a call: those who wait at a redirected map give up.
      for (const { thread } of threads) {
        if (thread.running === null) continue;
        kernelState.endThread(thread);
        thread.ended = false;
      }
      const before = stateHash(kernelState);
      machine.hardware.journal.base();
      const first = play(machine, threads, seed);
      const after = stateHash(kernelState);
      assert.is.not(after, before);
      rollBack(machine, threads);
      assert.is(stateHash(kernelState), before);
      const again = play(machine, threads, seed);
      const parted = again.findIndex((line, i) => line !== first[i]);
      assert.is(parted < 0 ? '' : again[parted], parted < 0 ? '' : first[parted], `seed ${seed}, call ${parted}`);
      assert.is(again.length, first.length);
      assert.is(stateHash(kernelState), after);
      rollBack(machine, threads);
      assert.is(stateHash(kernelState), before);
    }
  });
}

test.run();
