/** A task that does nothing but call the kernel. */
import type { Task } from 'wiredown';

/** Microseconds a call, over `count` calls. */
export function kernelCalls(task: Task, count: number): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) task.now();
  return ((performance.now() - start) * 1000) / count;
}
