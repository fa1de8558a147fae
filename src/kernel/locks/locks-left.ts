/** The locks that a thread which ends leaves held, in words. Map locks are released then, but it was to do that itself. */
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';

export function locksLeft(kernel: Kernel, thread: KernelThread): string[] {
  const titles = new Set(thread.locks.map((lock) => lock.title));
  for (const space of kernel.vm.spaces) if (space.lock.owner === thread) titles.add(`the map lock of ${space.name}`);
  return [...titles].map((title) => `${thread.name} ends and holds ${title}`);
}
