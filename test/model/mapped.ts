/** What a request for a map comes to: the map that is there already, a part of it, nothing, or a new one. */
import * as assert from 'uvu/assert';
import {
  kIOMapAnywhere,
  kIOMapGuardedSmall,
  kIOMapOverwrite,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapStatic,
  kIOMapUnique,
} from '../../src/iokit/options.ts';
import { calls } from '../../src/kernel/calls/index.ts';
import type { Actor } from './actor.ts';
import { forget } from './commands/memory.ts';
import { Description } from './descriptions.ts';
import { isAligned, isThereAlready, Mapping, type MapRequest, pageOffsetOf, sharedBy, viewOf } from './mappings.ts';
import type { TaskModel, World } from './world.ts';
/** What a request for a map of `of` came to: compares it with `id`, what the machine answered. */
export function mapped(world: World, actor: Actor, of: Description, asked: MapRequest, id: number): Mapping | null {
  if (of.kind === 'sub' && asked.offset + asked.length > of.length) return none(id);
  const { holder, offset } = of.holderOf(asked.offset);
  const request = { ...asked, offset };
  const { task, options, length } = request;
  if (offset + length > holder.length) return none(id);
  const needsNoWrite = (options & (kIOMapReadOnly | 0xf00)) === kIOMapReadOnly;
  if (holder.root !== null && !holder.root.takeSnapshot(holder.direction, needsNoWrite)) return none(id);
  const unique = holder.root?.of === 'physical' && (options & kIOMapUnique) !== 0;
  const shared = sharedBy(world, holder, request);
  if (shared !== undefined) {
    if (shared.offset === offset && shared.length === length) {
      assert.is(id, shared.id, 'the map that is there');
      return shared;
    }
    const address = shared.address + (offset - shared.offset);
    return register(world, actor, new Mapping(world, id, holder, task, address, offset, length, options, shared, null));
  }
  if ((options & kIOMapReference) !== 0) return none(id);
  if (isThereAlready(world, holder, request)) {
    const { address } = holder.root!.ranges[0]!;
    const found = new Mapping(world, id, holder, task, address, offset, length, options | kIOMapStatic, null, null);
    return register(world, actor, found);
  }
  return unique
    ? place(world, actor, alone(holder, request), { ...request, offset: 0 }, id)
    : place(world, actor, holder, request, id);
}

/** A unique map of physical memory belongs to a descriptor that nobody else knows. */
function alone({ direction, root }: Description, { offset, length }: MapRequest): Description {
  return new Description(0, -1, 'general', direction, root!.physicalPart(offset, length));
}

function place(world: World, actor: Actor, holder: Description, request: MapRequest, id: number): Mapping | null {
  const { task, options, length, offset } = request;
  const { pageSize } = world;
  const fixed = (options & kIOMapAnywhere) === 0;
  const guards = (options & kIOMapGuardedSmall) !== 0 ? 1 : 0;
  if (fixed ? guards > 0 : (options & kIOMapOverwrite) !== 0) return none(id);
  const prepared = holder.roots.every((root) => root.isPrepared && (root.always || root.count > 0));
  if ((options & kIOMapPrefault) !== 0 && !prepared) return refused(world, holder, fixed, id, true);
  const view = viewOf(world, holder, request);
  if (view === null || !isAligned(world, holder, offset, length)) return refused(world, holder, fixed, id, false);
  const overwrites = (options & kIOMapOverwrite) !== 0;
  const from = Math.floor(request.at / pageSize) * pageSize;
  if (fixed && !overwrites && !task.space.isFree(from, view.length)) return none(id);
  if (overwrites) forget(world, task, from, view.length);
  const pageOffset = pageOffsetOf(world, holder, offset);
  const address = actor.call(calls.getVirtualAddress, id);
  assert.is(address % pageSize, pageOffset);
  if (fixed) assert.is(address, from + pageOffset);
  const range = { address: address - pageOffset - guards * pageSize, pages: view.length + 2 * guards, guards };
  if (!overwrites) assert.ok(task.space.isFree(range.address, range.pages), 'a map lies where nothing was');
  show(world, task, range.address, range.pages, guards, view);
  return register(world, actor, new Mapping(world, id, holder, task, address, offset, length, options, null, range));
}

/** Enters a view between its guards. */
export function show(
  world: World,
  task: TaskModel,
  address: number,
  pages: number,
  guards: number,
  view: NonNullable<ReturnType<typeof viewOf>>,
): void {
  const { pageSize } = world;
  if (guards > 0) for (const guard of [address, address + (pages - 1) * pageSize]) task.space.show(guard, [null], 0, 0);
  view.forEach(({ page, rights }, i) => {
    task.space.show(address + (i + guards) * pageSize, [page], rights, rights);
  });
}

function none(id: number): null {
  assert.is(id, 0, 'there is no such map');
  return null;
}

/** The sources have reserved addresses by then, which nobody gives back. */
function refused(world: World, holder: Description, fixed: boolean, id: number, early: boolean): null {
  if (!world.documented && !fixed && (early || holder.kind === 'multi')) world.expectViolation('leak');
  return none(id);
}

export function register(world: World, actor: Actor, mapping: Mapping): Mapping {
  assert.ok(mapping.id > 0, 'there is a map');
  assert.is(actor.call(calls.getVirtualAddress, mapping.id), mapping.address);
  const clash = world.mappings.find((one) => one !== mapping && one.id === mapping.id);
  assert.is(clash, undefined, 'a map of its own');
  return mapping;
}

/** In the sources what does not meet at page boundaries is mapped page by page, with what lies around it. */
export function canBeCompared(world: World, of: Description, offset: number, length: number): boolean {
  const { holder, offset: at } = of.holderOf(offset);
  return world.documented || at + length > holder.length || isAligned(world, holder, at, length);
}
