/** Calls on I/O Kit's locks, and on the events that threads sleep until. */
import type { KernelObject } from '../../vm/kernel-object.ts';
import type { Steps } from '../../vm/steps.ts';
import { releaseReference } from '../balance.ts';
import { call, parameter } from '../call.ts';
import { asksIt, type Effects, onlyMakes, Shared } from '../effects.ts';
import { HandleError } from '../handle-table.ts';
import type { Kernel } from '../kernel.ts';
import { IOLock } from '../locks/io-lock.ts';
import { IORecursiveLock } from '../locks/io-recursive-lock.ts';
import { IORWLock } from '../locks/io-rw-lock.ts';
import { IOSimpleLock } from '../locks/io-simple-lock.ts';
import { KernelLock } from '../locks/kernel-lock.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, duration, handle, nothing, text, u8 } from '../wire.ts';

const lock = parameter('lock', handle);
const name = parameter('name', text);
const event = parameter('event', count);

/** What a call does that uses the lock which it names first, and nothing else. */
const itsLock = (effects: Effects, [id]: readonly [number]): void => effects.lock(id);
/** What sleeping on a lock does: it is let go of, and taken again. */
const itsLockAndEvent = (effects: Effects, [id, on, deadline]: readonly [number, number, number, number]): void => {
  effects.lock(id);
  effects.changes(Shared.Event, on);
  effects.sleeps(deadline);
};

