/**
 * Random sequences of mapping, copying, sharing, storing, wiring, paging out and purging, against a model in which memory is
 * cells that hold a number and a copy is a copy. Whatever the VM does to avoid copying, nobody must be able to tell.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMemoryMapCopyOnWrite,
  kIOMemoryPurgeableEmpty,
  kIOMemoryPurgeableNonVolatile,
  kIOMemoryPurgeableVolatile,
} from '../../src/iokit/options.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { IOMemoryMap } from '../../src/task/iokit/io-memory-map.ts';
import type { Task } from '../../src/task/task.ts';
import { purgeNext } from '../../src/vm/purgeable.ts';
import { TestMachine } from '../support/machine.ts';
import { seeded } from '../support/seeded.ts';

/** What one page holds: the word at its start. Shared memory shares the cell. */
interface Cell {
  value: number;
}

/** All cells of one purgeable object. */
interface Purgeable {
  readonly cells: readonly Cell[];
  state: number;
}

interface Region {
  readonly task: Task;
  readonly address: number;
  readonly cells: Cell[];
  readonly purgeable: Purgeable | null;
}

interface Description {
  readonly descriptor: IOMemoryDescriptor;
  readonly cells: readonly Cell[];
  readonly map: IOMemoryMap | null;
  readonly address: number;
  /** What the map shows. */
  readonly mapped: readonly Cell[];
  readonly mapTask: Task;
  prepared: boolean;
}

class Model {
  readonly machine: TestMachine;
  readonly regions: Region[] = [];
  readonly descriptions: Description[] = [];
  private next = 1;

  constructor(
    pageSize: 4096 | 16384,
    readonly swap: number,
  ) {
    this.machine = new TestMachine({ pageSize, swap });
  }

  apply(operation: number, a: number, b: number, c: number): void {
    const { machine, regions } = this;
    const task = a % 2 === 0 ? machine.client : machine.other;
    const region = regions[a % Math.max(1, regions.length)];
    switch (operation) {
      case 0:
        return this.allocate(task, 1 + (b % 6), c % 4 === 0);
      case 1:
        return region && this.remap(region, b, c, task, true);
      case 2:
        return region && this.remap(region, b, c, task, false);
      case 3:
      case 4:
        return region && this.store(region, b);
      case 5:
        return region && this.remove(a % regions.length, b);
      case 6:
        return this.evict(a % 8);
      case 7:
        return region && this.describe(region, b, c);
      case 8:
        return this.usedDescription(a, b, c);
      case 9:
        return this.dropDescription(a);
      case 10:
        return region && this.purge(region, b);
      default:
        return this.look();
    }
  }

  /** Everything that can be seen is as the model says. */
  look(): void {
    for (const { task, address, cells } of this.regions) this.compare(task, address, cells);
    for (const { map, mapTask, address, mapped } of this.descriptions)
      if (map !== null) this.compare(mapTask, address, mapped);
  }

  private compare(task: Task, address: number, cells: readonly Cell[]): void {
    cells.forEach((cell, i) => {
      assert.is(task.load32(address + i * this.machine.pageSize), cell.value, `${task.name} page ${i}`);
    });
  }

  private allocate(task: Task, pages: number, purgeable: boolean): void {
    const cells = Array.from({ length: pages }, () => ({ value: 0 }));
    const address = task.allocate(pages * this.machine.pageSize, { purgeable });
    this.regions.push({
      task,
      address,
      cells,
      purgeable: purgeable ? { cells, state: kIOMemoryPurgeableNonVolatile } : null,
    });
  }

  private remap(region: Region, first: number, count: number, into: Task, copy: boolean): void {
    const from = first % region.cells.length;
    const length = 1 + (count % (region.cells.length - from));
    const { pageSize } = this.machine;
    const address = into.remap(region.task, region.address + from * pageSize, length * pageSize, { copy });
    const cells = region.cells.slice(from, from + length).map((cell) => (copy ? { ...cell } : cell));
    this.regions.push({ task: into, address, cells, purgeable: null });
  }

  private store(region: Region, page: number): void {
    const at = page % region.cells.length;
    region.cells[at]!.value = this.next;
    region.task.store32(region.address + at * this.machine.pageSize, this.next++);
  }

  private remove(number: number, page: number): void {
    const region = this.regions[number]!;
    if (region.purgeable !== null) this.setState(region, region.purgeable, kIOMemoryPurgeableNonVolatile);
    const { pageSize } = this.machine;
    const at = page % region.cells.length;
    region.task.deallocate(region.address + at * pageSize, pageSize);
    const parts = [
      { ...region, cells: region.cells.slice(0, at), purgeable: null },
      {
        ...region,
        address: region.address + (at + 1) * pageSize,
        cells: region.cells.slice(at + 1),
        purgeable: null,
      },
    ].filter(({ cells }) => cells.length > 0);
    this.regions.splice(number, 1, ...parts);
  }

  private evict(pages: number): void {
    const { vm } = this.machine.kernelState;
    for (let left = pages; left > 0; left--) vm.pager?.evict({ pool: 0 });
  }

