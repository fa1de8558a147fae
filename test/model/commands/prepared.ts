/** Commands on what is prepared: wiring it, copying through it, and finding it in physical memory. */
import * as assert from 'uvu/assert';
import { kIOMemoryMapperNone } from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Description } from '../descriptions.ts';
import { part, readPlaces, sameBytes, writePlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import { processorReads } from './caches.ts';
import { drop } from './descriptors.ts';

const mostCopied = 200;

export function prepare(world: World, actor: Actor, of: Description, direction: number): boolean {
  const counts = of.roots.map((root) => ({ ...root }));
  const check = watchWires(world, of);
  const wanted = of.prepare(direction, world.documented);
  // In the sources a failed one of these completes the wrong parts: of that the model knows nothing.
  if (wanted !== 0 && !world.documented && hasInterleaved(of)) {
    for (const [i, root] of of.roots.entries()) Object.assign(root, counts[i]);
    return false;
  }
  world.is(actor.call(calls.prepare, of.id, direction), wanted, 'prepare');
  check();
  if (wanted === 0) of.prepares++;
  return wanted === 0;
}

const hasInterleaved = (of: Description): boolean =>
  of.kind === 'interleaved' || of.parts.some((one) => hasInterleaved(one.of));

export function complete(world: World, actor: Actor, of: Description): void {
  const check = watchWires(world, of);
  world.is(actor.call(calls.complete, of.id, 0), 0, 'complete');
  of.complete();
  check();
  of.prepares--;
}

/** A page is wired once for each range of a prepared descriptor that touches it, however often that is prepared. */
function watchWires(world: World, of: Description): () => void {
  // The pages of a list are held by the list.
  const roots = [...new Set(of.roots)].filter(({ always, of: kind }) => !always && kind !== 'list');
  if (roots.length === 0) return () => {};
  const { frames } = world.machine.hardware;
  const wires = (): number => {
    let sum = 0;
    for (let frame = 0; frame < frames.frames; frame++) sum += frames.wires(frame);
    return sum;
  };
  const wanted = (): number => roots.reduce((sum, root) => sum + root.wiredPages, 0);
  const before = wires() - wanted();
  return () => assert.is(wires() - wanted(), before, 'pages that are wired');
}

/** Physical memory, or device addresses, lead to the same bytes. */
export function checkBytes(
  world: World,
  address: number,
  length: number,
  wanted: Uint8Array,
  throughMapper: boolean,
): void {
  let done = 0;
  for (const { physical, bytes } of physicalRuns(world, address, length, throughMapper)) {
    sameBytes(processorReads(world, physical, bytes), wanted.slice(done, done + bytes));
    done += bytes;
  }
}

/** Where in physical memory an address leads that a device is given, page by page. */
export function* physicalRuns(
  world: World,
  address: number,
  length: number,
  throughMapper: boolean,
): Generator<{ physical: number; bytes: number }> {
  const { iommu } = world.machine.hardware;
  if (iommu === null || !throughMapper) return yield { physical: address, bytes: length };
  for (let done = 0; done < length; ) {
    const bytes = Math.min(length - done, iommu.pageSize - ((address + done) % iommu.pageSize));
    // Whatever the device may do there.
    const page = iommu.lookup(Math.floor((address + done) / iommu.pageSize));
    assert.ok(page > 0, `the device address ${address + done} is mapped`);
    yield { physical: page * iommu.pageSize + ((address + done) % iommu.pageSize), bytes };
    done += bytes;
  }
}

/** What can be completed. */
const prepared = (world: World): Description[] =>
  world.descriptions.filter(({ prepares, roots }) => prepares > 0 && roots.every(({ busy }) => busy === 0));

export const preparedCommands = {
  prepare(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions);
    if (of !== undefined) prepare(world, world.ownerOf(pick, of), of, pick.once(3) ? pick.upTo(4) : 0);
  },

  complete(world: World, pick: Pick): void {
    const of = pick.any(prepared(world));
    if (of === undefined) return;
    complete(world, world.ownerOf(pick, of), of);
    if (of.root?.of === 'list' && !of.root.isPrepared) {
      world.ownerOf(pick, of).call(calls.release, of.id);
      drop(world, of);
    }
  },

  completeTooOften(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter((one) => one.root?.of === 'addresses' && !one.root.isPrepared));
    if (of === undefined) return;
    world.expectViolation('unbalanced-complete');
    world.is(world.ownerOf(pick, of).call(calls.complete, of.id, 0), 0, 'complete');
  },

  readBytes(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter(({ isPrepared }) => isPrepared));
    if (of !== undefined) copyBytes(world, pick, of, false);
  },

  writeBytes(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter(({ isPrepared }) => isPrepared));
    if (of !== undefined) copyBytes(world, pick, of, true);
  },

  /** Segments lead to the bytes in memory, and end no later than the descriptor. */
  getPhysicalSegment(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter(({ isPrepared }) => isPrepared));
    if (of === undefined) return;
    const actor = world.ownerOf(pick, of);
    const through = pick.once(2) && of.roots.every(({ always }) => !always);
    const places = of.places!;
    let at = 0;
    while (at < of.length) {
      const { address, length } = actor.call(calls.getPhysicalSegment, of.id, at, through ? 0 : kIOMemoryMapperNone);
      assert.ok(length > 0 && at + length <= of.length, `${length} bytes at ${at} of ${of.length}`);
      checkBytes(world, address, length, readPlaces(part(places, at, length)), through);
      at += length;
    }
    assert.equal(actor.call(calls.getPhysicalSegment, of.id, of.length, 0), { address: 0, length: 0 });
  },
};

function copyBytes(world: World, pick: Pick, of: Description, intoMemory: boolean): void {
  const offset = pick.offset(of.length, world.pageSize);
  const length = Math.min(mostCopied, pick.once(4) ? mostCopied : 1 + pick.offset(of.length - offset, world.pageSize));
  copy(world, pick, of, intoMemory, offset, length);
}

/** Something to be found at the beginning, where memory is prepared. */
export function copyInto(world: World, pick: Pick, of: Description): void {
  copy(world, pick, of, true, 0, Math.min(of.length, mostCopied));
}

function copy(world: World, pick: Pick, of: Description, intoMemory: boolean, offset: number, length: number): void {
  const actor = world.ownerOf(pick, of);
  const available = Math.max(0, of.length - offset);
  const fitting = length <= available ? length : world.documented ? available : 0;
  const answer = fitting === 0 ? 'no' : of.mayCopy(intoMemory, world.documented);
  if (answer === 'misuse') world.expectViolation('direction-misuse');
  const count = answer === 'yes' ? fitting : 0;
  const bytes = intoMemory ? world.fresh(length) : new Uint8Array(length);
  const call = intoMemory ? calls.writeBytes : calls.readBytes;
  assert.is(actor.copy(call, bytes, of.id, offset, length, length), count);
  const places = part(of.places!, offset, count);
  if (intoMemory) writePlaces(places, bytes);
  else assert.equal(bytes.slice(0, count), readPlaces(places));
}
