/** Commands of DMA: what a device is told leads to the memory, or to what stands in for it, as long as it is prepared. */
import * as assert from 'uvu/assert';
import { kIODirectionIn, kIODirectionOut, kIODirectionOutIn } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Description } from '../descriptions.ts';
import { Command } from '../dma-command.ts';
import { part, readPlaces, writePlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import {
  attach,
  badArgument,
  finish,
  lookForBounce,
  notReady,
  prepareCommand,
  ready,
  room,
  segmentsOf,
  specificationFor,
  transferable,
} from './transfers.ts';

const mostCommands = 3;
const notPermitted = 0xe00002e2;

function window(world: World, pick: Pick, memory: Description): { offset: number; length: number } {
  if (!pick.once(3)) return { offset: 0, length: 0 };
  const offset = pick.offset(memory.length, world.pageSize);
  // In the sources nobody looks where the memory ends.
  return { offset, length: 1 + pick.offset(memory.length - offset + (world.documented ? 2 : 0), world.pageSize) };
}

export const dmaCommands = {
  command(world: World, pick: Pick): void {
    if (world.commands.length >= mostCommands) return;
    const actor = world.actor(pick);
    const rejected = { ...specificationFor(pick), segmentFunction: 9 };
    assert.is(actor.call(calls.commandWithSpecification, rejected, 0), 0);
    const specification = pick.once(4) ? null : specificationFor(pick);
    const id =
      specification === null
        ? actor.call(calls.commandWithRefCon)
        : actor.call(calls.commandWithSpecification, specification, 0);
    world.commands.push(new Command(id, actor.holder, specification));
  },

  cloneCommand(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const actor = world.ownerOf(pick, command);
    const id = actor.call(calls.cloneCommand, command.id);
    if (command.specification === null) return assert.is(id, 0);
    const before = actor.call(calls.getCommandSpecification, command.id);
    assert.equal(actor.call(calls.getCommandSpecification, id), before);
    assert.is(before.alignment, command.specification.alignment);
    actor.call(calls.release, id);
  },

  setCommandMemory(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const memory = pick.any(transferable(world, command.owner));
    if (memory === undefined) return;
    const prepares = pick.once(2);
    if (memory !== command.memory) return void attach(world, pick, command, memory, prepares);
    const actor = world.ownerOf(pick, command);
    const code = actor.copy(calls.setMemoryDescriptor, room, command.id, memory.id, prepares, room.length);
    while (!prepares && command.active > 0) command.end(true);
    world.is(code, 0, 'the memory it has');
  },

  clearCommandMemory(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const completes = !pick.once(3);
    const code = world
      .ownerOf(pick, command)
      .copy(calls.clearMemoryDescriptor, room, command.id, completes, room.length);
    if (command.active > 0 && !completes) return world.is(code, notReady, 'clearMemoryDescriptor');
    while (command.active > 0) command.end(true);
    command.detach();
    world.is(code, 0, 'clearMemoryDescriptor');
  },

  prepareCommand(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const { offset, length } = command.memory === null ? { offset: 0, length: 0 } : window(world, pick, command.memory);
    ready(world, pick, command, offset, length, !pick.once(4));
  },

  prepareWithSpecification(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const specification = specificationFor(pick);
    const request = [command.id, specification, 0, 0, 0, true, true, room.length] as const;
    const code = world.ownerOf(pick, command).copy(calls.prepareWithSpecification, room, ...request);
    if (command.active > 0) return world.is(code, notPermitted, 'prepareWithSpecification');
    command.specification = specification;
    world.is(code, prepareCommand(world, command, 0, 0), 'prepareWithSpecification');
    if (code === 0) lookForBounce(world, pick, command, true);
  },

  completeCommand(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command !== undefined) finish(world, pick, command, !pick.once(4));
  },

  synchronizeCommand(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const options = pick.of([kIODirectionOut, kIODirectionIn, kIODirectionOutIn, 0]);
    const code = world.ownerOf(pick, command).copy(calls.commandSynchronize, room, command.id, options, room.length);
    if (options === kIODirectionOutIn) return world.is(code, badArgument, 'synchronize');
    world.is(code, command.active === 0 ? notReady : 0, 'synchronize');
    if (command.active === 0 || command.bounce === null || options === 0) return;
    if (options === kIODirectionOut) command.bounce = readPlaces(command.places);
    else writePlaces(command.places, command.bounce);
  },

  copyThroughCommand(world: World, pick: Pick): void {
    const command = pick.any(world.commands.filter(({ active }) => active > 0));
    if (command === undefined) return;
    const actor = world.ownerOf(pick, command);
    const at = pick.offset(command.length, world.pageSize);
    const length = Math.min(64, command.length - at);
    const bytes = new Uint8Array(length);
    assert.is(actor.copy(calls.commandReadBytes, bytes, command.id, at, length, length), length);
    assert.equal(bytes, command.seen.slice(at, at + length));
    const fresh = world.fresh(length);
    assert.is(actor.copy(calls.commandWriteBytes, fresh, command.id, at, length, length), length);
    if (command.bounce === null) writePlaces(part(command.places, at, length), fresh);
    else command.bounce.set(fresh, at);
  },

  genIOVMSegments(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const actor = world.ownerOf(pick, command);
    const most = 1 + pick.upTo(4);
    if (command.active === 0)
      return world.is(actor.call(calls.genIOVMSegments, command.id, 0, most).result, notReady, 'segments');
    const prepared = actor.call(calls.getPreparedOffsetAndLength, command.id);
    assert.equal(prepared, { result: 0, offset: command.offset, length: command.length });
    segmentsOf(world, pick, command, most);
  },

  releaseCommand(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined || (command.memory !== null && !world.documented)) return;
    const actor = world.ownerOf(pick, command);
    // A copy is of no use to anybody any more.
    actor.call(calls.release, command.id);
    command.lose();
    world.commands.splice(world.commands.indexOf(command), 1);
  },
};
