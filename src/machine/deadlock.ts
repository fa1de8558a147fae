/** Who can never go on, because each waits for the next one: found at once in the thread that closes the cycle, and put into words. */
import type { KernelThread } from '../kernel/thread.ts';
import { describeWaits } from './wait-for.ts';

/** Whether `thread` waits for what, in the end, only it could end itself. A sleep with a deadline ends in any case. */
export function waitsForItself(thread: KernelThread): boolean {
  return holdersOf(thread).some((holder) => reaches(holder, thread));
}

/** `waits` are all that sleep; those in a cycle come first. */
export function describeDeadlock(blocked: readonly KernelThread[]): string {
  const waits = blocked.map((thread) => {
    const holders = holdersOf(thread);
    const holder = holders.find((one) => reaches(one, thread)) ?? holders[0] ?? null;
    const name = holder === null ? null : holder.name + (holder.ended ? ', which has ended' : '');
    return { thread: thread.name, subject: thread.waitingIn!.subject, holder: name };
  });
  return describeWaits(waits);
}

function holdersOf(thread: KernelThread): readonly KernelThread[] {
  return (thread.waitingIn?.holders ?? []) as readonly KernelThread[];
}

/** Whether `from` is `to`, or waits for it, directly or through others. */
function reaches(from: KernelThread, to: KernelThread): boolean {
  const seen = new Set([from]);
  for (const thread of seen) {
    if (thread === to) return true;
    if (thread.deadline === Number.POSITIVE_INFINITY) for (const holder of holdersOf(thread)) seen.add(holder);
  }
  return false;
}