export const lockCalls = {
  lockAlloc: call(
    'lockAlloc',
    [name],
    handle,
    (kernel, caller, title) => kernel.handles.give(new IOLock(kernel, title), caller),
    onlyMakes,
  ),
  lock: call(
    'lock',
    [lock],
    nothing,
    (kernel, caller, id) => {
      const target = mutex(kernel, caller, id);
      return target.tryLock(caller) ? undefined : target.lock(caller);
    },
    itsLock,
    true,
  ),
  tryLock: call('tryLock', [lock], boolean, (kernel, caller, id) => mutex(kernel, caller, id).tryLock(caller), itsLock),
  unlock: call('unlock', [lock], nothing, (kernel, caller, id) => mutex(kernel, caller, id).unlock(caller), itsLock),
  lockSleep: call(
    'lockSleep',
    [lock, event, parameter('deadline', duration), parameter('interType', u8)],
    u8,
    (kernel, caller, id, on, deadline) => {
      const target = mutex(kernel, caller, id);
      return keeping(target, caller, target.sleep(caller, on, deadline));
    },
    itsLockAndEvent,
  ),

  recursiveAlloc: call(
    'recursiveAlloc',
    [name],
    handle,
    (kernel, caller, title) => kernel.handles.give(new IORecursiveLock(kernel, title), caller),
    onlyMakes,
  ),
  recursiveLock: call(
    'recursiveLock',
    [lock],
    nothing,
    (kernel, caller, id) => {
      const target = recursive(kernel, caller, id);
      return target.tryLock(caller) ? undefined : target.lock(caller);
    },
    itsLock,
    true,
  ),
  recursiveTryLock: call(
    'recursiveTryLock',
    [lock],
    boolean,
    (kernel, caller, id) => recursive(kernel, caller, id).tryLock(caller),
    itsLock,
  ),
  recursiveUnlock: call(
    'recursiveUnlock',
    [lock],
    nothing,
    (kernel, caller, id) => recursive(kernel, caller, id).unlock(caller),
    itsLock,
  ),
  recursiveHaveLock: call(
    'recursiveHaveLock',
    [lock],
    boolean,
    (kernel, caller, id) => recursive(kernel, caller, id).owner === caller,
    // Whether the caller has it is changed by the caller alone; that there is such a lock, by others too.
    asksIt,
  ),
  recursiveSleep: call(
    'recursiveSleep',
    [lock, event, parameter('deadline', duration), parameter('interType', u8)],
    u8,
    (kernel, caller, id, on, deadline) => {
      const target = recursive(kernel, caller, id);
      return keeping(target, caller, target.sleep(caller, on, deadline));
    },
    itsLockAndEvent,
  ),

  rwAlloc: call(
    'rwAlloc',
    [name],
    handle,
    (kernel, caller, title) => kernel.handles.give(new IORWLock(kernel, title), caller),
    onlyMakes,
  ),
  lockRead: call(
    'lockRead',
    [lock],
    nothing,
    (kernel, caller, id) => {
      const target = readWrite(kernel, caller, id);
      return target.tryLockRead(caller) ? undefined : keeping(target, caller, target.lockRead(caller));
    },
    itsLock,
  ),
  lockWrite: call(
    'lockWrite',
    [lock],
    nothing,
    (kernel, caller, id) => {
      const target = readWrite(kernel, caller, id);
      return target.tryLockWrite(caller) ? undefined : keeping(target, caller, target.lockWrite(caller));
    },
    itsLock,
  ),
  rwUnlock: call(
    'rwUnlock',
    [lock],
    nothing,
    (kernel, caller, id) => readWrite(kernel, caller, id).unlock(caller),
    itsLock,
  ),

  simpleAlloc: call(
    'simpleAlloc',
    [name],
    handle,
    (kernel, caller, title) => kernel.handles.give(new IOSimpleLock(kernel, title), caller),
    onlyMakes,
  ),
  simpleLock: call(
    'simpleLock',
    [lock],
    nothing,
    (kernel, caller, id) => {
      const target = simple(kernel, caller, id);
      return target.tryLock(caller) ? undefined : target.lock(caller);
    },
    itsLock,
    true,
  ),
  simpleTryLock: call(
    'simpleTryLock',
    [lock],
    boolean,
    (kernel, caller, id) => simple(kernel, caller, id).tryLock(caller),
    itsLock,
  ),
  simpleUnlock: call(
    'simpleUnlock',
    [lock],
    nothing,
    (kernel, caller, id) => simple(kernel, caller, id).unlock(caller),
    itsLock,
  ),

  /** Wakes one sleeper of an event, or all. Who does not sleep yet misses it. */
  wakeup: call(
    'wakeup',
    [event, parameter('oneThread', boolean)],
    nothing,
    (kernel, caller, on, oneThread) => {
      const woken = kernel.sleepers.wake(kernel.meeting.event(on), oneThread ? 1 : Number.POSITIVE_INFINITY, caller);
      if (woken === 0) kernel.meeting.miss(on, caller.name);
    },
    (effects, [on]) => effects.changes(Shared.Event, on),
  ),

  lockFree: call('lockFree', [lock], nothing, (kernel, caller, id) => {
    const target = kernel.handles.lookup(id, null, caller);
    if (!(target instanceof KernelLock)) throw new HandleError(`${caller.name}: the handle names no lock`, false);
    // Who waits for it keeps it too, but that is no reason to free it.
    if (target.references - target.waiters.length <= 1) target.checkFree();
    releaseReference(kernel, caller, target);
  }),
};

const mutex = (kernel: Kernel, caller: KernelThread, id: number): IOLock =>
  kernel.handles.lookup(id, 'IOLock', caller) as IOLock;
const recursive = (kernel: Kernel, caller: KernelThread, id: number): IORecursiveLock =>
  kernel.handles.lookup(id, 'IORecursiveLock', caller) as IORecursiveLock;
const readWrite = (kernel: Kernel, caller: KernelThread, id: number): IORWLock =>
  kernel.handles.lookup(id, 'IORWLock', caller) as IORWLock;
const simple = (kernel: Kernel, caller: KernelThread, id: number): IOSimpleLock =>
  kernel.handles.lookup(id, 'IOSimpleLock', caller) as IOSimpleLock;

/** A lock that is waited for is not gone before the wait is over, even if its task dies. */
function* keeping<R>(target: KernelObject, caller: KernelThread, steps: Steps<R>): Steps<R> {
  target.retain();
  try {
    return yield* steps;
  } finally {
    target.release(caller);
  }
}
