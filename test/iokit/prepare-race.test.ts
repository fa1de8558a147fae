/**
 * Threads that prepare and complete one descriptor at once (C16, and hazard H10 of the reference): every order of their steps
 * is tried, by hand.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kIODirectionOut, kIODirectionOutIn, kIOMemoryThreadSafe } from '../../src/iokit/options.ts';
import { kIOReturnSuccess } from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { Semantics } from '../support/machine.ts';
import { TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const pages = 2;

interface Scene {
  readonly machine: TestMachine;
  readonly md: IOMemoryDescriptor;
  readonly address: number;
  readonly threads: HandDriven[];
}

function scene(
  semantics: Semantics,
  options: number,
  threads: number,
  ranges = 1,
  pageSize: 4096 | 16384 = 4096,
): Scene {
  const machine = new TestMachine({ semantics, pageSize });
  const length = pages * machine.pageSize;
  const address = machine.client.allocate(length);
  machine.touch(machine.client, address, length);
  const md = machine.enter(machine.kernel, () =>
    IOMemoryDescriptor.withAddressRanges(
      Array.from({ length: ranges }, (_, i) => ({ address: address + (i * length) / ranges, length: length / ranges })),
      kIODirectionOut | options,
      machine.client,
    ),
  );
  const driven = Array.from({ length: threads }, (_, i) => new HandDriven(machine, `kernel.${i}`).grant(md));
  machine.hardware.journal.base();
  return { machine, md, address, threads: driven };
}

/** Runs `rounds` × (prepare, complete) in each thread under the schedule that `pick` makes of those that can run. */
function interleave({ threads, md }: Scene, rounds: number, pick: (runnable: number[]) => number): void {
  const operations = threads.map(() => 0);
  const status: number[] = threads.map(() => Status.Done);
  for (;;) {
    const runnable = threads
      .map((_, i) => i)
      .filter((i) => {
        if (status[i] === Status.Done) return operations[i]! < 2 * rounds;
        return status[i] !== Status.Blocked || threads[i]!.thread.waitingIn === null;
      });
    if (runnable.length === 0) break;
    const i = pick(runnable);
    if (status[i] === Status.Done) {
      const call = operations[i]! % 2 === 0 ? calls.prepare : calls.complete;
      operations[i]!++;
      status[i] = threads[i]!.begin(call, [md.id, 0]);
    } else {
      status[i] = threads[i]!.step();
    }
    if (status[i] === Status.Done) assert.is(threads[i]!.result(calls.prepare as never), kIOReturnSuccess);
  }
  assert.equal(
    status,
    threads.map(() => Status.Done),
  );
}

/** Calls `run` with every schedule there is. Returns how many. */
function everySchedule(run: (pick: (runnable: number[]) => number) => void): number {
  let path: number[] = [];
  for (let count = 1; ; count++) {
    const widths: number[] = [];
    let depth = 0;
    run((runnable) => {
      const choice = path[depth] ?? 0;
      widths[depth++] = runnable.length;
      return runnable[choice]!;
    });
    path = widths.map((_, i) => path[i] ?? 0);
    while (path.length > 0 && path[path.length - 1]! + 1 >= widths[path.length - 1]!) path.pop();
    if (path.length === 0) return count;
    path[path.length - 1]!++;
  }
}

function wires({ machine, address }: Scene): number[] {
  return Array.from({ length: pages }, (_, page) => machine.wires(machine.client, address + page * machine.pageSize));
}

const machines = (['documented', 'xnu'] as const).flatMap((semantics) =>
  ([4096, 16384] as const).map((pageSize) => ({ semantics, pageSize })),
);

for (const { pageSize, semantics } of machines) {
  test(`C16 a thread-safe descriptor loses no wire in any order [${semantics}, ${pageSize}]`, () => {
    const stage = scene(semantics, kIOMemoryThreadSafe, 3, 1, pageSize);
    const schedules = everySchedule((pick) => {
      interleave(stage, 1, pick);
      assert.equal(wires(stage), [0, 0]);
      assert.equal(stage.machine.violations, []);
      assert.equal(checkInvariants(stage.machine.kernelState), []);
      stage.machine.hardware.journal.rollback();
    });
    assert.is(schedules, 90);
  });

  test(`C16 many threads, many pairs [${semantics}, ${pageSize}]`, () => {
    const stage = scene(semantics, kIOMemoryThreadSafe, 8, 1, pageSize);
    let state = 1;
    interleave(stage, 50, (runnable) => {
      state = Math.imul(state, 48271) & 0x7fffffff;
      return runnable[state % runnable.length]!;
    });
    assert.equal(wires(stage), [0, 0]);
    assert.equal(checkInvariants(stage.machine.kernelState), []);
  });
}

