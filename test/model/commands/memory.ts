/** Commands on virtual memory: what a task does to its own address space, and what happens to pages behind its back. */
import * as assert from 'uvu/assert';
import { calls } from '../../../src/kernel/calls/index.ts';
import { type Page, Purgeable } from '../pages.ts';
import type { Pick } from '../pick.ts';
import { readWrite, write } from '../root.ts';
import type { Region, TaskModel, World } from '../world.ts';
import { nonvolatile, setState } from './purgeable.ts';

const mostPages = 6;
export const mostRegions = 12;

export function addRegion(
  world: World,
  task: TaskModel,
  address: number,
  pages: readonly Page[],
  rights: number,
  purgeable: Purgeable | null = null,
): void {
  forget(world, task, address, pages.length);
  task.space.show(address, pages, rights, readWrite);
  world.regions.push({ task, address, pages: pages.length, purgeable });
}

/** Regions of `task` are what is left of them when whole pages from `address` on go, or show something else. */
export function forget(world: World, task: TaskModel, address: number, pages: number): void {
  const { pageSize } = world;
  const end = address + pages * pageSize;
  world.regions = world.regions.flatMap((region): Region[] => {
    const until = region.address + region.pages * pageSize;
    if (region.task !== task || region.address >= end || until <= address) return [region];
    keep(world, region);
    return [
      { ...region, pages: (address - region.address) / pageSize, purgeable: null },
      { ...region, address: end, pages: (until - end) / pageSize, purgeable: null },
    ].filter((part) => part.pages > 0);
  });
}

/** What is no longer one object in one piece cannot be asked about any more, so its contents are kept for good. */
function keep(world: World, region: Region): void {
  if (region.purgeable !== null && region.purgeable.state !== nonvolatile)
    setState(world, region, region.purgeable, nonvolatile);
}

/** An address for `pages` pages: somewhere inside of a region, to be overwritten, or one that is free. */
export function target(
  world: World,
  pick: Pick,
  task: TaskModel,
  pages: number,
): { address: number; overwrite: boolean } | null {
  const region = pick.any(world.regions.filter((one) => one.task === task && one.pages >= pages));
  if (region !== undefined && pick.once(2))
    return { address: region.address + pick.upTo(region.pages - pages + 1) * world.pageSize, overwrite: true };
  const address = 2 ** 20 + pick.upTo(64) * world.pageSize;
  return task.space.isFree(address, pages) ? { address, overwrite: false } : null;
}