  private describe(region: Region, options: number, count: number): void {
    const copied = options % 2 === 0;
    const length = 1 + (count % region.cells.length);
    const { machine } = this;
    const descriptor = machine.enter(region.task, () =>
      IOMemoryDescriptor.withAddressRange(
        region.address,
        length * machine.pageSize,
        kIODirectionOutIn | (copied ? kIOMemoryMapCopyOnWrite : 0),
        region.task,
      ),
    );
    const cells = region.cells.slice(0, length);
    const mapTask = options % 3 === 0 ? machine.other : machine.client;
    // Into the task itself it would be the memory itself.
    const mapped = options % 5 !== 0 && mapTask !== region.task;
    const map = mapped
      ? machine.enter(mapTask, () => descriptor.createMappingInTask(mapTask, 0, kIOMapAnywhere))
      : null;
    this.descriptions.push({
      descriptor,
      cells,
      map,
      address: map === null ? 0 : machine.enter(mapTask, () => map.getVirtualAddress()),
      mapped: copied ? cells.map((cell) => ({ ...cell })) : cells,
      mapTask,
      prepared: false,
    });
  }

  private usedDescription(number: number, page: number, what: number): void {
    const description = this.descriptions[number % Math.max(1, this.descriptions.length)];
    if (description === undefined) return;
    const { machine } = this;
    const { descriptor, map, mapped, mapTask, cells } = description;
    const at = page % cells.length;
    machine.enter(machine.kernel, () => {
      if (what % 4 === 0 && map !== null) {
        mapped[at]!.value = this.next;
        mapTask.store32(description.address + at * machine.pageSize, this.next++);
      } else if (!description.prepared) {
        // Without a map the memory may have been unmapped since.
        if (map !== null) {
          assert.is(descriptor.prepare(), 0);
          description.prepared = true;
        }
      } else if (what % 4 === 1) {
        const bytes = new Uint8Array(4);
        descriptor.readBytes(at * machine.pageSize, bytes);
        assert.is(new DataView(bytes.buffer).getUint32(0, true), cells[at]!.value);
      } else if (what % 4 === 2) {
        cells[at]!.value = this.next;
        const bytes = new Uint8Array(4);
        new DataView(bytes.buffer).setUint32(0, this.next++, true);
        assert.is(descriptor.writeBytes(at * machine.pageSize, bytes), 4);
      } else {
        descriptor.complete();
        description.prepared = false;
      }
    });
  }

  private dropDescription(number: number): void {
    const [description] = this.descriptions.splice(number % Math.max(1, this.descriptions.length), 1);
    if (description === undefined) return;
    this.machine.enter(description.mapTask, () => description.map?.release());
    this.machine.enter(this.machine.kernel, () => description.descriptor.release());
  }

  private purge(region: Region, word: number): void {
    const { purgeable } = region;
    if (purgeable === null) return;
    const wired = this.descriptions.some(({ prepared }) => prepared);
    const states = [kIOMemoryPurgeableNonVolatile, kIOMemoryPurgeableVolatile, kIOMemoryPurgeableEmpty];
    const state = states[word % states.length]!;
    // Wired pages stay: which ones is the business of other tests.
    if (wired) return;
    this.setState(region, purgeable, state);
    this.pressure();
  }

  private setState(region: Region, purgeable: Purgeable, state: number): void {
    const { machine } = this;
    machine.enter(region.task, () => {
      const bytes = region.cells.length * machine.pageSize;
      const descriptor = IOMemoryDescriptor.withAddressRange(region.address, bytes, kIODirectionOutIn, region.task);
      assert.equal(descriptor.setPurgeable(state), { result: 0, oldState: purgeable.state });
      if (state === kIOMemoryPurgeableEmpty && purgeable.state !== kIOMemoryPurgeableEmpty)
        for (const cell of purgeable.cells) cell.value = 0;
      if (!(state === kIOMemoryPurgeableVolatile && purgeable.state === kIOMemoryPurgeableEmpty))
        purgeable.state = state;
      descriptor.release();
    });
  }

  /** The purger takes a volatile object, if one has anything to give. */
  private pressure(): void {
    const { vm } = this.machine.kernelState;
    if (!purgeNext(vm, { pool: 0 })) return;
    const emptied = this.regions.filter(({ purgeable, task, address }) => {
      const object = this.machine.spaceOf(task).lookup(address)!.object!;
      return purgeable?.state === kIOMemoryPurgeableVolatile && !vm.purgeQueue.objects.includes(object);
    });
    assert.is(emptied.length, 1);
    emptied[0]!.purgeable!.state = kIOMemoryPurgeableEmpty;
    for (const cell of emptied[0]!.purgeable!.cells) cell.value = 0;
  }
}

const operations = fc.array(fc.tuple(fc.nat(11), fc.nat(1000), fc.nat(1000), fc.nat(1000)), {
  minLength: 1,
  maxLength: 80,
  size: 'max',
});

for (const pageSize of [4096, 16384] as const) {
  for (const swap of [0, 2 ** 20]) {
    test(`nobody can tell what is shared, copied late, or paged out (${pageSize}, ${swap} bytes of swap)`, () => {
      seeded(
        fc.property(operations, (sequence) => {
          const model = new Model(pageSize, swap);
          const frames = model.machine.freeFrames;
          for (const [operation, a, b, c] of sequence) {
            model.apply(operation, a, b, c);
            assert.equal(checkInvariants(model.machine.kernelState), []);
          }
          model.look();
          while (model.descriptions.length > 0) model.apply(9, 0, 0, 0);
          while (model.regions.length > 0) model.apply(5, 0, 0, 0);
          assert.equal(checkInvariants(model.machine.kernelState), []);
          assert.is(model.machine.freeFrames, frames);
          assert.is(model.machine.kernelState.vm.swap?.used ?? 0, 0);
        }),
        150,
      );
    });
  }
}

test.run();
