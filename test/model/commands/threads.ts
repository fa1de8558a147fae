/**
 * Commands between threads: messages with handles, locks, events, time, interrupts. The second thread of a task sleeps where it
 * has to; what it waits for comes with a later command, or never.
 */
import * as assert from 'uvu/assert';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Description } from '../descriptions.ts';
import type { Pick } from '../pick.ts';
import type { TaskModel, World } from '../world.ts';

export const forever = Number.POSITIVE_INFINITY;
const awakened = 0;
export const events = 3;
const interruptName = 'done';

export interface Message {
  readonly value: number;
  readonly of: Description | null;
}

/** The second thread of a task, if it may sleep now: it is awake and holds nothing that forbids it. */
export function sleeperOf(world: World, { actors }: TaskModel): Actor | undefined {
  const [, second] = actors;
  const spins = world.locks.some((lock) => lock.kind === 'simple' && lock.writer === second);
  return second.isFree && !spins ? second : undefined;
}

export const waiters = (world: World): TaskModel[] => world.live.filter((task) => sleeperOf(world, task) !== undefined);

function hear(world: World, actor: Actor, words: Float64Array): void {
  const message = world.messages.get(actor)!.shift()!;
  assert.equal(words, Float64Array.of(message.value));
  const { of } = message;
  if (of === null) return;
  assert.is(actor.call(calls.getLength, of.id), of.length, 'what came with the message');
  actor.call(calls.release, of.id);
}

export const threadCommands = {
  send(world: World, pick: Pick): void {
    const from = world.actor(pick);
    const to = pick.of(pick.of(world.live).actors);
    const of = pick.any(world.descriptions.filter(({ owner }) => owner === from.holder)) ?? null;
    const value = pick.upTo(100);
    world.messages.get(to)!.push({ value, of });
    from.call(calls.send, to.name, Float64Array.of(value), of === null ? [] : [of.id]);
  },

  receive(world: World, pick: Pick): void {
    const actor = world.actor(pick);
    if (world.messages.get(actor)!.length > 0) hear(world, actor, actor.call(calls.receive));
    else
      sleeperOf(world, world.taskFor(actor))?.sleep(calls.receive, (words) => {
        const [, second] = world.taskFor(actor).actors;
        hear(world, second, words);
      });
  },

  eventWait(world: World, pick: Pick): void {
    const actor = sleeperOf(world, world.kernel);
    const check = (result: number): void => assert.is(result, awakened);
    actor?.sleep(calls.eventWait, check, pick.upTo(events));
  },

  wakeup(world: World, pick: Pick): void {
    world.actor(pick).call(calls.wakeup, pick.upTo(events), pick.once(2));
  },

  sleep(world: World, pick: Pick): void {
    const task = pick.any(waiters(world));
    if (task === undefined) return;
    const actor = sleeperOf(world, task)!;
    const until = world.machine.kernelState.sleepers.time + 1 + pick.upTo(20);
    actor.sleep(
      calls.sleep,
      () => assert.ok(actor.call(calls.now) >= until),
      until - world.machine.kernelState.sleepers.time,
    );
  },

  /** The clock goes to the next deadline. */
  tick(world: World, pick: Pick): void {
    const before = world.actor(pick).call(calls.now);
    world.machine.kernelState.sleepers.expire();
    assert.ok(world.actor(pick).call(calls.now) >= before);
  },

  atomicWait(world: World, pick: Pick): void {
    const task = pick.any(waiters(world).filter((one) => one.space.at(world.shared.address) !== undefined));
    if (task === undefined) return;
    const actor = sleeperOf(world, task)!;
    const address = world.shared.address + 4 * pick.upTo(2);
    const value = actor.task.load32(address);
    if (pick.once(4)) return assert.is(actor.call(calls.atomicWait, address, (value + 1) >>> 0, forever), 1);
    const timed = pick.once(2);
    const check = (result: number): void => assert.ok(result === 0 || (timed && result === 2));
    actor.sleep(calls.atomicWait, check, address, value, timed ? 10 : forever);
  },

  atomicNotify(world: World, pick: Pick): void {
    const task = pick.any(world.live.filter((one) => one.space.at(world.shared.address) !== undefined));
    if (task === undefined) return;
    const address = world.shared.address + 4 * pick.upTo(2);
    const most = pick.upTo(3);
    assert.ok(world.actor(pick, task).call(calls.atomicNotify, address, most) <= most);
  },

  interrupt(world: World): void {
    if (!world.device.isFree) return;
    world.device.call(calls.interrupt, interruptName);
    world.pending++;
  },

  waitInterrupt(world: World, pick: Pick): void {
    const task = pick.any(waiters(world));
    if (task === undefined) return;
    const check = (times: number): void => {
      assert.is(times, world.pending);
      world.pending = 0;
    };
    const actor = sleeperOf(world, task)!;
    const waits = world.pending === 0;
    actor.sleep(calls.waitInterrupt, check, interruptName);
    assert.is(actor.isFree, !waits);
  },

  /** A device is idle when it has heard everything and waits for more. */
  deviceReceives(world: World): void {
    const { device } = world;
    if (!device.isFree) return;
    device.sleep(calls.receive, (words) => hear(world, device, words));
  },

  ringDevice(world: World, pick: Pick): void {
    const value = pick.upTo(100);
    world.messages.get(world.device)!.push({ value, of: null });
    world.actor(pick).call(calls.send, world.device.name, Float64Array.of(value), []);
  },

  stopDevice(world: World, pick: Pick): void {
    const task = pick.any(waiters(world));
    if (task === undefined) return;
    const { device } = world;
    const isIdle = (): boolean => !device.isFree && world.messages.get(device)!.length === 0;
    const idle = isIdle();
    const actor = sleeperOf(world, task)!;
    actor.sleep(calls.stopDevice, () => {}, device.name);
    assert.is(actor.isFree, idle, 'it waits until the device is idle');
  },
};
