/** Commands on what else leads devices to memory: cursors, the mapper, buffers to copy through, and DriverKit's preparation. */
import * as assert from 'uvu/assert';
import { kIODirectionOutIn } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import { part, readPlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import { checkBytes } from './prepared.ts';

const host64 = 4;
const access = 3;
const room = new Uint8Array(4096);

const badArgument = 0xe00002c2;

export const deviceCommands = {
  copyBuffer(world: World, pick: Pick): void {
    const command = pick.any(world.commands);
    if (command === undefined) return;
    const actor = world.ownerOf(pick, command);
    const length = 1 + pick.upTo(world.pageSize);
    const id = actor.call(calls.createCopyBuffer, command.id, kIODirectionOutIn, length);
    const bytes = new Uint8Array(length);
    assert.is(actor.copy(calls.readBytes, bytes, id, 0, length, length), length);
    assert.equal(bytes, new Uint8Array(length));
    actor.call(calls.release, id);
  },

  cursor(world: World, pick: Pick): void {
    const memory = pick.any(
      world.descriptions.filter((one) => one.isPrepared && one.length > 0 && !one.roots.some(({ always }) => always)),
    );
    if (memory === undefined) return;
    const actor = world.ownerOf(pick, memory);
    const largest = pick.of([512, 4096, 2 ** 20]);
    const id = actor.call(calls.cursorWithSpecification, host64, largest, 0);
    const from = pick.offset(memory.length, world.pageSize);
    const most = 1 + pick.upTo(6);
    const { segments, transferSize } = actor.call(calls.genPhysicalSegments, id, memory.id, from, most, 0);
    const wanted = readPlaces(part(memory.places!, from, transferSize));
    let at = 0;
    for (const { address, length } of segments) {
      assert.ok(length > 0 && length <= largest);
      checkBytes(world, address, length, wanted.slice(at, at + length), true);
      at += length;
    }
    assert.is(at, transferSize);
    assert.ok(segments.length === most || from + transferSize === memory.length);
    actor.call(calls.release, id);
  },

  /** What a driver maps by itself it unmaps by itself. */
  mapper(world: World, pick: Pick): void {
    const memory = pick.any(
      world.descriptions.filter((one) => one.prepares > 0 && one.length > 0 && !one.roots.some(({ always }) => always)),
    );
    const actor = memory === undefined ? world.driver(pick) : world.ownerOf(pick, memory);
    const mapper = actor.call(calls.systemMapper, pick.once(2));
    if (!world.configuration.mapper) return assert.is(mapper, 0);
    const pageSize = actor.call(calls.getMapperPageSize, mapper);
    const first = actor.call(calls.iovmAlloc, mapper, 2);
    const start = first * pageSize;
    assert.is(actor.call(calls.iovmInsert, mapper, access, start, pageSize, world.fixed.physical, pageSize), 0);
    assert.is(actor.call(calls.mapToPhysicalAddress, mapper, start + pageSize + 5), world.fixed.physical + 5);
    assert.is(actor.call(calls.mapToPhysicalAddress, mapper, start), 0);
    assert.is(actor.call(calls.iovmUnmapMemory, mapper, start, 2 * pageSize), 0);
    world.is(actor.call(calls.iovmUnmapMemory, mapper, start, 2 * pageSize), badArgument, 'what is unmapped');
    if (memory === undefined) return;
    const at = pick.offset(memory.length, world.pageSize);
    const length = 1 + pick.offset(memory.length - at, world.pageSize);
    const made = actor.call(calls.iovmMapMemory, mapper, memory.id, at, length, access, 0, 1);
    assert.is(made.result, 0);
    const bytes = Math.min(length, pageSize - (made.mapAddress % pageSize));
    checkBytes(world, made.mapAddress, 1, readPlaces(part(memory.places!, at, 1)), bytes > 0);
    const begin = made.mapAddress - (made.mapAddress % pageSize);
    assert.is(actor.call(calls.iovmUnmapMemory, mapper, begin, made.mapLength), 0);
  },

  /** DriverKit: the memory is prepared with the command, and completed with it. */
  prepareForDMA(world: World, pick: Pick): void {
    const command = pick.any(
      world.commands.filter(
        ({ active, memory, specification }) => active === 0 && memory === null && specification !== null,
      ),
    );
    if (command === undefined || command.specification!.alignment !== 1) return;
    const memory = pick.any(
      world.descriptions.filter(
        (one) =>
          one.owner === command.owner &&
          one.length > 0 &&
          one.direction === kIODirectionOutIn &&
          one.roots.every(({ of }) => of === 'addresses' || of === 'buffer'),
      ),
    );
    if (memory === undefined || memory.roots.length === 0 || memory.parts.length > 0) return;
    const limit = command.specification!.maxTransferSize;
    if (limit > 0 && memory.length > limit) return;
    const actor = world.ownerOf(pick, command);
    const wanted = memory.prepare(0, world.documented);
    const request = [command.id, memory.id, 0, 0, 32, room.length] as const;
    const { result, segments } = actor.copy(calls.prepareForDMA, room, ...request);
    world.is(result, wanted, 'PrepareForDMA');
    if (wanted !== 0) return;
    const bytes = readPlaces(memory.places!);
    let at = 0;
    for (const { address, length } of segments) {
      checkBytes(world, address, length, bytes.slice(at, at + length), command.throughMapper);
      at += length;
    }
    assert.ok(at === memory.length || segments.length === 32);
    world.check();
    world.is(actor.copy(calls.completeDMA, room, command.id, room.length), 0, 'CompleteDMA');
    memory.complete();
  },
};
