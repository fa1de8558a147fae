/** Commands of DMA: what a device is told leads to the memory, or to what stands in for it, as long as it is prepared. */
import * as assert from 'uvu/assert';
import { iterateOnly, mapped as throughMapper, unmapped } from '../../../src/iokit/dma-specification.ts';
import { kIODirectionIn, kIODirectionOut, kIODirectionOutIn } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Description } from '../descriptions.ts';
import { Command, type Specification } from '../dma-command.ts';
import { part, readPlaces, writePlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import { checkBytes } from './prepared.ts';

const host64 = 4;
const _access = 3;
const mostCommands = 3;
const room = new Uint8Array(4096);

const badArgument = 0xe00002c2;
const busy = 0xe00002d5;
const notReady = 0xe00002d8;
const noSpace = 0xe00002db;
const notPermitted = 0xe00002e2;
const overrun = 0xe00002e8;
const notAligned = 0xe00002d0;

function specificationFor(pick: Pick): Specification {
  const alignment = pick.of([1, 1, 1, 64]);
  return {
    segmentFunction: host64,
    numAddressBits: pick.of([0, 64, 40]),
    maxSegmentSize: pick.of([0, 4096, 1024]),
    maxTransferSize: pick.of([0, 0, 0, 8192]),
    alignment,
    alignmentLength: 1,
    alignmentInternalSegments: 1,
    mappingOptions: pick.of([throughMapper, throughMapper, unmapped, iterateOnly]),
  };
}

/** Memory that a device may be given: prepared for both ways, and not to be completed before it is let go. */
function transferable(world: World, owner: number): Description[] {
  return world.descriptions.filter(
    (one) =>
      one.owner === owner &&
      one.length > 0 &&
      one.direction === kIODirectionOutIn &&
      one.roots.length > 0 &&
      one.roots.every(({ of, count, readOnly }) => (of === 'addresses' || of === 'buffer') && count > 0 && !readOnly),
  );
}

/** The code of a first or a later prepare; the command is as the call leaves it. */
function prepareCommand(world: World, command: Command, offset: number, asked: number): number {
  const { specification, memory } = command;
  if (specification === null || memory === null) return notReady;
  const length = asked === 0 ? memory.length : asked;
  if (length > (specification.maxTransferSize || Number.POSITIVE_INFINITY)) return noSpace;
  if (command.active > 0) {
    const same = offset === command.offset && length === command.length;
    if (same || !world.documented) command.active++;
    return same ? 0 : notReady;
  }
  if (world.documented && offset + length > memory.length) return badArgument;
  command.active = 1;
  command.offset = offset;
  command.length = length;
  return 0;
}

/** Whether the device uses the memory itself is the command's choice; then it must have been copied if that was asked for. */
function lookForBounce(world: World, pick: Pick, command: Command, copies: boolean): void {
  const actor = world.ownerOf(pick, command);
  const used = actor.call(calls.getCommandDescriptor, command.id, true);
  assert.is(actor.call(calls.getCommandDescriptor, command.id, false), command.memory!.id);
  const { alignment, mappingOptions } = command.specification!;
  if (alignment === 1 || (mappingOptions & iterateOnly) !== 0)
    assert.is(used, command.memory!.id, 'there is no need to copy');
  if (used === command.memory!.id) return;
  command.bounce = new Uint8Array(command.length);
  if (copies) command.copyOut();
}

const takesWhatComes = ({ alignment, mappingOptions }: Specification): boolean =>
  alignment > 1 && (mappingOptions & iterateOnly) !== 0;

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
    const actor = world.ownerOf(pick, command);
    const prepares = pick.once(2);
    const code = actor.copy(calls.setMemoryDescriptor, room, command.id, memory.id, prepares, room.length);
    if (memory === command.memory) {
      while (!prepares && command.active > 0) command.end(true);
      return world.is(code, 0, 'the memory it has');
    }
    if (command.memory !== null && command.active > 0) return world.is(code, busy, 'setMemoryDescriptor');
    command.detach();
    command.attach(memory);
    const wanted = prepares ? prepareCommand(world, command, 0, 0) : 0;
    world.is(code, wanted, 'setMemoryDescriptor');
    if (wanted !== 0) command.lose();
    else if (prepares) lookForBounce(world, pick, command, true);
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
    const copies = !pick.once(4);
    const first = command.active === 0;
    const code = world
      .ownerOf(pick, command)
      .copy(calls.commandPrepare, room, command.id, offset, length, true, copies, room.length);
    world.is(code, prepareCommand(world, command, offset, length), 'prepare of a command');
    if (code === 0 && first) lookForBounce(world, pick, command, copies);
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
    if (command === undefined) return;
    const copies = !pick.once(4);
    const code = world.ownerOf(pick, command).copy(calls.commandComplete, room, command.id, true, copies, room.length);
    world.is(code, command.active === 0 ? notReady : 0, 'complete of a command');
    if (command.active > 0) command.end(copies);
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

  /** All of the window in segments that the device can take, a few at a time. */
  genIOVMSegments(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const actor = world.ownerOf(pick, command);
    const most = 1 + pick.upTo(4);
    if (command.active === 0)
      return world.is(actor.call(calls.genIOVMSegments, command.id, 0, most).result, notReady, 'segments');
    const { maxSegmentSize } = command.specification!;
    const { seen } = command;
    const prepared = actor.call(calls.getPreparedOffsetAndLength, command.id);
    assert.equal(prepared, { result: 0, offset: command.offset, length: command.length });
    let at = 0;
    while (at < command.length) {
      const { result, offset, segments } = actor.call(calls.genIOVMSegments, command.id, at, most);
      // Who takes the memory as it is finds out here that it does not suit the device.
      if (result === notAligned && takesWhatComes(command.specification!)) return;
      assert.ok(result === 0 && segments.length > 0 && segments.length <= most, `segments from ${at}: ${result}`);
      for (const { address, length } of segments) {
        assert.ok(length > 0 && (maxSegmentSize === 0 || length <= maxSegmentSize), `a segment of ${length} bytes`);
        checkBytes(world, address, length, seen.slice(at, at + length), command.throughMapper);
        at += length;
      }
      assert.is(offset, at);
    }
    world.is(actor.call(calls.genIOVMSegments, command.id, at, most).result, overrun, 'segments');
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
