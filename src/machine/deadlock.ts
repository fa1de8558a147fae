/** A deadlock in words: who waits for what, and who holds it. */
import type { KernelThread } from '../kernel/thread.ts';
import { describeWaits } from './wait-for.ts';

export function describeDeadlock(blocked: readonly KernelThread[]): string {
  const waits = blocked.map((thread) => {
    const queue = thread.waitingIn!;
    return { thread: thread.name, subject: queue.subject, holder: queue.holder()?.name ?? null };
  });
  return `nobody can run: ${describeWaits(waits)}`;
}
