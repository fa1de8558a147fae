/** Commands on buffers: descriptors that bring their own memory. */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMemoryPageable, kIOMemoryPhysicallyContiguous } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Description } from '../descriptions.ts';
import { type Page, part, writePlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import { Root, readWrite } from '../root.ts';
import type { TaskModel, World } from '../world.ts';
import { describe, directionOf, isFull } from './descriptors.ts';

/** Its memory lies in a task, where it is found like any other, and its descriptor refers to it from the start where `refers`. */
function addBuffer(
  world: World,
  actor: Actor,
  id: number,
  task: TaskModel,
  pages: readonly Page[],
  capacity: number,
  pageable: boolean,
): void {
  const address = actor.call(calls.getBufferAddress, id);
  const begin = address - (address % world.pageSize);
  task.space.show(begin, pages, readWrite, readWrite);
  const root = new Root(world.pageSize, 'buffer', [{ address, length: capacity }], task.space, pages);
  if (pageable) assert.ok(root.takeReference(kIODirectionOutIn, false));
  else assert.is(root.prepare(0, kIODirectionOutIn, world.documented), 0);
  const made = describe(world, actor, id, 'buffer', kIODirectionOutIn, root);
  made.ownLength = capacity;
  made.pageable = pageable;
  made.home = { space: task.space, address: begin, pages: pages.length };
  assert.is(actor.call(calls.getCapacity, id), capacity);
}

const buffers = (world: World): Description[] => world.descriptions.filter(({ kind }) => kind === 'buffer');

export const bufferCommands = {
  buffer(world: World, pick: Pick): void {
    if (isFull(world) || buffers(world).length > 5) return;
    const pageable = pick.once(2);
    const actor = world.actor(pick);
    const task = pageable ? world.taskFor(actor) : world.kernel;
    const capacity = 1 + pick.offset(3 * world.pageSize, world.pageSize);
    const options =
      kIODirectionOutIn | (pageable ? kIOMemoryPageable : pick.once(3) ? kIOMemoryPhysicallyContiguous : 0);
    const guarded = !pageable && options === kIODirectionOutIn && pick.once(3);
    const id = actor.call(calls.bufferInTask, task.state.handle, options, capacity, pick.of([1, 1, 64]), 0, guarded);
    const pages = world.newPages(Math.ceil(capacity / world.pageSize));
    addBuffer(world, actor, id, task, pages, guarded ? pages.length * world.pageSize : capacity, pageable);
    if (!guarded) return;
    const made = world.descriptions.at(-1)!;
    const { address } = made.root!.ranges[0]!;
    for (const guard of [address - world.pageSize, address + pages.length * world.pageSize])
      task.space.show(guard, [null], 0, 0);
    made.home = { space: task.space, address: address - world.pageSize, pages: pages.length + 2 };
  },

  /** A pageable buffer with a copy of what a task has. */
  bufferWithCopy(world: World, pick: Pick): void {
    const region = pick.any(world.regions);
    if (region === undefined || isFull(world) || buffers(world).length > 5) return;
    const actor = world.actor(pick);
    const into = world.taskFor(actor);
    const size = region.pages * world.pageSize;
    const at = pick.offset(size, world.pageSize);
    const length = 1 + pick.offset(size - at, world.pageSize);
    const { address, task } = region;
    const request = [
      into.state.handle,
      kIODirectionOutIn | kIOMemoryPageable,
      task.state.handle,
      address + at,
      length,
    ] as const;
    const slots = task.space.over(address + at, length);
    const id = actor.call(calls.bufferWithCopy, ...request);
    if (slots.some((slot) => (slot!.rights & 1) === 0)) return assert.is(id, 0);
    // Whole pages are copied, also where what was asked for begins inside of one.
    addBuffer(
      world,
      actor,
      id,
      into,
      slots.map((slot) => slot!.page!.copy()),
      length,
      true,
    );
  },

  appendBytes(world: World, pick: Pick): void {
    const buffer = pick.any(buffers(world).filter(({ uses }) => uses === 0));
    if (buffer === undefined) return;
    const actor = world.ownerOf(pick, buffer);
    const capacity = buffer.root!.ranges[0]!.length;
    if (pick.once(2)) {
      const length = pick.upTo(capacity + 2);
      actor.call(calls.setLength, buffer.id, length);
      if (length <= capacity) buffer.ownLength = length;
    }
    const bytes = world.fresh(1 + pick.upTo(100));
    assert.is(actor.copy(calls.appendBytes, bytes, buffer.id, bytes.length, bytes.length), true);
    const start = buffer.length;
    buffer.ownLength = Math.min(capacity, start + bytes.length);
    writePlaces(part(buffer.places!, start, buffer.length - start), bytes);
    const { address } = buffer.root!.ranges[0]!;
    assert.is(actor.call(calls.getBytesNoCopy, buffer.id, buffer.length, 1), 0);
    assert.is(actor.call(calls.getBytesNoCopy, buffer.id, 0, buffer.length), buffer.length === 0 ? 0 : address);
  },

  setDirection(world: World, pick: Pick): void {
    const buffer = pick.any(buffers(world));
    if (buffer === undefined) return;
    buffer.direction = directionOf(pick);
    world.ownerOf(pick, buffer).call(calls.setDirection, buffer.id, buffer.direction);
  },
};
