/** Commands on descriptors of ranges, and those that all descriptors understand. */
import * as assert from 'uvu/assert';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMemoryAutoPrepare,
  kIOMemoryMapCopyOnWrite,
  kIOMemoryMapperNone,
  kIOMemoryPersistent,
  kIOMemoryThreadSafe,
  kIOMemoryTypePhysical,
  kIOMemoryTypeUPL,
  kIOMemoryTypeVirtual,
} from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import { Description, type Kind } from '../descriptions.ts';
import type { Pick } from '../pick.ts';
import { type Range, Root } from '../root.ts';
import { mostDescriptions, type Region, type World } from '../world.ts';
import { complete } from './prepared.ts';

/** A descriptor that a call has made, unless it answered 0. */
export function describe(
  world: World,
  actor: Actor,
  id: number,
  kind: Kind,
  direction: number,
  root: Root | null,
): Description {
  assert.ok(id > 0, `a descriptor for ${actor.name}`);
  const made = new Description(id, actor.holder, kind, direction, root);
  world.descriptions.push(made);
  return made;
}

export function drop(world: World, description: Description): void {
  description.forget();
  for (const { of } of description.parts) of.uses--;
  world.descriptions.splice(world.descriptions.indexOf(description), 1);
}

export const isFull = (world: World): boolean => world.descriptions.length >= mostDescriptions;

/** Mostly both ways, since only those allow everything. */
export const directionOf = (pick: Pick): number => (pick.once(3) ? pick.upTo(4) : kIODirectionOutIn);

function rangesIn(world: World, pick: Pick, { address, pages }: Region): Range[] {
  const { pageSize } = world;
  const size = pages * pageSize;
  if (pick.once(3))
    return Array.from({ length: 2 + pick.upTo(2) }, () => ({
      address: address + pick.upTo(pages) * pageSize,
      length: pageSize,
    }));
  // Whole pages can lie next to others in one map.
  if (pick.once(2)) {
    const first = pick.upTo(pages);
    return [{ address: address + first * pageSize, length: (1 + pick.upTo(pages - first)) * pageSize }];
  }
  const at = pick.offset(size, pageSize);
  return [{ address: address + at, length: 1 + pick.offset(size - at, pageSize) }];
}

