/** Commands on memory that may be emptied as a whole, and on pages that go to swap and come back. */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn, kIOMemoryTypeVirtual } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import { purgeNext } from '../../../src/vm/purgeable.ts';
import type { Purgeable } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { Region, World } from '../world.ts';

/** States of `setPurgeable`, by their words. */
const keepCurrent = 1;
export const nonvolatile = 2;
export const volatile = 3;
const emptied = 4;

/** How often the hand has to pass a page before it goes. */
const rounds = 3;

export function setState(world: World, region: Region, purgeable: Purgeable, word: number): void {
  const [actor] = region.task.actors;
  const length = region.pages * world.pageSize;
  const options = kIODirectionOutIn | kIOMemoryTypeVirtual;
  const id = actor.call(calls.withOptions, [{ address: region.address, length }], actor.task.id, options);
  assert.equal(actor.call(calls.setPurgeable, id, word), { result: 0, oldState: purgeable.state });
  actor.call(calls.release, id);
  if (word === keepCurrent) return;
  if (word === emptied && purgeable.state !== emptied) purgeable.empty();
  if (!(word === volatile && purgeable.state === emptied)) purgeable.state = word;
}

const objectOf = ({ task, address }: Region) => task.state.space.lookup(address)!.object!;

/** Whether pages of the region are held in place, so that emptying it would not empty those. */
function isHeld({ machine }: World, region: Region): boolean {
  return [...objectOf(region).pages.values()].some((frame) => machine.hardware.frames.wires(frame) > 0);
}

/** What is wired stays: which pages those are is the business of other tests. */
const changeable = (world: World): Region[] =>
  world.regions.filter((region) => region.purgeable !== null && !isHeld(world, region));

export const purgeableCommands = {
  setPurgeable(world: World, pick: Pick): void {
    const region = pick.any(changeable(world));
    if (region !== undefined)
      setState(world, region, region.purgeable!, pick.of([volatile, emptied, nonvolatile, keepCurrent]));
  },

  /** One object at a time is emptied, of those that are volatile; the world finds out which. */
  pressure(world: World): void {
    const { vm } = world.machine.kernelState;
    const before = vm.purgeQueue.objects.length;
    const emptied = purgeNext(vm, { pool: 0 });
    assert.is(vm.purgeQueue.objects.length, before - (emptied ? 1 : 0));
  },

  evict(world: World, pick: Pick): void {
    for (let left = 1 + pick.upTo(8); left > 0; left--) world.machine.kernelState.vm.pager?.evict({ pool: 0 });
  },

  /** Pages go and come back. What is not wanted any more goes from swap, too, whoever decides that. */
  purgePagedOut(world: World, pick: Pick): void {
    const { kernelState, hardware } = world.machine;
    const { pager } = kernelState.vm;
    const region = pick.any(changeable(world));
    if (region === undefined || pager === null) return;
    const purgeable = region.purgeable!;
    if (purgeable.state !== nonvolatile) setState(world, region, purgeable, nonvolatile);
    const [actor] = region.task.actors;
    const { slots } = objectOf(region);
    for (let page = 0; page < region.pages; page++) world.store(actor, region.address + page * world.pageSize);
    for (let left = rounds * hardware.frames.frames; left > 0 && slots.size < region.pages; left--)
      if (!pager.evict({ pool: 0 })) break;
    world.check();
    if (pick.once(3)) return world.load(actor, region.address + pick.offset(region.pages * world.pageSize, 1));
    setState(world, region, purgeable, pick.of([emptied, volatile]));
    if (purgeable.state === volatile) purgeNext(kernelState.vm, { pool: 0 });
  },
};
