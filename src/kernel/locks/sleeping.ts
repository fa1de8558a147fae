/**
 * Sleeping until an event, with a lock let go of meanwhile. Events are addresses and known to the whole kernel, as in Mach: a
 * wakeup that nobody waits for yet is lost.
 */
import type { Steps } from '../../vm/steps.ts';
import { THREAD_AWAKENED, THREAD_TIMED_OUT } from '../../vm/wait-result.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelThread } from '../thread.ts';

/**
 * Sleeps until `event` is woken, or virtual time reaches `deadline` (nanoseconds; Infinity: never). Returns how it ended.
 * Whoever calls it lets go of its lock in the same step, so that no wakeup falls in between.
 */
export function* sleepUntil(kernel: Kernel, thread: KernelThread, event: number, deadline: number): Steps<number> {
  kernel.sleepers.limit(thread, deadline);
  yield kernel.meeting.event(event);
  return thread.timedOut ? THREAD_TIMED_OUT : THREAD_AWAKENED;
}