export const descriptorCommands = {
  withOptions(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined || isFull(world)) return;
    const actor = world.actor(pick);
    const direction = directionOf(pick);
    const ranges = rangesIn(world, pick, region);
    const options = pick.of([
      0,
      0,
      0,
      kIOMemoryThreadSafe,
      kIOMemoryPersistent,
      kIOMemoryAutoPrepare,
      kIOMemoryMapCopyOnWrite,
    ]);
    const copies = options === kIOMemoryMapCopyOnWrite;
    const root = new Root(world.pageSize, 'addresses', ranges, region.task.space, [], copies);
    const persists = options !== kIOMemoryPersistent || root.takeReference(direction, direction === kIODirectionOut);
    const id = actor.call(
      calls.withOptions,
      ranges,
      region.task.state.handle,
      direction | kIOMemoryTypeVirtual | options,
    );
    const fits = persists && (options !== kIOMemoryAutoPrepare || root.prepare(0, direction, world.documented) === 0);
    if (!fits) return assert.is(id, 0);
    describe(world, actor, id, 'general', direction, root);
  },

  /** Of the kernel's memory; in the sources it is prepared at once. */
  withAddress(world: World, pick: Pick): void {
    const region = pick.any(world.regions.filter(({ task }) => task === world.kernel));
    if (region === undefined || isFull(world)) return;
    const actor = world.actor(pick);
    const direction = directionOf(pick);
    const [range] = rangesIn(world, pick, region);
    const root = new Root(world.pageSize, 'addresses', [range!], world.kernel.space);
    const id = actor.call(calls.withAddress, range!.address, range!.length, direction);
    if (!world.documented && root.prepare(0, direction, false) !== 0) return assert.is(id, 0);
    describe(world, actor, id, 'general', direction, root);
  },

  withPhysicalRange(world: World, pick: Pick): void {
    if (isFull(world)) return;
    const actor = world.driver(pick);
    const { physical, pages } = world.fixed;
    const at = pick.offset(2 * world.pageSize, world.pageSize);
    const range = { address: physical + at, length: 1 + pick.offset(2 * world.pageSize - at, world.pageSize) };
    const options = kIODirectionOutIn | kIOMemoryTypePhysical | kIOMemoryMapperNone;
    const id = actor.call(calls.withOptions, [range], 0, options);
    const shown = pages.slice(Math.floor(at / world.pageSize));
    describe(
      world,
      actor,
      id,
      'general',
      kIODirectionOutIn,
      new Root(world.pageSize, 'physical', [range], null, shown),
    );
  },

  /** Of pages that a list holds. The last complete lets them go, so that it is of no use any more. */
  withUPL(world: World, pick: Pick): void {
    const object = pick.any(world.objects);
    if (object === undefined || isFull(world)) return;
    const actor = world.ownerOf(pick, object);
    const { pageSize } = world;
    const first = pick.upTo(object.pages.length);
    const count = object.pages.length - first;
    const list = actor.call(calls.createUPL, object.id, first * pageSize, count * pageSize);
    const offset = pick.offset(count * pageSize, pageSize);
    const length = 1 + pick.offset(count * pageSize - offset, pageSize);
    const direction = 1 + pick.upTo(2);
    const other = pick.any(world.descriptions.filter((one) => isPlain(one) && one.owner === actor.holder));
    const pages = object.pages.slice(first + Math.floor(offset / pageSize));
    const root = new Root(pageSize, 'list', [{ address: offset, length }], null, pages);
    const options = direction | kIOMemoryTypeUPL;
    if (other !== undefined && pick.once(2)) {
      assert.is(actor.call(calls.initWithUPL, other.id, list, length, offset, options), true);
      other.root = root;
      other.direction = direction;
      other.prepares = 0;
    } else describe(world, actor, actor.call(calls.withUPL, list, length, offset, options), 'general', direction, root);
    actor.call(calls.release, list);
  },

  /** A descriptor is made to describe other memory. Who uses the old one keeps it from that. */
  initWithOptions(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    const of = pick.any(world.descriptions.filter(({ kind }) => kind === 'general' || kind === 'buffer'));
    if (region === undefined || of === undefined) return;
    if (of.kind === 'general' && !isPlain(of) && (!world.documented || of.uses === 0)) return;
    const actor = world.ownerOf(pick, of);
    const ranges = rangesIn(world, pick, region);
    const direction = directionOf(pick);
    const options = direction | kIOMemoryTypeVirtual;
    const refused = of.kind === 'buffer' || of.uses > 0;
    if (refused && of.kind === 'general' && !world.mappings.some(({ holder }) => holder === of)) return;
    assert.is(actor.call(calls.initWithOptions, of.id, ranges, region.task.state.handle, options), !refused);
    if (refused) return;
    of.root = new Root(world.pageSize, 'addresses', ranges, region.task.space);
    of.direction = direction;
    of.prepares = 0;
  },

  persistent(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter(({ kind }) => kind !== 'buffer'));
    if (of === undefined || isFull(world)) return;
    const actor = world.ownerOf(pick, of);
    const { id } = actor.call(calls.withPersistentMemoryDescriptor, of.id);
    if (of.root === null) return assert.is(id, 0);
    // Whether it is the old one once more depends on which objects are behind the pages, of which the model knows nothing.
    if (id !== 0) actor.call(calls.release, id);
  },

  retainAndRelease(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    const before = actor.call(calls.getRetainCount, of.id);
    actor.call(calls.retain, of.id);
    assert.is(actor.call(calls.getRetainCount, of.id), before + 1);
    actor.call(calls.release, of.id);
  },

  /** The handle goes; parts and maps of it keep what they need. */
  release(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined || world.descriptions.length < 4 || of.roots.some(({ busy }) => busy > 0)) return;
    const actor = world.ownerOf(pick, of);
    while (of.prepares > 0) complete(world, actor, of);
    actor.call(calls.release, of.id);
    drop(world, of);
  },
};

/** Described by addresses, and used by nobody else. */
const isPlain = ({ kind, uses, root }: Description): boolean =>
  kind === 'general' && uses === 0 && root?.of === 'addresses';
