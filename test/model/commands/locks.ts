/** Commands on locks. The first thread of a task takes only what is free; the second one waits. */
import * as assert from 'uvu/assert';
import { calls } from '../../../src/kernel/calls/index.ts';
import type { Actor } from '../actor.ts';
import type { Pick } from '../pick.ts';
import type { World } from '../world.ts';
import { events, forever, sleeperOf, waiters } from './threads.ts';

const mostLocks = 6;
const uninterruptible = 0;
const awakened = 0;
const timedOut = 1;

type LockKind = 'mutex' | 'recursive' | 'rw' | 'simple';

export class Lock {
  writer: Actor | null = null;
  /** How often its holder has it. */
  count = 0;
  readers: Actor[] = [];
  /** Threads that wait for it. */
  waiting = 0;
  /** Threads that let go of it to sleep until an event, and will want it back. */
  sleeping = 0;

  constructor(
    readonly id: number,
    readonly owner: number,
    readonly kind: LockKind,
  ) {}

  get isFree(): boolean {
    return this.writer === null && this.readers.length === 0;
  }

  take(actor: Actor): void {
    this.writer = actor;
    this.count++;
  }

  holds(actor: Actor): boolean {
    return this.writer === actor || this.readers.includes(actor);
  }
}

const allocations = {
  mutex: calls.lockAlloc,
  recursive: calls.recursiveAlloc,
  rw: calls.rwAlloc,
  simple: calls.simpleAlloc,
} as const;

/** It has the lock now, or sleeps until it has. */
function take(lock: Lock, actor: Actor, reads: boolean): void {
  const call = {
    mutex: calls.lock,
    recursive: calls.recursiveLock,
    rw: reads ? calls.lockRead : calls.lockWrite,
    simple: calls.simpleLock,
  }[lock.kind];
  lock.waiting++;
  const has = (): void => {
    lock.waiting--;
    if (reads) lock.readers.push(actor);
    else lock.take(actor);
  };
  actor.sleep(call, has, lock.id);
}

function letGo(world: World, lock: Lock, actor: Actor): void {
  const call = {
    mutex: calls.unlock,
    recursive: calls.recursiveUnlock,
    rw: calls.rwUnlock,
    simple: calls.simpleUnlock,
  }[lock.kind];
  const at = lock.readers.indexOf(actor);
  if (at >= 0) lock.readers.splice(at, 1);
  else if (--lock.count === 0) lock.writer = null;
  actor.call(call, lock.id);
  const [, second] = world.taskOf(lock.owner).actors;
  world.check();
  if (lock.isFree) assert.is(lock.waiting, 0, `${second.name} goes on once the lock is free`);
}

export const lockCommands = {
  lockAlloc(world: World, pick: Pick): void {
    if (world.locks.length >= mostLocks) return;
    const actor = world.actor(pick);
    const kind = pick.of(Object.keys(allocations) as LockKind[]);
    world.locks.push(new Lock(actor.call(allocations[kind], `lock ${world.locks.length}`), actor.holder, kind));
  },

  tryLock(world: World, pick: Pick): void {
    const lock = pick.any(world.locks.filter(({ kind }) => kind !== 'rw'));
    if (lock === undefined) return;
    const actor = world.ownerOf(pick, lock);
    const call = { mutex: calls.tryLock, recursive: calls.recursiveTryLock, simple: calls.simpleTryLock }[
      lock.kind as 'mutex'
    ];
    const again = lock.kind === 'recursive' && lock.writer === actor;
    const possible = lock.writer === null || again;
    assert.is(actor.call(call, lock.id), possible);
    if (possible) lock.take(actor);
    if (lock.kind === 'recursive') assert.is(actor.call(calls.recursiveHaveLock, lock.id), lock.writer === actor);
  },

  /** The first thread takes only what is free; the second one waits. */
  lock(world: World, pick: Pick): void {
    const lock = pick.any(world.locks);
    if (lock === undefined) return;
    const task = world.taskOf(lock.owner);
    const [first] = task.actors;
    const second = sleeperOf(world, task);
    const actor = pick.once(2) ? second : first;
    if (actor === undefined || lock.holds(actor)) return;
    const free = lock.isFree && lock.waiting === 0;
    if (!free && (actor === first || lock.kind === 'simple' || lock.waiting > 0)) return;
    const reads = lock.kind === 'rw' && pick.once(2);
    take(lock, actor, reads);
    const shares = reads && lock.writer === null;
    assert.is(actor.isFree, free || shares, 'who must wait waits, and nobody else');
  },

  /** The second thread waits for what the first one has, and has it once that lets go. */
  contend(world: World, pick: Pick): void {
    const able = waiters(world).map(({ state }) => state.number);
    const lock = pick.any(
      world.locks.filter(
        (one) => one.kind !== 'simple' && one.isFree && one.waiting + one.sleeping === 0 && able.includes(one.owner),
      ),
    );
    if (lock === undefined) return;
    const [first, second] = world.taskOf(lock.owner).actors;
    const reads = lock.kind === 'rw' && pick.once(2);
    take(lock, first, reads);
    assert.ok(lock.holds(first), 'who comes first has it');
    take(lock, second, lock.kind === 'rw' && !reads && pick.once(2));
    assert.not(second.isFree, 'who comes second waits');
    world.check();
    letGo(world, lock, first);
    assert.ok(second.isFree && lock.holds(second), 'who waited has it');
    if (pick.once(2)) letGo(world, lock, second);
  },

  unlock(world: World, pick: Pick): void {
    const lock = pick.any(world.locks.filter((one) => !one.isFree));
    if (lock === undefined) return;
    const actor = world.taskOf(lock.owner).actors.find((one) => lock.holds(one) && one.isFree);
    if (actor === undefined) return;
    letGo(world, lock, actor);
  },

  /** A thread lets go of its lock, sleeps until an event or its time, and has the lock again. */
  lockSleep(world: World, pick: Pick): void {
    const able = waiters(world);
    const lock = pick.any(
      world.locks.filter(({ kind, writer, owner, waiting }) => {
        const second = able.find(({ state }) => state.number === owner)?.actors[1];
        return (kind === 'mutex' || kind === 'recursive') && second !== undefined && writer === second && waiting === 0;
      }),
    );
    if (lock === undefined) return;
    const [, actor] = world.taskOf(lock.owner).actors;
    const { count } = lock;
    lock.writer = null;
    lock.count = 0;
    lock.sleeping++;
    const timed = pick.once(2);
    const call = lock.kind === 'mutex' ? calls.lockSleep : calls.recursiveSleep;
    const check = (result: number): void => {
      assert.ok(result === awakened || (timed && result === timedOut));
      lock.sleeping--;
      lock.writer = actor;
      lock.count = count;
    };
    const deadline = timed ? world.machine.kernelState.sleepers.time + 10 : forever;
    actor.sleep(call, check, lock.id, pick.upTo(events), deadline, uninterruptible);
  },

  lockFree(world: World, pick: Pick): void {
    const lock = pick.any(world.locks.filter((one) => one.isFree && one.waiting + one.sleeping === 0));
    if (lock === undefined) return;
    world.ownerOf(pick, lock).call(calls.lockFree, lock.id);
    world.locks.splice(world.locks.indexOf(lock), 1);
  },
};
