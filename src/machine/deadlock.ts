/** A deadlock in words: who waits for what, and who holds it. */
import type { KernelThread } from '../kernel/thread.ts';

export function describeDeadlock(blocked: readonly KernelThread[]): string {
  const waits = blocked.map((thread) => {
    const queue = thread.waitingIn!;
    const holder = queue.holder();
    return `${thread.name} waits for ${queue.subject}${holder === null ? '' : ` held by ${holder.name}`}`;
  });
  return `nobody can run: ${waits.join('; ')}`;
}
