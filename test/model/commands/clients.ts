/** Commands on connections between drivers and tasks, and DriverKit's calls on memory. */
import * as assert from 'uvu/assert';
import { kIOMemoryDisableCopyOnWrite, kIOMemoryMapGuardedNone } from '../../../src/iokit/dext-options.ts';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapGuardedSmall,
  kIOMapReadOnly,
  kIOMapReference,
} from '../../../src/iokit/options.ts';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Description } from '../descriptions.ts';
import { canBeCompared, mapped } from '../mapped.ts';
import { type Mapping, sharedBy } from '../mappings.ts';
import type { Pick } from '../pick.ts';
import { Root } from '../root.ts';
import type { World } from '../world.ts';
import { describe, isFull } from './descriptors.ts';

const mostConnections = 3;
const types = 2;
const badArgument = 0xe00002c2;
const notAttached = 0xe00002d9;
const notReady = 0xe00002d8;

export class Connection {
  closed = false;
  readonly offered = new Map<number, { readonly of: Description; readonly options: number }>();
  maps: Mapping[] = [];

  constructor(
    readonly id: number,
    /** Number of the task that has the handle. */
    readonly holder: number,
    /** Number of the task whose connection it is. */
    readonly owner: number,
  ) {}

  offer(type: number, of: Description, options: number): void {
    const before = this.offered.get(type);
    if (before !== undefined) before.of.uses--;
    of.uses++;
    this.offered.set(type, { of, options });
  }

  close(): void {
    this.closed = true;
    for (const mapping of this.maps.splice(0)) mapping.letGo();
    for (const { of } of this.offered.values()) of.uses--;
    this.offered.clear();
  }
}