export const memoryCommands = {
  allocate(world: World, pick: Pick): void {
    const task = pick.of(world.live);
    const actor = world.actor(pick, task);
    const pages = 1 + pick.upTo(mostPages);
    const rights = pick.once(5) ? pick.upTo(4) : readWrite;
    const place = pick.once(4) ? target(world, pick, task, pages) : null;
    if (place?.overwrite === true) {
      assert.match(
        actor.refused(calls.allocate, pages * world.pageSize, place.address, false, rights).message,
        /no space/,
      );
      return;
    }
    if (world.regions.length >= mostRegions) return;
    const call = pick.of([calls.allocate, calls.allocate, calls.allocatePurgeable, calls.allocateWired]);
    const address = actor.call(
      call,
      pages * world.pageSize - pick.upTo(2),
      place?.address ?? 0,
      place === null,
      rights,
    );
    const purgeable = call === calls.allocatePurgeable ? new Purgeable(nonvolatile) : null;
    const shown = world.newPages(pages, purgeable);
    purgeable?.pages.push(...shown);
    // Rights that do not allow to store do not allow to ask for a state either.
    addRegion(world, task, address, shown, rights, (rights & write) === 0 ? null : purgeable);
  },

  deallocate(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined) return;
    const { task } = region;
    const first = pick.upTo(region.pages);
    const count = 1 + pick.upTo(region.pages - first);
    const address = region.address + first * world.pageSize;
    forget(world, task, address, count);
    world.actor(pick, task).call(calls.deallocate, address + pick.upTo(2), count * world.pageSize - 1);
    task.space.hide(address, count);
  },

  protect(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined) return;
    const actor = world.actor(pick, region.task);
    const first = pick.upTo(region.pages);
    const count = 1 + pick.upTo(region.pages - first);
    const rights = pick.once(2) ? readWrite : pick.upTo(4);
    const address = region.address + first * world.pageSize;
    forget(world, region.task, address, count);
    world.regions.push({ ...region, address, pages: count, purgeable: null });
    actor.call(calls.protect, address, count * world.pageSize, rights);
    for (const slot of region.task.space.over(address, count * world.pageSize)) slot!.rights = rights;
  },

  /** Mach's `vm_remap`, within a task or between two: the same pages, or copies of them. */
  remap(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined || world.regions.length >= mostRegions) return;
    const { pageSize } = world;
    const into = pick.of(world.live);
    const actor = world.actor(pick, into);
    const first = pick.upTo(region.pages);
    const count = 1 + pick.upTo(region.pages - first);
    const copy = !pick.once(2);
    const from = region.address + first * pageSize;
    const place = pick.once(3) ? target(world, pick, into, count) : null;
    const overwrite = place?.overwrite ?? false;
    const source = region.task.state.handle;
    const slots = region.task.space.over(from, count * pageSize);
    const request = [source, from, count * pageSize, copy, place?.address ?? 0, place === null, overwrite] as const;
    if (copy && slots.some((slot) => (slot!.rights & 1) === 0)) {
      assert.match(actor.refused(calls.remap, ...request).message, /protected/);
      return;
    }
    // Before anything is overwritten: the source may lie there itself.
    const pages = slots.map((slot) => (copy ? slot!.page!.copy() : slot!.page!));
    const rights = slots.map((slot) => slot!.rights);
    const shares = region.purgeable !== null && !copy;
    if (shares) keep(world, region);
    if (overwrite) forget(world, into, place!.address, count);
    const address = actor.call(calls.remap, ...request);
    addRegion(world, into, address, pages, readWrite);
    into.space.over(address, count * pageSize).forEach((slot, i) => {
      slot!.rights = rights[i]!;
    });
    if (shares) world.regions = world.regions.map((one) => (one === region ? { ...region, purgeable: null } : one));
  },

  memoryObject(world: World, pick: Pick): void {
    if (world.objects.length > 5) return;
    const actor = world.actor(pick);
    const pages = world.newPages(1 + pick.upTo(3));
    const id = actor.call(calls.memoryObject, pages.length * world.pageSize - pick.upTo(2));
    world.objects.push({ id, owner: actor.holder, pages });
  },

  mapObject(world: World, pick: Pick): void {
    const object = pick.any(world.objects);
    if (object === undefined || world.regions.length >= mostRegions) return;
    const actor = world.ownerOf(pick, object);
    const task = world.taskFor(actor);
    const first = pick.upTo(object.pages.length);
    const count = object.pages.length - first;
    const rights = pick.once(4) ? pick.upTo(4) : readWrite;
    const place = pick.once(3) ? target(world, pick, task, count) : null;
    const overwrite = place?.overwrite ?? false;
    if (overwrite) forget(world, task, place!.address, count);
    const size = pick.once(2) ? 0 : count * world.pageSize;
    const offset = first * world.pageSize;
    const address = actor.call(
      calls.mapObject,
      object.id,
      offset,
      size,
      place?.address ?? 0,
      place === null,
      rights,
      overwrite,
    );
    addRegion(world, task, address, object.pages.slice(first), rights);
  },

  load(world: World, pick: Pick): void {
    const place = somewhere(world, pick);
    if (place !== null) world.load(world.actor(pick, place.task), place.address, pick.upTo(48));
  },

  store(world: World, pick: Pick): void {
    const place = somewhere(world, pick);
    if (place !== null) world.store(world.actor(pick, place.task), place.address, pick.upTo(48));
  },

  /** A page that a fault was asked for is there, with the rights that its space gives. */
  fault(world: World, pick: Pick): void {
    const place = somewhere(world, pick);
    if (place === null) return;
    const access = 1 + pick.upTo(2);
    const slot = place.task.space.at(place.address);
    const code = slot === undefined ? 1 : slot.page === null || (slot.rights & access) === 0 ? 2 : 0;
    assert.is(world.actor(pick, place.task).call(calls.fault, place.address, access), code);
  },

  shareIsForTheMachine(world: World, pick: Pick): void {
    assert.match(world.actor(pick).refused(calls.share, world.pageSize).message, /during setup/);
    world.store(world.actor(pick), world.shared.address + pick.offset(2 * world.pageSize, world.pageSize));
  },
};

/** Any address that something is known about: of a region, a map, what is shared, or of nothing. */
function somewhere(world: World, pick: Pick): { task: TaskModel; address: number } | null {
  const { pageSize } = world;
  const task = pick.of(world.live);
  const pages = [...task.space.slots.keys()];
  if (pages.length === 0 || pick.once(20)) return { task, address: 2 ** 41 + pick.upTo(pageSize) };
  return { task, address: pick.of(pages) * pageSize + pick.offset(pageSize, pageSize) };
}
