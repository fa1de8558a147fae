/** Commands that map descriptors, and those on maps. */
import * as assert from 'uvu/assert';
import {
  kIOMapAnywhere,
  kIOMapCopybackCache,
  kIOMapGuardedSmall,
  kIOMapOverwrite,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapStatic,
  kIOMapUnique,
  kIOMemoryMapperNone,
} from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import { canBeCompared, mapped, register } from '../mapped.ts';
import { Mapping, pageOffsetOf } from '../mappings.ts';
import { part, readPlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import { forget, target } from './memory.ts';
import { checkBytes } from './prepared.ts';

export const mostMappings = 16;

export const held = (world: World): { mapping: Mapping; owner: number }[] =>
  world.mappings.flatMap((mapping) =>
    [...mapping.held].filter(([, count]) => count > 0).map(([owner]) => ({ mapping, owner })),
  );

/** What a map finds where it was already may be a buffer whose handle is gone: then only others know whether it is there still. */
const isKnown = ({ task, range, address }: Mapping): boolean =>
  task !== null && (range !== null || task.space.at(address) !== undefined);

export const mapCommands = {
  createMappingInTask(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter(({ length }) => length > 0));
    if (of === undefined || world.mappings.length >= mostMappings) return;
    const actor = world.ownerOf(pick, of);
    const task = pick.of(world.live);
    const offset = pick.once(2) ? pick.offset(of.length, world.pageSize) : 0;
    const length = pick.once(3) ? 1 + pick.offset(of.length - offset, world.pageSize) : of.length - offset;
    let options = pick.of([
      0,
      0,
      0,
      kIOMapReadOnly,
      kIOMapReadOnly,
      kIOMapUnique,
      kIOMapReference,
      kIOMapPrefault,
      kIOMapCopybackCache,
    ]);
    if (!canBeCompared(world, of, offset, length)) return;
    let at = 0;
    const { holder, offset: from } = of.holderOf(offset);
    const pages = Math.ceil((pageOffsetOf(world, holder, from) + length) / world.pageSize);
    const fixed = pick.once(4) ? target(world, pick, task, pages) : null;
    if (fixed === null) options |= kIOMapAnywhere | (pick.once(5) ? kIOMapGuardedSmall : 0);
    else {
      at = fixed.address + pick.upTo(world.pageSize);
      if (fixed.overwrite) {
        options |= kIOMapOverwrite;
        forget(world, task, fixed.address, pages);
      }
    }
    const id = actor.call(calls.createMappingInTask, of.id, task.state.handle, at, options >>> 0, offset, length);
    mapped(world, actor, of, { task, at, options: options >>> 0, offset, length }, id)?.hold(actor.holder);
  },

  /** Registers memory that is mapped already, wherever that is. */
  setMapping(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    const region = pick.any(world.regions);
    if (of === undefined || region === undefined || world.mappings.length >= mostMappings) return;
    const actor = world.ownerOf(pick, of);
    const id = actor.call(calls.setMapping, of.id, region.task.state.handle, region.address, 0);
    const { holder } = of.holderOf(0);
    const { task, address } = region;
    const options = kIOMapStatic;
    register(world, actor, new Mapping(world, id, holder, task, address, 0, of.length, options, null, null)).hold(
      actor.holder,
    );
  },

  askMap(world: World, pick: Pick): void {
    const one = pick.any(held(world));
    if (one === undefined) return;
    const { mapping } = one;
    const actor = world.ownerOf(pick, one);
    assert.is(actor.call(calls.getVirtualAddress, mapping.id), mapping.address);
    assert.is(actor.call(calls.getMapLength, mapping.id), mapping.length);
    assert.is(actor.call(calls.getMapOptions, mapping.id), mapping.options);
    assert.is(actor.call(calls.getMapOffset, mapping.id), mapping.offset);
    const task = actor.call(calls.getAddressTask, mapping.id);
    if (mapping.task !== null) assert.is(task, mapping.task.state.handle);
    const { id } = actor.call(calls.getMemoryDescriptor, mapping.id);
    if (mapping.holder.id !== 0 && world.descriptions.includes(mapping.holder)) assert.is(id, mapping.holder.id);
    if (!mapping.holder.isPrepared || mapping.offset >= mapping.holder.length) return;
    const at = pick.upTo(mapping.length);
    const { address, length } = actor.call(calls.getMapPhysicalSegment, mapping.id, at, kIOMemoryMapperNone);
    if (mapping.offset + at + length > mapping.holder.length) return;
    checkBytes(world, address, length, readPlaces(part(mapping.holder.places!, mapping.offset + at, length)), false);
  },

  /** What a map shows is what its descriptor has, for those who map it as for those who made it. */
  loadThroughMap(world: World, pick: Pick): void {
    const mapping = pick.any(world.mappings.filter(isKnown));
    if (mapping === undefined) return;
    const actor = world.actor(pick, mapping.task!);
    world.load(actor, mapping.address + pick.offset(mapping.length, world.pageSize), pick.upTo(48));
  },

  storeThroughMap(world: World, pick: Pick): void {
    const mapping = pick.any(world.mappings.filter(isKnown));
    if (mapping === undefined) return;
    const actor = world.actor(pick, mapping.task!);
    world.store(actor, mapping.address + pick.offset(mapping.length, world.pageSize), pick.upTo(48));
  },

  unmap(world: World, pick: Pick): void {
    const one = pick.any(held(world));
    if (one === undefined) return;
    world.is(world.ownerOf(pick, one).call(calls.unmap, one.mapping.id), 0, 'unmap');
    one.mapping.unmap();
  },

  releaseMap(world: World, pick: Pick): void {
    const one = pick.any(held(world));
    if (one === undefined) return;
    world.ownerOf(pick, one).call(calls.release, one.mapping.id);
    one.mapping.drop(one.owner);
  },

  wireRange(world: World, pick: Pick): void {
    const one = pick.any(held(world).filter(({ mapping }) => mapping.task === null || isKnown(mapping)));
    if (one === undefined) return;
    const { mapping } = one;
    const { pageSize } = world;
    const offset = pick.offset(mapping.length, pageSize);
    const length = 1 + pick.upTo(world.documented ? mapping.length - offset + 1 : mapping.length - offset);
    const access = pick.of([1, 3, 0, 2]);
    const first = Math.floor((mapping.address + offset) / pageSize);
    const pages = Array.from(
      { length: Math.ceil((mapping.address + offset + length) / pageSize) - first },
      (_, i) => first + i,
    );
    const code = world.ownerOf(pick, one).call(calls.wireRange, mapping.id, access, offset, length);
    if (mapping.task === null) return assert.is(code, 4);
    if (world.documented && offset + length > mapping.length) return assert.is(code, 1);
    const { slots } = mapping.task.space;
    const count = (page: number): number => mapping.wired.get(page) ?? 0;
    const refusals = pages.map((page) => {
      if (access === 0) return count(page) === 0 ? 4 : 0;
      const slot = slots.get(page);
      if (slot === undefined) return 1;
      return slot.page === null || (slot.rights & access) !== access ? 2 : 0;
    });
    const wanted = refusals.find((refusal) => refusal !== 0) ?? 0;
    assert.is(code, wanted);
    if (wanted === 0) for (const page of pages) mapping.wired.set(page, count(page) + (access === 0 ? -1 : 1));
  },
};