export const clientCommands = {
  openClient(world: World, pick: Pick): void {
    if (world.connections.length >= mostConnections) return;
    const driver = world.driver(pick);
    const owner = pick.of(world.live.filter((task) => task !== world.kernel)).state;
    const id = driver.call(calls.userClientWithTask, owner.handle);
    world.connections.push(new Connection(id, driver.holder, owner.number));
  },

  offerMemory(world: World, pick: Pick): void {
    const connection = pick.any(world.connections);
    const of = pick.any(
      world.descriptions.filter(({ owner, length }) => owner === world.kernel.state.number && length > 0),
    );
    if (connection === undefined || of === undefined) return;
    const options = pick.of([0, kIOMapReadOnly]);
    const type = pick.upTo(types);
    const code = world.driver(pick).call(calls.clientMemoryForType, connection.id, type, of.id, options);
    world.is(code, connection.closed ? notAttached : 0, 'clientMemoryForType');
    if (!connection.closed) connection.offer(type, of, options);
  },

  /** Of the flags only the lower bits are the task's to choose. */
  mapClientMemory(world: World, pick: Pick): void {
    const connection = pick.any(world.connections);
    if (connection === undefined) return;
    const type = pick.upTo(types);
    const task = pick.of(world.live);
    const driver = world.driver(pick);
    const memory = connection.offered.get(type);
    if (memory !== undefined && !canBeCompared(world, memory.of, 0, memory.of.length)) return;
    const flags = kIOMapAnywhere | kIOMapReadOnly;
    const id = driver.call(calls.mapClientMemory64, connection.id, type, task.state.handle, flags, 0);
    if (memory === undefined) return assert.is(id, 0);
    const options = memory.options | kIOMapAnywhere;
    const request = { task, at: 0, options, offset: 0, length: memory.of.length };
    const map = mapped(world, driver, memory.of, request, id);
    if (map === null || connection.maps.includes(map)) return;
    map.kept++;
    connection.maps.push(map);
  },

  unmapClientMemory(world: World, pick: Pick): void {
    const connection = pick.any(world.connections);
    if (connection === undefined) return;
    const type = pick.upTo(types);
    const task = pick.of(world.live);
    const code = world.driver(pick).call(calls.unmapClientMemory, connection.id, type, task.state.handle, 0);
    const memory = connection.offered.get(type);
    if (memory === undefined) return world.is(code, badArgument, 'unmapClientMemory');
    const { holder, offset } = memory.of.holderOf(0);
    const { length } = memory.of;
    holder.root?.takeSnapshot(holder.direction, (memory.options & kIOMapReadOnly) !== 0);
    const options = memory.options | kIOMapAnywhere | kIOMapReference;
    const found = sharedBy(world, holder, { task, at: 0, options, offset, length });
    world.is(code, found === undefined ? badArgument : 0, 'unmapClientMemory');
    const exact = found !== undefined && found.offset === offset && found.length === length;
    if (!exact || !connection.maps.includes(found)) return;
    connection.maps.splice(connection.maps.indexOf(found), 1);
    found.letGo();
  },

  closeClient(world: World, pick: Pick): void {
    const connection = pick.any(world.connections);
    if (connection === undefined) return;
    const driver = world.driver(pick);
    if (pick.once(2)) world.is(driver.call(calls.clientClose, connection.id), 0, 'clientClose');
    else {
      driver.call(calls.release, connection.id);
      world.connections.splice(world.connections.indexOf(connection), 1);
    }
    connection.close();
  },

  /** What a dext describes of its client's memory: a snapshot of it, unless it asks for the memory itself. */
  memoryFromClient(world: World, pick: Pick): void {
    const connection = pick.any(world.connections);
    const region = pick.any(world.regions.filter(({ task }) => task.state.number === connection?.owner));
    if (connection === undefined || region === undefined || isFull(world)) return;
    const driver = world.driver(pick);
    const range = { address: region.address, length: region.pages * world.pageSize };
    const copies = pick.once(2);
    const options = kIODirectionOutIn | (copies ? 0 : kIOMemoryDisableCopyOnWrite);
    const { result, id } = driver.call(calls.createMemoryDescriptorFromClient, connection.id, options, [range]);
    world.is(result, connection.closed ? notReady : 0, 'CreateMemoryDescriptorFromClient');
    if (connection.closed) return;
    const root = new Root(world.pageSize, 'addresses', [range], region.task.space, [], copies);
    describe(world, driver, id, 'general', kIODirectionOutIn, root);
  },

  createDextMapping(world: World, pick: Pick): void {
    const of = pick.any(world.descriptions.filter(({ length }) => length > 0));
    if (of === undefined || !canBeCompared(world, of, 0, of.length)) return;
    const actor = world.ownerOf(pick, of);
    const guarded = pick.once(2);
    const { result, id } = actor.call(calls.createDextMapping, of.id, guarded ? 0 : kIOMemoryMapGuardedNone, 0, 0, 0);
    const readOnly = (of.direction & kIODirectionOutIn) === kIODirectionOut ? kIOMapReadOnly : 0;
    const options = kIOMapAnywhere | readOnly | (guarded ? kIOMapGuardedSmall : 0);
    const request = { task: world.taskFor(actor), at: 0, options, offset: 0, length: of.length };
    const map = mapped(world, actor, of, request, id);
    assert.is(result === 0, map !== null);
    map?.hold(actor.holder);
  },

  /** A buffer has an address in a task from when that task asks for it until it lets the buffer go. */
  dextBuffer(world: World, pick: Pick): void {
    const actor = world.actor(pick);
    const capacity = 1 + pick.upTo(2 * world.pageSize);
    const { result, id } = actor.call(calls.createDextBuffer, kIODirectionOutIn, capacity, 0);
    assert.is(result, 0);
    const range = actor.call(calls.getAddressRange, id);
    assert.equal(range, { result: 0, address: range.address, length: capacity });
    const bytes = world.fresh(Math.min(capacity, 40));
    actor.task.write(range.address, bytes);
    const back = new Uint8Array(bytes.length);
    actor.copy(calls.readBytes, back, id, 0, bytes.length, bytes.length);
    assert.equal(back, bytes);
    world.check();
    actor.call(calls.release, id);
    world.faults(() => actor.task.load8(range.address));
  },
};