test('H10 without kIOMemoryThreadSafe the second thread waits, and the counts stay right in every order', () => {
  const stage = scene('documented', 0, 2);
  const schedules = everySchedule((pick) => {
    interleave(stage, 1, pick);
    assert.equal(wires(stage), [0, 0]);
    assert.equal(stage.machine.violations, []);
    assert.equal(checkInvariants(stage.machine.kernelState), []);
    stage.machine.hardware.journal.rollback();
  });
  assert.ok(schedules > 10, `${schedules} schedules`);
});

test('H10 as in the sources: some orders wire the pages twice, and lose counts', () => {
  const stage = scene('xnu', 0, 2);
  let right = 0;
  let leftWired = 0;
  let uncompleted = 0;
  everySchedule((pick) => {
    let most = 0;
    interleave(stage, 1, (runnable) => {
      most = Math.max(most, ...wires(stage));
      return pick(runnable);
    });
    if (most === 1 && wires(stage).every((count) => count === 0)) right++;
    if (wires(stage).some((count) => count > 0)) leftWired++;
    if (stage.machine.violations.length > 0) uncompleted++;
    // Whatever the callers did to their counts, frames and page lists agree.
    assert.equal(checkInvariants(stage.machine.kernelState), []);
    stage.machine.violations.length = 0;
    stage.machine.hardware.journal.rollback();
  });
  assert.ok(right > 0 && leftWired > 0 && uncompleted > 0, JSON.stringify({ right, leftWired, uncompleted }));
});

for (const [semantics, ranges] of [
  ['documented', 1],
  ['documented', 2],
  ['xnu', 1],
  ['xnu', 2],
] as const) {
  test(`a thread that dies half-way through prepare or complete leaves no page wired [${semantics}, ${ranges}]`, () => {
    const stage = scene(semantics, 0, 2, ranges);
    const [first, second] = stage.threads as [HandDriven, HandDriven];
    assert.is(first.begin(calls.prepare, [stage.md.id, 0]), Status.Step);
    assert.equal(wires(stage), [1, 0]);
    stage.machine.kernelState.endThread(first.thread);
    assert.equal(wires(stage), [0, 0]);
    assert.is(second.finish(second.begin(calls.prepare, [stage.md.id, 0])), Status.Done);
    assert.equal(wires(stage), [1, 1]);
    let status = second.begin(calls.complete, [stage.md.id, 0]);
    while (wires(stage)[0] === 1) status = second.step();
    assert.is(status, Status.Step);
    assert.equal(wires(stage), [0, 1]);
    stage.machine.kernelState.endThread(second.thread);
    assert.equal(wires(stage), [0, 0]);
    assert.equal(checkInvariants(stage.machine.kernelState), []);
  });
}

test('a copy steps page by page, and a thread-safe one keeps others out', () => {
  for (const options of [0, kIOMemoryThreadSafe]) {
    const stage = scene('documented', options | kIODirectionOutIn, 2);
    const { md, threads, machine } = stage;
    const [first, second] = threads as [HandDriven, HandDriven];
    const length = pages * machine.pageSize;
    first.finish(first.begin(calls.prepare, [md.id, 0]));
    const source = new Uint8Array(length).fill(1);
    const target = new Uint8Array(length);
    assert.is(first.begin(calls.writeBytes, [md.id, 0, length, length], source), Status.Copy);
    assert.is(machine.kernelState.copy!.length, machine.pageSize);
    first.copy();
    const status = second.finish(second.begin(calls.readBytes, [md.id, 0, length, length], target));
    assert.is(status, options === 0 ? Status.Done : Status.Blocked);
    assert.is(first.finish(first.step()), Status.Done);
    if (status === Status.Blocked) second.finish(second.step());
    assert.is(target[0], 1);
    assert.is(target[length - 1], options === 0 ? 0 : 1);
  }
});

test.run();
