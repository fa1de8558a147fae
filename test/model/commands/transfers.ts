/**
 * What commands of DMA have in common, and a transfer as a whole: the device finds what was in the memory, and the memory has what
 * the device left there.
 */
import * as assert from 'uvu/assert';
import {
  iterateOnly,
  mappingTypeMask,
  nonCoherent,
  mapped as throughMapper,
  unmapped,
} from '../../../src/iokit/dma-specification.ts';
import { kIODirectionOutIn } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Description } from '../descriptions.ts';
import type { Command, Specification } from '../dma-command.ts';
import { part, readPlaces, sameBytes, writePlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { Range } from '../root.ts';
import type { World } from '../world.ts';
import { deviceReads, deviceWrites } from './caches.ts';
import { checkBytes, copyInto, physicalRuns, prepare } from './prepared.ts';

const mostCompared = 4096;
const host64 = 4;
/** What calls that copy may copy through. */
export const room = new Uint8Array(4096);

export const badArgument = 0xe00002c2;
const busy = 0xe00002d5;
export const notReady = 0xe00002d8;
const noSpace = 0xe00002db;
export const overrun = 0xe00002e8;
const notAligned = 0xe00002d0;

export function specificationFor(pick: Pick): Specification {
  const alignment = pick.of([1, 1, 1, 64]);
  return {
    segmentFunction: host64,
    numAddressBits: pick.of([0, 64, 40]),
    maxSegmentSize: pick.of([0, 4096, 1024]),
    maxTransferSize: pick.of([0, 0, 0, 8192]),
    alignment,
    alignmentLength: 1,
    alignmentInternalSegments: 1,
    mappingOptions: pick.of([throughMapper, nonCoherent, unmapped, iterateOnly]),
  };
}

/** Memory that a device may be given: prepared for both ways, and not to be completed before it is let go. */
export function transferable(world: World, owner: number): Description[] {
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
export function prepareCommand(world: World, command: Command, offset: number, asked: number): number {
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
export function lookForBounce(world: World, pick: Pick, command: Command, copies: boolean): void {
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

/** The code of `setMemoryDescriptor` with memory that the command has not got. */
export function attach(world: World, pick: Pick, command: Command, memory: Description, prepares: boolean): number {
  const actor = world.ownerOf(pick, command);
  const code = actor.copy(calls.setMemoryDescriptor, room, command.id, memory.id, prepares, room.length);
  if (command.memory !== null && command.active > 0) {
    world.is(code, busy, 'setMemoryDescriptor');
    return busy;
  }
  command.detach();
  command.attach(memory);
  const wanted = prepares ? prepareCommand(world, command, 0, 0) : 0;
  world.is(code, wanted, 'setMemoryDescriptor');
  if (wanted !== 0) command.lose();
  else if (prepares) lookForBounce(world, pick, command, true);
  return wanted;
}

export function ready(world: World, pick: Pick, command: Command, offset: number, asked: number, copies: boolean) {
  const first = command.active === 0;
  const code = world
    .ownerOf(pick, command)
    .copy(calls.commandPrepare, room, command.id, offset, asked, true, copies, room.length);
  world.is(code, prepareCommand(world, command, offset, asked), 'prepare of a command');
  if (code === 0 && first) lookForBounce(world, pick, command, copies);
  return code;
}

export function finish(world: World, pick: Pick, command: Command, copies: boolean): void {
  const code = world.ownerOf(pick, command).copy(calls.commandComplete, room, command.id, true, copies, room.length);
  world.is(code, command.active === 0 ? notReady : 0, 'complete of a command');
  if (command.active > 0) command.end(copies);
}

/** All of the window in segments that the device can take, `most` at a time; null where they do not suit it. */
export function segmentsOf(world: World, pick: Pick, command: Command, most: number): Range[] | null {
  const actor = world.ownerOf(pick, command);
  const { maxSegmentSize } = command.specification!;
  const { seen } = command;
  const found: Range[] = [];
  let at = 0;
  while (at < command.length) {
    const { result, offset, segments } = actor.call(calls.genIOVMSegments, command.id, at, most);
    // Who takes the memory as it is finds out here that it does not suit the device.
    if (result === notAligned && takesWhatComes(command)) return null;
    assert.ok(result === 0 && segments.length > 0 && segments.length <= most, `segments from ${at}: ${result}`);
    for (const { address, length } of segments) {
      assert.ok(length > 0 && (maxSegmentSize === 0 || length <= maxSegmentSize), `a segment of ${length} bytes`);
      checkBytes(world, address, length, seen.slice(at, at + length), command.throughMapper);
      found.push({ address, length });
      at += length;
    }
    assert.is(offset, at);
  }
  world.is(actor.call(calls.genIOVMSegments, command.id, at, most).result, overrun, 'segments');
  return found;
}

/** Whether it does: it is told to, or the memory begins where the device can begin, though the window does not (3.13, cursor mode). */
function takesWhatComes({ specification, offset }: Command): boolean {
  const { alignment, mappingOptions } = specification!;
  return alignment > 1 && ((mappingOptions & iterateOnly) !== 0 || offset % alignment !== 0);
}

const isDirect = (one: Description): boolean => one.roots.every(({ of }) => of === 'addresses' || of === 'buffer');

/** Memory for a transfer, prepared if it is not yet. */
function suitable(world: World, pick: Pick, { owner }: Command): Description | undefined {
  const known = pick.any(transferable(world, owner));
  if (known !== undefined) return known;
  const fresh = pick.any(
    world.descriptions.filter(
      (one) =>
        one.owner === owner &&
        one.length > 0 &&
        one.direction === kIODirectionOutIn &&
        one.roots.length > 0 &&
        isDirect(one),
    ),
  );
  if (fresh === undefined || !prepare(world, world.ownerOf(pick, fresh), fresh, 0)) return undefined;
  return transferable(world, owner).find((one) => one === fresh);
}

export const transferCommands = {
  transfer(world: World, pick: Pick): void {
    const command = pick.any(
      world.commands.filter(({ active, specification }) => active === 0 && specification !== null),
    );
    if (command === undefined) return;
    const memory = command.memory ?? suitable(world, pick, command);
    if (memory === undefined) return;
    if (memory !== command.memory && attach(world, pick, command, memory, false) !== 0) return;
    copyInto(world, pick, memory);
    if (ready(world, pick, command, 0, 0, true) !== 0) return;
    const segments = segmentsOf(world, pick, command, 8);
    const { caches } = world.machine.hardware;
    const { throughMapper, specification } = command;
    // Whoever says nothing of caches has to see to them alone.
    if (segments !== null && (caches === null || (specification!.mappingOptions & mappingTypeMask) === nonCoherent)) {
      let at = 0;
      for (const { address, length } of segments) {
        for (const { physical, bytes } of physicalRuns(world, address, length, throughMapper)) {
          // Asked anew each time: parts may be of the same memory.
          const seen = command.bounce?.slice(at, at + bytes) ?? readPlaces(part(command.places, at, bytes));
          sameBytes(deviceReads(world, physical, bytes), seen, 'what the device finds');
          const left = world.fresh(bytes);
          deviceWrites(world, physical, left);
          if (command.bounce === null) writePlaces(part(command.places, at, bytes), left);
          else command.bounce.set(left, at);
          at += bytes;
        }
      }
    }
    finish(world, pick, command, true);
    // Prepared for the device to write alone, the memory is nobody's to read so.
    if (memory.mayCopy(false, world.documented) !== 'yes') return;
    const found = new Uint8Array(Math.min(memory.length, mostCompared));
    const actor = world.ownerOf(pick, command);
    assert.is(actor.copy(calls.readBytes, found, memory.id, 0, found.length, found.length), found.length);
    sameBytes(found, readPlaces(part(memory.places!, 0, found.length)), 'what the device left');
  },
};
