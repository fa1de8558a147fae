/** Where I/O Kit keeps what exists: the maps of a descriptor, and registries that a rollback does not disorder. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Journal } from '../../src/hardware/journal.ts';
import type { IOMemoryMap } from '../../src/iokit/io-memory-map.ts';
import { MapSet } from '../../src/iokit/map-set.ts';
import { kIODirectionInOut, kIOMapAnywhere } from '../../src/iokit/options.ts';
import { Registry } from '../../src/iokit/registry.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { ScenarioMachine } from '../../src/machine/scenario-machine.ts';
import { IOMemoryDescriptor } from '../../src/task/iokit/io-memory-descriptor.ts';
import type { Task } from '../../src/task/task.ts';

interface Part {
  readonly offset: number;
  readonly length: number;
  readonly order: number;
  readonly odd: boolean;
}

const number = (most: number) => fc.integer({ min: 0, max: most });
const command = fc.record({ what: fc.constantFrom('insert', 'insert', 'remove'), a: number(2000), b: number(99) });

/** The set and a plain list do the same; then both are asked for everything. */
function drive(set: MapSet, list: Part[], commands: readonly { what: string; a: number; b: number }[]): void {
  for (const { what, a, b } of commands) {
    if (what === 'insert') {
      // Few lengths, so that many parts end where others do.
      const part = { offset: a, length: 1 + b * (b % 7), order: (list.at(-1)?.order ?? 0) + 1, odd: b % 2 === 1 };
      list.push(part);
      set.insert(part as unknown as IOMemoryMap);
    } else if (list.length > 0) {
      const [gone] = list.splice(a % list.length, 1);
      set.remove(gone as unknown as IOMemoryMap);
      assert.not(set.has(gone as unknown as IOMemoryMap));
    }
  }
}

function compare(set: MapSet, list: readonly Part[]): void {
  assert.is(set.size, list.length);
  assert.equal([...set] as unknown[], list);
  for (const part of list) assert.ok(set.has(part as unknown as IOMemoryMap));
  for (let offset = 0; offset < 2100; offset += 37)
    for (const length of [1, 40, 300]) {
      const expected = list.find(
        (part) => part.odd && part.offset <= offset && part.offset + part.length >= offset + length,
      );
      const found = set.first(offset, offset + length, (map) => (map as unknown as Part).odd);
      assert.is(found as unknown, expected ?? null);
    }
}

test('finds the first of the maps that hold a part, as a list would, also after a rollback', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 1200, size: 'max' }),
      fc.array(command, { maxLength: 400, size: 'max' }),
      (before, after) => {
        const journal = new Journal();
        const set = new MapSet(journal);
        const list: Part[] = [];
        drive(set, list, before);
        compare(set, list);
        journal.base();
        const changed = [...list];
        drive(set, changed, after);
        compare(set, changed);
        journal.rollback();
        compare(set, list);
      },
    ),
    { numRuns: 25, seed: 20261125 },
  );
});

test('a registry keeps the order of making, whatever a rollback brings back', () => {
  const journal = new Journal();
  const registry = new Registry<string>(journal);
  for (const item of ['a', 'b', 'c']) registry.add(item);
  journal.base();
  registry.delete('a');
  registry.add('d');
  registry.delete('c');
  assert.equal([...registry], ['b', 'd']);
  journal.rollback();
  assert.equal([...registry], ['a', 'b', 'c']);
  registry.delete('b');
  registry.add('e');
  assert.equal([...registry], ['a', 'c', 'e']);
  assert.is(registry.size, 3);
});

test('a hundred thousand maps over 64 tasks and 1 GiB show what they should, and leave nothing behind', () => {
  const names = Array.from({ length: 64 }, (_, i) => `task${i}`);
  const machine = new ScenarioMachine({ physicalMemory: 2 ** 30 }, names);
  const { pageSize, frames } = machine.hardware;
  const [owner, ...others] = names.map((name) => machine.task(name)) as [Task, ...Task[]];
  const pages = 100_000;
  const address = owner.allocate(pages * pageSize);
  const mark = (page: number) => page % 9973 === 0;
  for (let page = 0; page < pages; page++) if (mark(page)) owner.store32(address + page * pageSize, page + 1);
  const free = frames.freeFrames;
  machine.enter(machine.kernel, () => {
    const md = IOMemoryDescriptor.withAddressRange(address, pages * pageSize, kIODirectionInOut, owner);
    const ask = (page: number) =>
      md.createMappingInTask(others[page % others.length]!, 0, kIOMapAnywhere, page * pageSize, pageSize);
    const maps = Array.from({ length: pages }, (_, page) => ask(page));
    for (let page = 0; page < pages; page++) {
      if (!mark(page)) continue;
      assert.is(others[page % others.length]!.load32(maps[page]!.getVirtualAddress()), page + 1);
      const same = ask(page);
      assert.is(same.id, maps[page]!.id);
      same.release();
    }
    assert.equal(checkInvariants(machine.kernelState), []);
    for (const map of maps) map.release();
    md.release();
  });
  assert.is(machine.inspect().maps.length, 0);
  assert.is(frames.freeFrames, free);
  assert.is(
    machine
      .inspect()
      .tasks.filter(({ name }) => name !== 'task0')
      .flatMap(({ entries }) => entries).length,
    0,
  );
});

test.run();
