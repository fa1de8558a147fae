/**
 * Methods of handles and tasks that are one kernel call, and do nothing outside of it that could not be done twice. Where one is
 * called by a function that yields (yielding-task.ts) and has to wait, what it returns or throws means nothing: it is called again.
 */
import { Handle } from '../task/handle.ts';
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
