/**
 * Who can never go on: each waits for the next one in a cycle, or for somebody who has ended with what it holds. Found at once in the
 * thread that brings it about, whoever else still runs, and put into words.
 */
import type { KernelThread } from '../kernel/thread.ts';
import { describeWaits } from './wait-for.ts';

/**
 * Whether `thread` waits for what, in the end, only it could end itself, or somebody that has left. A sleep with a deadline ends in
 * any case.
 */
export function isHopeless(thread: KernelThread, hasLeft: (holder: KernelThread) => boolean): boolean {
  if (thread.waitingIn === null || thread.deadline !== Number.POSITIVE_INFINITY) return false;
  // Mostly whoever it waits for can run: asked whenever anybody sleeps, this must not cost more than the sleep.
  const holder = thread.waitingIn.holder as KernelThread | null;
  if (holder !== null && holder !== thread && holder.waitingIn === null && !hasLeft(holder)) return false;
  return holdersOf(thread).some((holder) =>
    reaches(holder, (one) => one === thread || (!thread.daemon && hasLeft(one))),
  );
}

/** `waits` are all that sleep; those in a cycle come first. */
export function describeDeadlock(blocked: readonly KernelThread[]): string {
  const waits = blocked.map((thread) => {
    const holders = holdersOf(thread);
    const holder = holders.find((one) => reaches(one, (other) => other === thread)) ?? holders[0] ?? null;
    const name = holder === null ? null : holder.name + (holder.ended ? ', which has ended' : '');
    return { thread: thread.name, subject: thread.waitingIn!.subject, holder: name };
  });
  return describeWaits(waits);
}

function holdersOf(thread: KernelThread): readonly KernelThread[] {
  return (thread.waitingIn?.holders ?? []) as readonly KernelThread[];
}

/** Whether `from` is such a thread, or waits for one, directly or through others. */
function reaches(from: KernelThread, isSought: (thread: KernelThread) => boolean): boolean {
  const seen = new Set([from]);
  for (const thread of seen) {
    if (isSought(thread)) return true;
    if (thread.deadline === Number.POSITIVE_INFINITY) for (const holder of holdersOf(thread)) seen.add(holder);
  }
  return false;
}
