/** Commands that change what maps show, or whether they can be reached. */
import * as assert from 'uvu/assert';
import {
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapOverwrite,
  kIOMapReadOnly,
  kIOMemoryRedirected,
  kIOMemoryTypeVirtual,
} from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Description } from '../descriptions.ts';
import { canBeCompared, mapped, show } from '../mapped.ts';
import { isAligned, type Mapping, pageOffsetOf, viewOf } from '../mappings.ts';
import type { Pick } from '../pick.ts';
import { Root, readWrite } from '../root.ts';
import type { World } from '../world.ts';
import { describe, isFull } from './descriptors.ts';
import { held, mostMappings } from './maps.ts';
import { addRegion, forget, mostRegions } from './memory.ts';
import { sleeperOf } from './threads.ts';

const error = 0xe00002bc;

export const redirectCommands = {
  redirect(world: World, pick: Pick): void {
    const one = pick.any(held(world));
    if (one === undefined) return;
    const { mapping } = one;
    // In the sources only memory of a device is redirected so.
    const { documented } = world;
    if (!documented && mapping.holder.root?.of !== 'physical') return;
    const actor = world.ownerOf(pick, one);
    const to = pick.any(world.descriptions.filter(({ owner, length }) => owner === one.owner && length > 0));
    if (to === undefined) return;
    const offset = pick.once(2) ? pick.offset(to.length, world.pageSize) : 0;
    // What would fail takes a reference that its caller does not know of.
    const fails = !documented && to.root?.of === 'physical' && to.length - offset < mapping.length;
    if (fails || !canBeCompared(world, to, offset, mapping.length)) return;
    const wanted = retarget(world, mapping, to, offset);
    world.is(actor.call(calls.redirectMap, mapping.id, to.id, 0, offset), wanted, 'redirect');
  },

  /**
   * In the sources two memories of one size exchange what is in them, and their descriptors exchange the memories: whoever maps
   * either sees it. Of memory that others may have copied the model knows nothing, so both are fresh.
   */
  exchange(world: World, pick: Pick): void {
    const isRoom = world.mappings.length < mostMappings && world.regions.length + 1 < mostRegions;
    if (world.documented || !isRoom || isFull(world)) return;
    const actor = world.actor(pick);
    const pages = 1 + pick.upTo(2);
    const one = freshMemory(world, actor, pages);
    const other = freshMemory(world, actor, pages);
    const task = pick.of(world.live.filter((into) => into !== world.taskFor(actor)));
    const { length } = one;
    const id = actor.call(calls.createMappingInTask, one.id, task.state.handle, 0, kIOMapAnywhere, 0, length);
    const request = { task, at: 0, options: kIOMapAnywhere, offset: 0, length };
    const map = mapped(world, actor, one, request, id)!.hold(actor.holder);
    world.store(world.actor(pick, task), map.address + pick.offset(length, world.pageSize));
    world.is(actor.call(calls.redirectMap, id, other.id, 0, 0), 0, 'redirect');
    assert.ok(other.root!.takeReference(other.direction, false));
    one.root!.exchange(other.root!);
    map.moveTo(other, 0);
    world.load(world.actor(pick, task), map.address);
  },

  /** Accesses through a map that is redirected to nothing wait until it shows something again, or nothing for good. */
  redirectToNothing(world: World, pick: Pick): void {
    const one = pick.any(held(world).filter(({ mapping }) => mapping.range !== null && mapping.task !== null));
    if (one === undefined) return;
    const { mapping, owner } = one;
    const { task, holder } = mapping;
    const sleeper = sleeperOf(world, task!);
    const slot = task!.space.at(mapping.address);
    if (sleeper === undefined || slot === undefined || slot.page === null || (slot.rights & 1) === 0) return;
    const again = holder.owner === owner && world.descriptions.includes(holder);
    // In the sources others map the memory that waits, and nothing but another redirect lets them all go on.
    if (!world.documented && !again) return;
    const actor = world.taskOf(owner).actors[0];
    world.is(actor.call(calls.redirectMap, mapping.id, 0, 0, 0), 0, 'redirect');
    let answer = -1;
    const hear = (code: number): void => {
      answer = code;
    };
    sleeper.sleep(calls.fault, hear, mapping.address, 1);
    if (world.documented) assert.is(sleeper.isFree, false, 'it waits');
    world.check();
    const how = world.documented ? pick.upTo(3) : 0;
    if (how === 0 && again) {
      world.is(actor.call(calls.redirectMap, mapping.id, holder.id, 0, mapping.offset), 0, 'redirect');
      world.check();
      assert.is(answer, 0);
    } else if (how === 1 && task !== world.kernel) world.kill(task!);
    else {
      actor.call(calls.unmap, mapping.id);
      const stays = (mapping.options & kIOMapOverwrite) !== 0;
      mapping.unmap();
      world.check();
      assert.is(answer, stays ? 0 : 1);
    }
  },

  /** Memory of a device is held back while its descriptor is redirected; other memory only faults once more. */
  redirectDescriptor(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    const safe = pick.once(2) ? actor.task.id : 0;
    world.is(actor.call(calls.redirectDescriptor, of.id, safe, true), 0, 'redirect');
    assert.is(actor.call(calls.getFlags, of.id) & kIOMemoryRedirected, kIOMemoryRedirected);
    world.check();
    world.is(actor.call(calls.redirectDescriptor, of.id, 0, false), 0, 'redirect');
    assert.is(actor.call(calls.getFlags, of.id) & kIOMemoryRedirected, 0);
  },
};

