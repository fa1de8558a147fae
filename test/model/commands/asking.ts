/** Commands that ask descriptors for what they are, and change what they are called. */
import * as assert from 'uvu/assert';
import { kIOMemoryIncoherentIOFlush, kIOMemoryIncoherentIOStore } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';

const underrun = 0xe00002e7;
const unsupported = 0xe00002c7;

export const askingCommands = {
  ask(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    assert.is(actor.call(calls.getLength, of.id), of.length);
    assert.is(actor.call(calls.getDirection, of.id), of.direction);
    assert.is(actor.call(calls.getFlags, of.id) & 3, of.direction);
    assert.is(actor.call(calls.getTag, of.id), of.tag);
    of.tag = pick.upTo(100);
    actor.call(calls.setTag, of.id, of.tag);
    assert.ok(actor.call(calls.getRetainCount, of.id) > 0);
    const options = actor.call(calls.getMapperOptions, of.id);
    actor.call(calls.setMapperOptions, of.id, (options + 1) % 65536);
    assert.is(actor.call(calls.getMapperOptions, of.id), (options + 1) % 65536);
  },

  identify(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    if (pick.once(2)) actor.call(calls.setDescriptorID, of.id);
    const known = world.descriptions.filter(({ owner }) => owner === of.owner);
    const ids = new Set(known.map(({ id }) => actor.call(calls.getDescriptorID, id)));
    assert.is(ids.size, new Set(known.map(({ id }) => id)).size, 'each has an id of its own');
    if (of.root === null) return;
    if (of.root.isPrepared && pick.once(2)) actor.call(calls.setPreparationID, of.id);
    const id = actor.call(calls.getPreparationID, of.id);
    assert.is(id !== 0, of.root.isPrepared);
    assert.is(actor.call(calls.getPreparationID, of.id), id);
  },

  measure(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    const { length, offset } = actor.call(calls.getDMAMapLength, of.id);
    assert.ok(length >= of.length && offset < world.pageSize);
    const { result, residentPageCount, dirtyPageCount } = actor.call(calls.getPageCounts, of.id);
    if (result === 0) assert.ok(dirtyPageCount <= residentPageCount);
    if (of.root !== null) assert.is(result === 0, of.root.reference !== null);
    if (!of.isPrepared) return;
    const from = pick.upTo(of.length + 2);
    const operation = pick.of([kIOMemoryIncoherentIOFlush, kIOMemoryIncoherentIOStore, 7]);
    const wanted = operation === 7 ? unsupported : from > of.length ? underrun : 0;
    world.is(actor.call(calls.performOperation, of.id, operation, from, pick.upTo(100)), wanted, 'performOperation');
  },

  context(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    // One that is newer refers to one that is older: there are no circles.
    const older = world.descriptions.filter(
      (one) => one.owner === of.owner && one.id < of.id && one.parts.length === 0,
    );
    const context = pick.any(older) ?? null;
    actor.call(calls.setContext, of.id, context?.id ?? 0);
    of.context = context;
    const { id } = actor.call(calls.copyContext, of.id);
    assert.is(id, context?.id ?? 0);
    if (id !== 0) actor.call(calls.release, id);
  },
};
