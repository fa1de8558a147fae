/** Commands about who may use what: handles that are forged, stale, foreign or of another kind, and the death of tasks. */
import * as assert from 'uvu/assert';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';

const slots = 2 ** 30;

export const handleCommands = {
  forged(world: World, pick: Pick): void {
    const actor = world.actor(pick);
    const id = pick.of([5 * 2 ** 20 + 99, 77 * slots + 3, 2 ** 52]);
    for (const call of [calls.getLength, calls.unmap, calls.getCapacity, calls.clientClose])
      assert.match(actor.refused(call, id).message, /was never given out|is stale/);
  },

  /** Nobody else has a handle until it is sent, and nobody has it any more after its release. */
  foreignAndStale(world: World, pick: Pick): void {
    const actor = world.actor(pick);
    const stranger = pick.any(world.live.filter((task) => task !== world.taskFor(actor)))!;
    const id = actor.call(calls.memoryObject, world.pageSize);
    assert.match(world.actor(pick, stranger).refused(calls.retain, id).message, /was not given to this task/);
    assert.match(actor.refused(calls.getVirtualAddress, id).message, /names a MemoryObject, not a IOMemoryMap/);
    actor.call(calls.release, id);
    world.expectViolation('use-after-release');
    assert.match(actor.refused(calls.retain, id).message, /released/);
  },

  unprivileged(world: World, pick: Pick): void {
    const actor = world.actor(pick, pick.of(world.live.filter((task) => task !== world.kernel)));
    assert.is(actor.refused(calls.frameAllocate).name, 'PrivilegeError');
    assert.is(actor.refused(calls.mapVersion, actor.task.id).name, 'PrivilegeError');
  },

  refuseBadArguments(world: World, pick: Pick): void {
    const actor = world.actor(pick);
    const { pageSize } = world;
    assert.is(actor.refused(calls.allocate, 0, 0, true, 3).name, 'RangeError');
    assert.is(actor.refused(calls.allocate, pageSize, 5, false, 3).name, 'RangeError');
    assert.is(actor.refused(calls.protect, 2 ** 41, pageSize, 1).name, 'RangeError');
    assert.is(actor.refused(calls.remap, actor.task.id, 2 ** 41, pageSize, true, 0, true, false).name, 'RangeError');
    assert.is(actor.refused(calls.send, 'nobody', new Float64Array(0), []).name, 'RangeError');
    assert.is(actor.call(calls.withOptions, [{ address: 2 ** 47, length: 1 }], actor.task.id, 0x13), 0);
  },

  releaseObject(world: World, pick: Pick): void {
    const object = pick.any(world.objects);
    if (object === undefined) return;
    world.ownerOf(pick, object).call(calls.release, object.id);
    world.objects.splice(world.objects.indexOf(object), 1);
  },

  /** Whatever it was doing, and whatever others were doing with what it had. */
  kill(world: World, pick: Pick): void {
    if (pick.once(2)) world.kill(pick.of(world.live.filter((task) => task !== world.kernel)));
  },
};
