/** A wakeup that came while nobody slept, and its sleeper, who has slept ever since. */
import { calls } from '../kernel/calls/index.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { headerWords, Kind, type Trace } from '../kernel/trace.ts';

export interface LostWakeup {
  readonly sleeper: KernelThread;
  /** Where the call stands in the trace that woke nobody. */
  readonly wakeup: number;
}

/** The first of `sleepers` that such a wakeup was meant for; null when there is none. */
export function lostWakeup(trace: Trace, kernel: Kernel, sleepers: readonly KernelThread[]): LostWakeup | null {
  for (const sleeper of sleepers) {
    const event = sleeper.daemon ? null : kernel.meeting.missedOf(sleeper.waitingIn!);
    if (event === null) continue;
    const wakeup = lastWakeup(trace, event);
    if (wakeup !== null) return { sleeper, wakeup };
  }
  return null;
}

/** It woke nobody: otherwise whoever sleeps now would not. */
function lastWakeup(trace: Trace, event: number): number | null {
  let last: number | null = null;
  for (let at = 0; at < trace.length; at = trace.after(at)) {
    if (trace.kindAt(at) !== Kind.Call || trace.words[at + 2] !== calls.wakeup.number) continue;
    if (trace.words[at + headerWords] === event) last = at;
  }
  return last;
}
