/** Commands of the kernel's own hands: the map lock, entries, frames and translations. */
import * as assert from 'uvu/assert';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Pick } from '../pick.ts';
import { readWrite } from '../root.ts';
import type { World } from '../world.ts';
import { addRegion, forget, target } from './memory.ts';
import { checkBytes } from './prepared.ts';
import { sleeperOf } from './threads.ts';

const length = 8;
/** Where nobody else maps anything. */
const deviceAddress = 3 * 2 ** 30;

export const privilegedCommands = {
  /** Whoever wants to change a space waits for its lock; looking waits for nobody. */
  mapLock(world: World, pick: Pick): void {
    const task = pick.of(world.live);
    const space = task.state.handle;
    const [driver] = world.kernel.actors;
    const other = sleeperOf(world, task);
    driver.call(calls.mapLock, space);
    const before = driver.call(calls.mapVersion, space);
    if (other !== undefined) {
      const pages = world.newPages(1);
      const check = (address: number): void => addRegion(world, task, address, pages, readWrite);
      other.sleep(calls.allocate, check, world.pageSize, 0, true, readWrite);
      assert.is(other.isFree, false, 'it waits for the map lock');
    }
    world.check();
    assert.is(driver.call(calls.mapVersion, space), before);
    driver.call(calls.mapUnlock, space);
    world.check();
    if (other !== undefined) assert.is(other.isFree && driver.call(calls.mapVersion, space) > before, true);
  },

  mapLookup(world: World, pick: Pick): void {
    const task = pick.of(world.live);
    const pages = [...task.space.slots.keys()];
    const page = pages.length === 0 || pick.once(8) ? 2 ** 29 : pick.of(pages);
    const slot = task.space.slots.get(page);
    const address = page * world.pageSize + pick.upTo(world.pageSize);
    const entry = world.driver(pick).call(calls.mapLookup, task.state.handle, address);
    assert.is(entry.found, slot !== undefined);
    if (slot === undefined) return;
    assert.ok(entry.start <= address && address < entry.end);
    assert.is(entry.protection, slot.rights);
    assert.is(entry.object !== 0, slot.page !== null);
  },

  mapEnter(world: World, pick: Pick): void {
    const object = pick.any(world.objects.filter(({ owner }) => owner === world.kernel.state.number));
    if (object === undefined || world.regions.length >= 12) return;
    const task = pick.of(world.live);
    const count = object.pages.length;
    const place = target(world, pick, task, count);
    if (place === null) return;
    const request = [task.state.handle, place.address, object.id, 0, 0, readWrite, readWrite] as const;
    const driver = world.driver(pick);
    if (place.overwrite)
      assert.is(driver.call(calls.mapEnter, ...request, false, false), 3, 'there is something already');
    forget(world, task, place.address, count);
    assert.is(driver.call(calls.mapEnter, ...request, place.overwrite, false), 0);
    addRegion(world, task, place.address, object.pages, readWrite);
  },

  mapRemove(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined) return;
    const { task, address, pages } = region;
    forget(world, task, address, pages);
    assert.is(world.driver(pick).call(calls.mapRemove, task.state.handle, address, pages * world.pageSize), 0);
    task.space.hide(address, pages);
  },

  mapProtect(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined) return;
    const { task, address, pages } = region;
    const bytes = pages * world.pageSize;
    forget(world, task, address, pages);
    world.regions.push({ ...region, purgeable: null });
    const driver = world.driver(pick);
    const rights = pick.of([readWrite, 1]);
    assert.is(driver.call(calls.mapProtect, task.state.handle, address, bytes, rights), 0);
    for (const slot of task.space.over(address, bytes)) slot!.rights = rights;
    assert.is(driver.call(calls.mapProtect, task.state.handle, 2 ** 41, bytes, rights), 1);
  },

  /** A frame is taken, shown to a task past every entry, and given back. */
  frames(world: World, pick: Pick): void {
    const [driver] = world.kernel.actors;
    const task = pick.of(world.live);
    const { pageSize } = world;
    const frame = driver.call(calls.frameAllocate);
    if (frame === 0) return;
    driver.call(calls.frameWire, frame);
    const bytes = world.fresh(length);
    const at = pick.upTo(pageSize - length);
    driver.copy(calls.frameWrite, bytes, frame, at, length, 0, 0, false);
    const address = 2 ** 42 + pick.upTo(4) * pageSize;
    driver.call(calls.translationSet, task.state.handle, address, frame, readWrite);
    const [actor] = task.actors;
    assert.equal(actor.task.read(address + at, length), bytes);
    const stored = world.fresh(length);
    actor.task.write(address + at, stored);
    const back = new Uint8Array(length);
    driver.copy(calls.frameRead, back, frame, at, length, 0, 0, false);
    assert.equal(back, stored);
    assert.is(driver.call(calls.translationClear, task.state.handle, address), frame);
    // Only where processors forget late: the one that has used it does so still.
    if (world.machine.hardware.late !== null) assert.equal(actor.task.read(address + at, length), stored);
    driver.call(calls.shootDown, task.state.handle, address, pageSize);
    world.faults(() => actor.task.load8(address));
    driver.call(calls.frameSetModified, frame);
    assert.ok(world.machine.hardware.frames.isDirty(frame));
    driver.call(calls.frameClearModified, frame);
    driver.call(calls.cacheMaintain, frame * pageSize, pageSize, 3);
    if (world.configuration.mapper) showToDevices(world, frame, at, stored);
    driver.call(calls.frameUnwire, frame);
    driver.call(calls.frameFree, frame);
  },

  /** A page of an object, and what the kernel finds in it. */
  objectPage(world: World, pick: Pick): void {
    const object = pick.any(world.objects.filter(({ owner }) => owner === world.kernel.state.number));
    if (object === undefined) return;
    const [driver] = world.kernel.actors;
    const index = pick.upTo(object.pages.length);
    const frame = driver.call(calls.objectPage, object.id, index * world.pageSize);
    assert.ok(frame > 0);
    const at = pick.offset(world.pageSize - length, world.pageSize);
    const bytes = new Uint8Array(length);
    driver.copy(calls.frameRead, bytes, frame, at, length, 0, 0, false);
    assert.equal(bytes, object.pages[index]!.read(at, length));
  },

  /** A copy of an object, and one that shows what it has. */
  copyObject(world: World, pick: Pick): void {
    const object = pick.any(world.objects.filter(({ owner }) => owner === world.kernel.state.number));
    if (object === undefined || world.objects.length > 5) return;
    const [driver] = world.kernel.actors;
    const upper = driver.call(calls.objectShadow, object.id);
    const bytes = new Uint8Array(length);
    driver.copy(calls.frameRead, bytes, driver.call(calls.objectPage, upper, 0), 0, length, 0, 0, false);
    assert.equal(bytes, object.pages[0]!.read(0, length));
    driver.call(calls.release, upper);
    const id = driver.call(calls.objectCopy, object.id);
    assert.ok(id > 0);
    world.objects.push({ id, owner: object.owner, pages: object.pages.map((page) => page.copy()) });
  },
};

/** A frame at a device address, past the mapper: there until it is taken away and flushed. */
function showToDevices(world: World, frame: number, at: number, bytes: Uint8Array): void {
  const [driver] = world.kernel.actors;
  const { pageSize } = world;
  driver.call(calls.iommuMap, deviceAddress, frame, readWrite);
  checkBytes(world, deviceAddress + at, bytes.length, bytes, true);
  driver.call(calls.iommuUnmap, deviceAddress, pageSize);
  driver.call(calls.iommuFlush, deviceAddress, pageSize);
  assert.is(world.machine.hardware.iommu!.lookup(deviceAddress / 4096), -1);
}
