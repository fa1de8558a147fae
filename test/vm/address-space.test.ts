/** Address spaces and memory objects by themselves: entries, placement, faults, wiring, and that all of it rolls back. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/hardware/configuration.ts';
import { Hardware } from '../../src/hardware/hardware.ts';
import { pteFrameShift, pteRights } from '../../src/hardware/page-table.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_NO_SPACE,
  KERN_PROTECTION_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
} from '../../src/vm/kern-return.ts';
import { VM_PROT_READ, VM_PROT_WRITE } from '../../src/vm/map-entry.ts';
import { VirtualMemory } from '../../src/vm/virtual-memory.ts';
import { windowStart } from '../../src/vm/windows.ts';

const machine = { pool: 0 };
const first = { pool: 1 };
const readWrite = VM_PROT_READ | VM_PROT_WRITE;

for (const pageSize of [4096, 16384] as const) {
  const make = () => {
    const hardware = Hardware.build(configure({ pageSize, physicalMemory: 2 ** 20 }));
    const vm = new VirtualMemory(hardware);
    return { hardware, vm, space: vm.createSpace(1, 'client') };
  };
  const it = (name: string, body: () => void) => test(`${name} (${pageSize})`, body);

  it('anywhere goes to the actor’s own window and never back', () => {
    const { space } = make();
    const a = space.allocate(machine, 1, null, readWrite, readWrite);
    assert.is(a, windowStart(1, 0));
    space.remove(machine, a, a + pageSize);
    assert.is(space.allocate(machine, 1, null, readWrite, readWrite), a + pageSize);
    assert.is(space.allocate(first, 1, null, readWrite, readWrite), windowStart(1, 1));
  });

  it('a placed range must be free, whole and inside the address space', () => {
    const { space } = make();
    const at = 16 * pageSize;
    assert.is(space.allocate(machine, 4 * pageSize, at, readWrite, readWrite), at);
    assert.is(space.allocate(machine, pageSize, at + 3 * pageSize, readWrite, readWrite), -KERN_NO_SPACE);
    assert.is(space.allocate(machine, pageSize, 0, readWrite, readWrite), -KERN_NO_SPACE);
    assert.is(space.allocate(machine, pageSize, 2 ** 47 - pageSize, readWrite, readWrite), 2 ** 47 - pageSize);
    assert.is(space.allocate(machine, 2 * pageSize, 2 ** 47 - pageSize, readWrite, readWrite), -KERN_INVALID_ADDRESS);
  });

  it('anywhere steps around what was placed in its way', () => {
    const { space } = make();
    const base = windowStart(1, 0);
    space.allocate(machine, pageSize, base + pageSize, readWrite, readWrite);
    assert.is(space.allocate(machine, 2 * pageSize, null, readWrite, readWrite), base + 2 * pageSize);
  });

  it('a first touch gives a zeroed page, also when its frame was used before', () => {
    const { hardware, vm, space } = make();
    const a = space.allocate(machine, pageSize, null, readWrite, readWrite);
    assert.is(space.fault(machine, a, VM_PROT_WRITE), KERN_SUCCESS);
    const frame = hardware.tables.entry(1, a / pageSize) >>> pteFrameShift;
    hardware.memory.words.fill(-1, (frame * pageSize) / 4, ((frame + 1) * pageSize) / 4);
    space.remove(machine, a, a + pageSize);
    assert.is(hardware.frames.owners(frame), 0);
    assert.is(hardware.tables.entry(1, a / pageSize), 0);
    assert.is(vm.zeroFrame(machine), frame);
    assert.ok(hardware.memory.isZero(frame * pageSize, pageSize));
  });

  it('faults are refused where nothing is, where rights miss, and when memory is used up', () => {
    const { space, hardware } = make();
    const a = space.allocate(machine, 2 ** 20, null, VM_PROT_READ, readWrite);
    assert.is(space.fault(machine, a - 1, VM_PROT_READ), KERN_INVALID_ADDRESS);
    assert.is(space.fault(machine, a, VM_PROT_WRITE), KERN_PROTECTION_FAILURE);
    const pages = hardware.frames.frames - 1;
    for (let i = 0; i < pages; i++) assert.is(space.fault(machine, a + i * pageSize, VM_PROT_READ), KERN_SUCCESS);
    assert.is(space.fault(machine, a + pages * pageSize, VM_PROT_READ), KERN_RESOURCE_SHORTAGE);
  });

  it('protect divides entries, takes rights from translations, changes nothing when it fails', () => {
    const { space, hardware } = make();
    const a = space.allocate(machine, 3 * pageSize, null, readWrite, readWrite);
    for (let i = 0; i < 3; i++) space.fault(machine, a + i * pageSize, VM_PROT_WRITE);
    assert.is(space.protect(a + pageSize, a + pageSize + 1, VM_PROT_READ), KERN_SUCCESS);
    const rights = (i: number) => hardware.tables.entry(1, a / pageSize + i) & pteRights;
    assert.equal([rights(0), rights(1), rights(2)], [3, 1, 3]);
    assert.is(space.entries.count, 3);
    assert.is(space.protect(a, a + 4 * pageSize, VM_PROT_READ), KERN_INVALID_ADDRESS);
    assert.is(space.protect(a, a + pageSize, 4), KERN_PROTECTION_FAILURE);
    assert.equal([rights(0), rights(1), rights(2)], [3, 1, 3]);
    assert.is(space.protect(a, a + 3 * pageSize, 0), KERN_SUCCESS);
    assert.equal([rights(0), rights(1), rights(2)], [0, 0, 0]);
  });

  it('unmapping the middle keeps both ends and their content', () => {
    const { space, hardware } = make();
    const a = space.allocate(machine, 3 * pageSize, null, readWrite, readWrite);
    for (let i = 0; i < 3; i++) space.fault(machine, a + i * pageSize, VM_PROT_WRITE);
    const last = hardware.tables.entry(1, a / pageSize + 2);
    space.remove(machine, a + pageSize, a + 2 * pageSize);
    assert.is(hardware.tables.entry(1, a / pageSize + 2), last);
    assert.is(space.fault(machine, a + pageSize, VM_PROT_READ), KERN_INVALID_ADDRESS);
    space.remove(machine, a, a + 3 * pageSize);
    assert.is(hardware.frames.freeFrames, hardware.frames.frames - 1);
  });

  it('wired frames outlive object and task until the last unwire', () => {
    const { space, vm, hardware } = make();
    const object = vm.createObject({ pool: 0 }, pageSize);
    const a = space.place(machine, pageSize);
    space.enter(machine, a, pageSize, object, 0, readWrite, readWrite, false);
    object.release(machine);
    const frame = object.page(machine, 0);
    object.wire(frame);
    object.wire(frame);
    space.terminate(machine);
    assert.is(hardware.frames.owners(frame), 0);
    object.unwire(machine, frame);
    assert.is(hardware.frames.freeFrames, hardware.frames.frames - 2);
    object.unwire(machine, frame);
    assert.is(hardware.frames.freeFrames, hardware.frames.frames - 1);
    assert.is(space.place(machine, pageSize), 0);
  });

  it('everything rolls back', () => {
    const { space, hardware } = make();
    const kept = space.allocate(machine, 4 * pageSize, null, readWrite, readWrite);
    space.fault(machine, kept, VM_PROT_WRITE);
    const shape = () =>
      JSON.stringify([
        [...space.entries].map((e) => [e.start, e.end, e.offset, e.protection]),
        hardware.frames.freeFrames,
        hardware.tables.entry(1, kept / pageSize),
      ]);
    const before = shape();
    hardware.journal.base();
    for (let round = 0; round < 2; round++) {
      const more = space.allocate(machine, 8 * pageSize, null, readWrite, readWrite);
      assert.is(more, kept + 4 * pageSize);
      space.fault(machine, more + pageSize, VM_PROT_WRITE);
      space.protect(kept, kept + pageSize, VM_PROT_READ);
      space.remove(machine, kept + 2 * pageSize, kept + 3 * pageSize);
      space.terminate(machine);
      assert.is.not(shape(), before);
      hardware.journal.rollback();
      assert.is(shape(), before);
    }
  });
}

test('a hundred thousand entries cost no more each than a hundred', () => {
  const hardware = Hardware.build(configure({ physicalMemory: 2 ** 20 }));
  const space = new VirtualMemory(hardware).createSpace(1, 'client');
  const object = new VirtualMemory(hardware).createObject({ pool: 0 }, 4096);
  const total = 100_000;
  const at = (i: number) => 2 ** 33 + i * 8192;
  // In the order that hurts a plain array most.
  for (let i = total - 1; i >= 0; i--) space.enter(machine, at(i), 4096, object, 0, readWrite, readWrite, false);
  assert.is(space.entries.count, total);
  let expected = 0;
  for (const entry of space.entries) assert.is(entry.start, at(expected++));
  for (let i = 0; i < total; i += 2) space.remove(machine, at(i), at(i) + 4096);
  assert.is(space.entries.count, total / 2);
  assert.is(space.lookup(at(0)), null);
  assert.is(space.lookup(at(77_777) + 4095)?.start, at(77_777));
});

test.run();
