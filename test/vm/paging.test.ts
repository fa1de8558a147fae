// deadline: 300
/** Paging: which pages go, when they are written, how they come back, and what happens when there is no room (by second chance). */

import { test as plain } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { Journal } from '../../src/hardware/journal.ts';
import {
  kIODirectionIn,
  kIODirectionOutIn,
  kIODirectionPrepareNoFault,
  kIOMapAnywhere,
  kIOMemoryBufferPageable,
  kIOMemoryPageable,
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableNonVolatile,
  kIOMemoryPurgeableVolatile,
} from '../../src/iokit/options.ts';
import { kIOReturnNoMemory, kIOReturnNoResources } from '../../src/iokit/return-codes.ts';
import { Status } from '../../src/kernel/call.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import { IOBufferMemoryDescriptor } from '../../src/task/iokit/io-buffer-memory-descriptor.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import { IOMultiMemoryDescriptor } from '../../src/task/iokit/io-multi-memory-descriptor.ts';
import { MemoryObject } from '../../src/task/iokit/memory-object.ts';
import { noSlot, SwapSpace } from '../../src/vm/swap-space.ts';
import { MemorySwapStore } from '../../src/vm/swap-store.ts';
import { VirtualMemory } from '../../src/vm/virtual-memory.ts';
import { TestMachine } from '../support/machine.ts';
import { HandDriven } from '../support/thread.ts';

const actor = { pool: 0 };

function swapping(name: string, body: (machine: TestMachine) => void): void {
  for (const pageSize of [4096, 16384] as const) {
    plain(`${name} (${pageSize})`, () => {
      const machine = new TestMachine({ pageSize, swap: 64 * pageSize });
      const frames = machine.freeFrames;
      machine.enter(machine.kernel, () => body(machine));
      assert.equal(checkInvariants(machine.kernelState), []);
      assert.ok(machine.freeFrames <= frames);
    });
  }
}

const evict = ({ kernelState: { vm } }: TestMachine, pages: number): boolean[] =>
  Array.from({ length: pages }, () => vm.pager!.evict(actor));

swapping('pages go and come back with what is in them, clean', (machine) => {
  const { client, pageSize, kernelState } = machine;
  const a = client.allocate(3 * pageSize);
  for (let page = 0; page < 3; page++) client.store32(a + page * pageSize, page + 1);
  const free = machine.freeFrames;
  assert.equal(evict(machine, 4), [true, true, true, false]);
  assert.is(machine.freeFrames, free + 3);
  assert.equal(machine.inspect().swap, { total: 64, used: 3 });
  assert.equal(
    [0, 1, 2].map((page) => client.load32(a + page * pageSize)),
    [1, 2, 3],
  );
  assert.is(machine.isDirty(client, a), false);
  client.store32(a, 9);
  assert.is(machine.isDirty(client, a), true);
  client.deallocate(a, 3 * pageSize);
  assert.is(kernelState.vm.swap!.used, 0);
});

swapping('second chance: what was used since the hand came by stays, the others go in their order', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(4 * pageSize);
  machine.touch(client, a, 4 * pageSize, true);
  // The first round takes every mark away and then the first page.
  evict(machine, 1);
  const resident = (): boolean[] => [0, 1, 2, 3].map((page) => machine.frameOf(client, a + page * pageSize) !== 0);
  assert.equal(resident(), [false, true, true, true]);
  client.load8(a + pageSize);
  evict(machine, 1);
  assert.equal(resident(), [false, true, false, true]);
  evict(machine, 1);
  assert.equal(resident(), [false, true, false, false]);
});

plain('a clean page whose slot is still good is not written again, a dirty one is', () => {
  const writes: number[] = [];
  class Counting extends MemorySwapStore {
    override write(slot: number, page: Uint8Array): void {
      writes.push(page[0]!);
      super.write(slot, page);
    }
  }
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20, swap: 2 ** 18 }));
  const vm = new VirtualMemory(hardware, new Counting());
  const object = vm.createObject({ pool: 0 }, 4096);
  const store = (value: number): void => {
    const frame = object.page(actor, 0, true);
    hardware.memory.store8(frame * 4096, value);
    hardware.frames.setDirty(frame, 1);
  };
  store(1);
  vm.pager!.evict(actor);
  object.page(actor, 0);
  vm.pager!.evict(actor);
  assert.equal(writes, [1]);
  store(2);
  vm.pager!.evict(actor);
  assert.equal(writes, [1, 2]);
  assert.is(hardware.memory.load8(object.page(actor, 0) * 4096), 2);
  assert.is(vm.swap!.used, 1);
});

