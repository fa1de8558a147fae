/**
 * Commands while frames are short. A driver takes all but a few, so that any machine is small for as long as one command; then what
 * needs more than there are fails with its code, gives back what it has taken, and succeeds later.
 */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMemoryTypeVirtual } from '../../../src/iokit/options.ts';
import { kIOReturnNoMemory } from '../../../src/iokit/return-codes.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import { faultReasons } from '../../../src/machine/faults.ts';
import type { Actor } from '../actor.ts';
import { Purgeable } from '../pages.ts';
import type { Pick } from '../pick.ts';
import { Root, readWrite } from '../root.ts';
import type { World } from '../world.ts';
import { describe, drop, isFull } from './descriptors.ts';
import { addRegion, forget, mostRegions } from './memory.ts';
import { complete, prepare } from './prepared.ts';
import { nonvolatile, volatile } from './purgeable.ts';

const mostPages = 5;
/** What one access takes at most, over the edge of a page, of two that have to be copied: so many are there, or can go. */
const enough = 4;

/** Runs `body` while no more than `left` frames are free. */
function short(world: World, left: number, body: () => void): void {
  const [driver] = world.kernel.actors;
  const rest = (world.machine.freeFrames - left) * world.pageSize;
  if (rest <= 0) return body();
  const address = driver.call(calls.allocateWired, rest, 0, true, readWrite);
  body();
  driver.call(calls.deallocate, address, rest);
}

/** Memory that nobody has touched yet, and how much of it there are frames for. */
function untouched(world: World, pick: Pick, purgeable: Purgeable | null) {
  // The pager, or whoever empties what is volatile, would make room.
  const makesRoom = world.regions.some((region) => region.purgeable?.state === volatile);
  if (world.configuration.swap === true || makesRoom || world.regions.length >= mostRegions) return null;
  const actor = world.actor(pick);
  const pages = 1 + pick.upTo(mostPages);
  const call = purgeable === null ? calls.allocate : calls.allocatePurgeable;
  const address = actor.call(call, pages * world.pageSize, 0, true, readWrite);
  const shown = world.newPages(pages, purgeable);
  purgeable?.pages.push(...shown);
  addRegion(world, world.taskFor(actor), address, shown, readWrite, purgeable);
  return { actor, address, pages, shown, left: pick.upTo(pages + 1) };
}

/** A call that is refused with too few frames, and leaves as many of them free as there were. */
function refusedIfShort(world: World, actor: Actor, pages: number, left: number, allocate: () => number): void {
  short(world, left, () => {
    if (left >= pages) return;
    assert.throws(allocate, /out of memory/);
    assert.is(world.machine.freeFrames, left, `${actor.name} gives back what it has taken`);
    world.check();
  });
}

export const shortageCommands = {
  /** What was wired before frames ran out is let go, and the descriptor is as if nobody had asked. */
  prepareWhenShort(world: World, pick: Pick): void {
    if (isFull(world)) return;
    const memory = untouched(world, pick, null);
    if (memory === null) return;
    const { actor, address, pages, left } = memory;
    const range = { address, length: pages * world.pageSize };
    const { space } = world.taskFor(actor);
    const id = actor.call(calls.withOptions, [range], actor.task.id, kIODirectionOutIn | kIOMemoryTypeVirtual);
    const root = new Root(world.pageSize, 'addresses', [range], space);
    const of = describe(world, actor, id, 'general', kIODirectionOutIn, root);
    short(world, left, () => {
      if (left >= pages) return void prepare(world, actor, of, 0);
      world.is(actor.call(calls.prepare, of.id, 0), kIOReturnNoMemory, 'prepare without frames');
      assert.is(world.machine.freeFrames, 0, 'what is there stays there');
      world.check();
    });
    if (of.prepares === 0) assert.ok(prepare(world, actor, of, 0), 'there are frames again');
    if (pick.once(2)) return;
    complete(world, actor, of);
    actor.call(calls.release, of.id);
    drop(world, of);
  },

  /** A page that there is no frame for cannot be touched, and can later. */
  touchWhenShort(world: World, pick: Pick): void {
    const memory = untouched(world, pick, null);
    if (memory === null) return;
    const { actor, address, pages, left } = memory;
    short(world, left, () => {
      for (let page = 0; page < pages; page++) {
        const at = address + page * world.pageSize;
        if (page < left) world.store(actor, at);
        else {
          assert.is(faultReasons[actor.call(calls.fault, at, 1)], 'out of memory');
          world.faults(() => actor.task.store8(at, 1));
        }
      }
      world.check();
    });
    world.store(actor, address + (pages - 1) * world.pageSize);
  },

  /** Memory that is wired from the start is there as a whole, or not at all. */
  allocateWhenShort(world: World, pick: Pick): void {
    const memory = untouched(world, pick, null);
    if (memory === null) return;
    const { actor, pages, left } = memory;
    const bytes = pages * world.pageSize;
    refusedIfShort(world, actor, pages, left, () => actor.call(calls.allocateWired, bytes, 0, true, readWrite));
    short(world, left, () => {
      const id = actor.call(calls.bufferInTask, world.kernel.state.handle, kIODirectionOutIn, bytes, 1, 0, false);
      assert.is(id !== 0, left >= pages, 'a buffer of wired memory');
      if (id !== 0) actor.call(calls.release, id);
      assert.is(world.machine.freeFrames, left);
    });
  },

  /** Where there is swap, pages of others go so that these can come, and come back when they are asked for. */
  useWhenShort(world: World, pick: Pick): void {
    if (world.configuration.swap !== true) return;
    const all = world.live.flatMap((task) => [...task.space.slots.keys()].map((page) => ({ task, page })));
    short(world, enough + pick.upTo(4), () => {
      for (let left = 24; left > 0 && all.length > 0; left--) {
        const { task, page } = pick.of(all);
        const at = page * world.pageSize + pick.offset(world.pageSize, world.pageSize);
        if (pick.once(2)) world.store(world.actor(pick, task), at);
        else world.load(world.actor(pick, task), at);
      }
      world.check();
    });
  },

  /** Purgeable memory is copied at once: all of it, or nothing. */
  copyWhenShort(world: World, pick: Pick): void {
    const memory = untouched(world, pick, new Purgeable(nonvolatile));
    if (memory === null) return;
    const { actor, address, pages, left } = memory;
    const bytes = pages * world.pageSize;
    for (let page = 0; page < pages; page++) world.store(actor, address + page * world.pageSize);
    const copy = (): number => actor.call(calls.remap, actor.task.id, address, bytes, true, 0, true, false);
    refusedIfShort(world, actor, pages, left, copy);
    const space = world.taskFor(actor);
    forget(world, space, address, pages);
    actor.call(calls.deallocate, address, bytes);
    space.space.hide(address, pages);
  },
};
