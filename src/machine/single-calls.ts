/**
 * Methods of handles and tasks that are one kernel call, and do nothing outside of it that could not be done twice. Where one is
 * called by a function that yields (yielding-task.ts) and has to wait, what it returns or throws means nothing: it is called again.
 * So its arguments must run no code of the user's when they are read: a getter in a message may count, or do an operation itself.
 */
import { types } from 'node:util';
import { Handle, isHandle } from '../task/handle.ts';
import { IOLock } from '../task/iokit/io-lock.ts';
import { IOMemoryDescriptor } from '../task/iokit/io-memory-descriptor.ts';
import { IORecursiveLock } from '../task/iokit/io-recursive-lock.ts';
import { IORWLock } from '../task/iokit/io-rw-lock.ts';
import { IOSimpleLock } from '../task/iokit/io-simple-lock.ts';
import { LockHandle } from '../task/iokit/lock-handle.ts';
import { Task } from '../task/task.ts';

/** By class; scripts/yielding-analysis.mjs has the names. */
const lists: [{ prototype: object }, readonly string[]][] = [
  [IOLock, ['lock', 'tryLock', 'unlock', 'sleep', 'sleepDeadline', 'wakeup']],
  [IORecursiveLock, ['lock', 'tryLock', 'unlock', 'haveLock', 'sleep', 'sleepDeadline', 'wakeup']],
  [IORWLock, ['lockRead', 'lockWrite', 'unlock']],
  [IOSimpleLock, ['lock', 'tryLock', 'unlock']],
  [LockHandle, ['free', 'release']],
  [Handle, ['retain', 'release']],
  [IOMemoryDescriptor, ['prepare', 'complete']],
  [Task, ['sleep', 'now', 'send', 'receive', 'waitInterrupt', 'stopDevice', 'allocate', 'deallocate', 'protect']],
];

/** Told by identity: a class that overrides one of them does as it likes. */
export const singleCalls: ReadonlySet<unknown> = new Set(
  lists.flatMap(([{ prototype }, names]) => names.map((name) => (prototype as Record<string, unknown>)[name])),
);

export const singleCallNames: ReadonlySet<string> = new Set(lists.flatMap(([, names]) => names));

/** Messages are no deeper (plain-data.ts). */
const deepest = 64;

/** Whether reading the arguments, and all that is in them, runs nobody's code. */
export function areInert(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) if (!isInert(values[i], 0)) return false;
  return true;
}

function isInert(value: unknown, depth: number): boolean {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > deepest || types.isProxy(value)) return false;
  if (isHandle(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Uint8Array.prototype) return true;
  if (prototype !== Array.prototype && prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !('value' in property) || !isInert(property.value, depth + 1)) return false;
  }
  return true;
}
