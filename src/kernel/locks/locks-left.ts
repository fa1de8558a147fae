/** The locks that a thread which ends leaves held, in words. Map locks are released then, but it was to do that itself. */
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';

const none: readonly string[] = [];

/** Asked at the end of every thread of every execution that has made a call: most hold nothing. */
export function locksLeft(kernel: Kernel, thread: KernelThread): readonly string[] {
  if (thread.locks.length === 0 && kernel.vm.spaces.every((space) => space.lock.owner !== thread)) return none;
  const titles = new Set(thread.locks.map((lock) => lock.title));
  for (const space of kernel.vm.spaces) if (space.lock.owner === thread) titles.add(`the map lock of ${space.name}`);
  return [...titles].map((title) => `${thread.name} ends and holds ${title}`);
}