/** Memory of the actor's task with something on its pages, and a descriptor of it. */
function freshMemory(world: World, actor: Actor, pages: number): Description {
  const task = world.taskFor(actor);
  const length = pages * world.pageSize;
  const address = actor.call(calls.allocate, length, 0, true, readWrite);
  addRegion(world, task, address, world.newPages(pages), readWrite);
  for (let page = 0; page < pages; page++) world.store(actor, address + page * world.pageSize);
  const range = { address, length };
  const id = actor.call(calls.withOptions, [range], actor.task.id, kIODirectionOutIn | kIOMemoryTypeVirtual);
  const root = new Root(world.pageSize, 'addresses', [range], task.space);
  return describe(world, actor, id, 'general', kIODirectionOutIn, root);
}

/** Shows other memory through a map, when that fits. */
function retarget(world: World, mapping: Mapping, to: Description, offset: number): number {
  const { task, range, length } = mapping;
  if (task === null) return 0;
  if (range === null) return error;
  const { holder, offset: at } = to.holderOf(offset);
  if (holder === mapping.holder && at === mapping.offset) return 0;
  if (offset + length > to.length) return error;
  const fresh = to.roots.filter(({ reference }) => reference === null);
  const options = mapping.isReadOnly ? kIOMapReadOnly : 0;
  const view = viewOf(world, to, { task, at: 0, options, offset, length });
  const from = range.address + range.guards * world.pageSize;
  const pages = range.pages - 2 * range.guards;
  const fits =
    view !== null &&
    isAligned(world, to, offset, length) &&
    view.length === pages &&
    from + pageOffsetOf(world, to, offset) === mapping.address;
  if (!fits) {
    for (const root of fresh) root.dropReference();
    return error;
  }
  forget(world, task, from, pages);
  show(world, task, from, pages, 0, view);
  const parts = world.mappings.filter((one) => isPartOf(one, mapping));
  const before = mapping.offset;
  for (const one of [...parts, mapping]) one.moveTo(holder, at + (one.offset - before));
  return 0;
}

/** Also a part of a part. */
function isPartOf(one: Mapping, mapping: Mapping): boolean {
  return one.whole !== null && (one.whole === mapping || isPartOf(one.whole, mapping));
}
