/**
 * Commands about what devices find in memory, and tasks in what devices have stored. Where devices see memory alone, it is what was
 * written back; where they see what processors have, it is the same for both at any time.
 */
import * as assert from 'uvu/assert';
import { uncached, writeBack } from '../../../src/hardware/cache-policy.ts';
import {
  kIOMemoryIncoherentIOFlush,
  kIOMemoryIncoherentIOStore,
  kIOMemoryMapperNone,
} from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Description } from '../descriptions.ts';
import { type Place, part, readPlaces, sameBytes, writePlaces } from '../pages.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';

const mostBytes = 200;

/** Bytes of a prepared descriptor that lie together in physical memory. */
class Stretch {
  readonly actor: Actor;
  readonly at: number;
  readonly physical: number;
  readonly length: number;

  constructor(
    private readonly world: World,
    pick: Pick,
    private readonly of: Description,
  ) {
    this.actor = world.ownerOf(pick, of);
    this.at = pick.offset(of.length, world.pageSize);
    const segment = this.actor.call(calls.getPhysicalSegment, of.id, this.at, kIOMemoryMapperNone);
    this.physical = segment.address;
    this.length = Math.min(segment.length, 1 + pick.upTo(mostBytes));
  }

  get places(): Place[] {
    return part(this.of.places!, this.at, this.length);
  }

  /** Whether a store stays in the cache until it is written back. */
  get isCached(): boolean {
    const { caches } = this.world.machine.hardware;
    return caches !== null && caches.kernelPolicy(this.physical) === writeBack;
  }

  maintain(operation: number): void {
    const { of, at, length, world } = this;
    world.is(this.actor.call(calls.performOperation, of.id, operation, at, length), 0, 'performOperation');
  }

  store(bytes: Uint8Array): void {
    const { of, at, length } = this;
    assert.is(this.actor.copy(calls.writeBytes, bytes, of.id, at, length, length), length);
  }

  tasksFind(bytes: Uint8Array, what: string): void {
    const { of, at, length } = this;
    const found = new Uint8Array(length);
    assert.is(this.actor.copy(calls.readBytes, found, of.id, at, length, length), length);
    sameBytes(found, bytes, `${what} for tasks`);
  }

  devicesFind(bytes: Uint8Array, what: string): void {
    sameBytes(deviceReads(this.world, this.physical, this.length), bytes, `${what} for devices`);
  }
}

/** What a device finds at physical addresses. */
export function deviceReads(world: World, physical: number, length: number): Uint8Array {
  const { memory, caches } = world.machine.hardware;
  const bytes = new Uint8Array(length);
  if (caches === null) memory.read(physical, bytes, 0, length);
  else caches.read(physical, bytes, 0, length, uncached);
  return bytes;
}

/** What processors find there. */
export function processorReads(world: World, physical: number, length: number): Uint8Array {
  const { memory, caches } = world.machine.hardware;
  if (caches === null) return new Uint8Array(memory.buffer).slice(physical, physical + length);
  const bytes = new Uint8Array(length);
  caches.read(physical, bytes, 0, length, null);
  return bytes;
}

export function deviceWrites(world: World, physical: number, bytes: Uint8Array): void {
  const { hardware } = world.machine;
  hardware.preserve(physical, bytes.length);
  if (hardware.caches === null) hardware.memory.write(physical, bytes, 0, bytes.length);
  else hardware.caches.write(physical, bytes, 0, bytes.length, uncached);
}

function stretchOf(world: World, pick: Pick): Stretch | undefined {
  const { documented } = world;
  const mayCopy = (one: Description): boolean =>
    one.mayCopy(true, documented) === 'yes' && one.mayCopy(false, documented) === 'yes';
  const of = pick.any(world.descriptions.filter((one) => one.length > 0 && one.isPrepared && mayCopy(one)));
  return of === undefined ? undefined : new Stretch(world, pick, of);
}

export const cacheCommands = {
  /** What a task stores, devices find once it is written back. */
  storeForDevice(world: World, pick: Pick): void {
    const stretch = stretchOf(world, pick);
    if (stretch === undefined) return;
    stretch.maintain(kIOMemoryIncoherentIOFlush);
    const before = readPlaces(stretch.places);
    stretch.devicesFind(before, 'what was there');
    const bytes = world.fresh(stretch.length);
    stretch.store(bytes);
    writePlaces(stretch.places, bytes);
    stretch.devicesFind(stretch.isCached ? before : bytes, 'what is stored');
    stretch.maintain(pick.of([kIOMemoryIncoherentIOStore, kIOMemoryIncoherentIOFlush]));
    stretch.devicesFind(bytes, 'what is written back');
    stretch.tasksFind(bytes, 'what is written back');
  },

  /** What a device stores, tasks find once the cache has dropped what it had; what it has that is newer is never dropped. */
  storeByDevice(world: World, pick: Pick): void {
    const stretch = stretchOf(world, pick);
    if (stretch === undefined) return;
    stretch.maintain(kIOMemoryIncoherentIOFlush);
    let cached = readPlaces(stretch.places);
    const uses = pick.of(['nothing', 'reads', 'stores']);
    if (uses === 'reads') stretch.tasksFind(cached, 'what was there');
    if (uses === 'stores') {
      cached = world.fresh(stretch.length);
      stretch.store(cached);
    }
    const bytes = world.fresh(stretch.length);
    deviceWrites(world, stretch.physical, bytes);
    stretch.tasksFind(stretch.isCached && uses !== 'nothing' ? cached : bytes, 'what a device stored');
    stretch.maintain(kIOMemoryIncoherentIOFlush);
    const last = stretch.isCached && uses === 'stores' ? cached : bytes;
    stretch.tasksFind(last, 'what is dropped');
    stretch.devicesFind(last, 'what is dropped');
    writePlaces(stretch.places, last);
  },
};