plain('no slot that the base needs is written to while executions can be rolled back to it', () => {
  const journal = new Journal();
  const swap = new SwapSpace(journal, 2);
  const [first, second] = [swap.allocate(), swap.allocate()];
  assert.is(swap.allocate(), noSlot);
  swap.free(second);
  journal.base();
  swap.free(first);
  assert.is(swap.used, 0);
  const later = [swap.allocate(), swap.allocate()];
  assert.not(later.includes(first));
  assert.is(swap.allocate(), noSlot);
  swap.free(later[0]!);
  assert.is.not(swap.allocate(), first);
  journal.rollback();
  assert.is(swap.used, 1);
  journal.stop();
  swap.free(first);
  assert.is(swap.used, 0);
});

swapping('executions that page out, store, free and reuse roll back to what was there', (machine) => {
  const { client, pageSize, kernelState, hardware } = machine;
  const a = client.allocate(8 * pageSize);
  for (let page = 0; page < 8; page++) client.store32(a + page * pageSize, page + 1);
  evict(machine, 5);
  hardware.journal.base();
  const before = stateHash(kernelState);
  for (let round = 0; round < 3; round++) {
    for (let page = 0; page < 8; page++) client.store32(a + page * pageSize, 100 + page);
    evict(machine, 8);
    client.deallocate(a + pageSize, 3 * pageSize);
    const b = client.allocate(5 * pageSize);
    machine.touch(client, b, 5 * pageSize, true);
    evict(machine, 5);
    assert.equal(checkInvariants(kernelState), []);
    hardware.journal.rollback();
    assert.is(stateHash(kernelState), before);
  }
  assert.equal(
    Array.from({ length: 8 }, (_, page) => client.load32(a + page * pageSize)),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});

swapping('wired pages stay, also when the wiring is all that holds them; prepare brings pages back', (machine) => {
  const { client, other, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  machine.touch(client, a, 2 * pageSize, true);
  client.store32(a, 5);
  evict(machine, 2);
  const descriptor = IOMemoryDescriptor.withAddressRange(a, pageSize, kIODirectionOutIn, client);
  assert.is(descriptor.prepare(kIODirectionPrepareNoFault), kIOReturnNoResources);
  assert.is(descriptor.prepare(), 0);
  assert.equal(evict(machine, 1), [false]);
  const bytes = new Uint8Array(4);
  descriptor.readBytes(0, bytes);
  assert.is(bytes[0], 5);
  const map = descriptor.createMappingInTask(other, 0, kIOMapAnywhere);
  assert.is(other.load32(map.getVirtualAddress()), 5);
  assert.equal(evict(machine, 1), [false]);
  client.deallocate(a, 2 * pageSize);
  descriptor.complete();
  assert.equal(evict(machine, 1), [true]);
  assert.is(other.load32(map.getVirtualAddress()), 5);
  map.release();
  descriptor.release();
});

swapping('a page that several tasks see goes from all of them, and copies share what is in swap', (machine) => {
  const { client, other, pageSize } = machine;
  const object = MemoryObject.withSize(pageSize);
  const a = client.map(object);
  const b = other.map(object);
  client.store32(a, 1);
  const copy = other.remap(client, a, pageSize, { copy: true });
  assert.equal([other.load32(b), other.load32(copy)], [1, 1]);
  assert.equal(evict(machine, 2), [true, false]);
  for (const [task, address] of [
    [client, a],
    [other, b],
    [other, copy],
  ] as const)
    assert.is(machine.frameOf(task, address), 0);
  client.store32(a, 2);
  assert.equal([other.load32(b), other.load32(copy)], [2, 1]);
  evict(machine, 2);
  assert.equal([client.load32(a), other.load32(copy)], [2, 1]);
  object.release();
});

swapping(
  'a full memory pages out by itself; when swap is full as well, accesses fail as they do without',
  (machine) => {
    const { client, pageSize } = machine;
    const pages = machine.freeFrames + 64;
    const early = client.allocate(pageSize);
    client.store32(early, 1);
    const a = client.allocate(pages * pageSize);
    for (let page = 0; page < pages - 1; page++) client.store32(a + page * pageSize, page + 1);
    assert.throws(() => client.store32(a + (pages - 1) * pageSize, 1), /out of memory/);
    client.deallocate(early, pageSize);
    client.store32(a + (pages - 1) * pageSize, pages);
    for (let page = 0; page < pages; page++) assert.is(client.load32(a + page * pageSize), page + 1);
    const most = IOMemoryDescriptor.withAddressRange(a, (pages - 64) * pageSize, kIODirectionIn, client);
    assert.is(most.prepare(), 0);
    most.complete();
    most.release();
    client.deallocate(a, pages * pageSize);
  },
);

swapping(
  'memory that is volatile and in swap may be emptied to bring its own page back, which then is zero',
  (machine) => {
    const { client, pageSize } = machine;
    const a = client.allocate(2 * pageSize, { purgeable: true });
    for (const page of [0, 1]) client.store32(a + page * pageSize, 7);
    evict(machine, 2);
    const descriptor = IOMemoryDescriptor.withAddressRange(a, 2 * pageSize, kIODirectionOutIn, client);
    descriptor.setPurgeable(kIOMemoryPurgeableVolatile);
    const count = machine.freeFrames;
    const others = client.allocate(count * pageSize);
    for (let page = 0; page < count; page++) client.store32(others + page * pageSize, 1);
    assert.equal([client.load32(a), client.load32(a + pageSize)], [0, 0]);
    assert.equal(descriptor.setPurgeable(kIOMemoryPurgeableNonVolatile), {
      result: 0,
      oldState: kIOMemoryPurgeableEmpty,
    });
    descriptor.release();
    client.deallocate(others, count * pageSize);
  },
);

swapping('the page that a thread waits on stays', (machine) => {
  const { client, pageSize, kernelState } = machine;
  const a = client.allocate(pageSize);
  client.store32(a, 0);
  const task = kernelState.tasks.find(({ name }) => name === 'client')!;
  const waiter = new HandDriven(machine, 'client.waits', task);
  evict(machine, 1);
  assert.is(waiter.begin(calls.atomicWait, [a, 0, Number.POSITIVE_INFINITY]), Status.Blocked);
  assert.equal(evict(machine, 1), [false]);
  assert.is(client.atomic.notify(a), 1);
  assert.is(waiter.finish(waiter.step()), Status.Done);
  assert.equal(evict(machine, 1), [true]);
});

swapping('scalars across a page edge find both pages, wherever they are', (machine) => {
  const { client, pageSize } = machine;
  const a = client.allocate(2 * pageSize);
  const edge = a + pageSize - 4;
  client.store64(edge, 0x1122334455667788n);
  evict(machine, 2);
  assert.is(client.load64(edge), 0x1122334455667788n);
  evict(machine, 1);
  client.store64(edge, 0x99n);
  evict(machine, 2);
  assert.is(client.load64(edge), 0x99n);
});

/** What a machine holds, whichever of its pages happen to be in memory. */
function holdings(machine: TestMachine) {
  const { tasks, objects, maps, descriptors, frames } = machine.inspect();
  return {
    tasks,
    objects: objects.map(({ resident, swapped, ...object }) => ({ ...object, pages: resident + swapped })),
    maps,
    descriptors,
    wired: frames.wired,
  };
}

/**
 * Sixteen buffers in one descriptor. (Rejected: one buffer of 256 MiB, prepared through IOSubMemoryDescriptors. A virtual descriptor may not have
 * more pages than memory, C31, which goes for what is below a buffer; and a part prepares the whole of its parent, C111.)
 */
plain(
  '64 MiB of memory, a pageable buffer of 256: written, prepared in windows, read and completed, sums equal',
  () => {
    const mebibyte = 2 ** 20;
    const machine = new TestMachine({ physicalMemory: 64 * mebibyte, pageSize: 16384, swap: 256 * mebibyte });
    const { client, pageSize } = machine;
    const options = kIODirectionOutIn | kIOMemoryPageable;
    const free = machine.freeFrames;
    machine.enter(machine.kernel, () => {
      const size = 256 * mebibyte;
      const length = 16 * mebibyte;
      assert.is(IOBufferMemoryDescriptor.inTaskWithOptions(client, options, size), null);
      const windows = Array.from({ length: size / length }, () =>
        IOBufferMemoryDescriptor.inTaskWithOptions(client, options, length),
      );
      const whole = IOMultiMemoryDescriptor.withDescriptors(windows, kIODirectionOutIn, false);
      assert.is(whole.getLength(), size);
      assert.is.not(windows[0]!.getFlags() & kIOMemoryBufferPageable, 0);
      const bytes = new Uint8Array(length);
      const words = new Uint32Array(bytes.buffer);
      const sum = (): number => words.reduce((total, word) => (Math.imul(total, 31) + word) | 0, 0);
      const sums = windows.map((window, number) => {
        for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + number * length, 0x9e3779b1);
        client.write(window.getBytesNoCopy() as number, bytes);
        return sum();
      });
      const before = holdings(machine);
      assert.is(before.wired, 0);
      assert.is(whole.prepare(), kIOReturnNoMemory);
      assert.equal(holdings(machine), before);
      for (const window of windows) assert.is(window.getPreparationID(), 0);
      for (const [number, window] of windows.entries()) {
        assert.is(window.prepare(), 0);
        assert.is(machine.inspect().frames.wired, length / pageSize);
        assert.is(window.readBytes(0, bytes), length);
        assert.is(sum(), sums[number]);
        window.complete();
        assert.is(machine.inspect().frames.wired, 0);
      }
      assert.equal(holdings(machine), before);
      whole.release();
      for (const window of windows) window.release();
    });
    assert.is(machine.freeFrames, free);
    assert.is(machine.kernelState.vm.swap!.used, 0);
    assert.equal(checkInvariants(machine.kernelState), []);
  },
);

plain.run();
