/** Threads that take so many steps each and do nothing else: one execution under a strategy that enumerates. */
import * as assert from 'uvu/assert';
import type { Strategy } from '../../src/machine/schedule.ts';

/** → who took each step, as '0011', and how often somebody was preempted. */
export function runSteps(strategy: Strategy, steps: readonly number[]): { schedule: string; preempted: number } {
  const left = [...steps];
  let schedule = '';
  let current = -1;
  let preempted = 0;
  for (;;) {
    const runnable = left.flatMap((count, actor) => (count > 0 ? [actor] : []));
    if (runnable.length === 0) break;
    const stands = current >= 0 && left[current]! > 0 ? current : -1;
    const next =
      runnable.length === 1
        ? runnable[0]!
        : strategy.pick(Int32Array.from(runnable), runnable.length, stands, schedule.length);
    assert.ok(runnable.includes(next), `${next} is not among ${runnable}`);
    if (stands >= 0 && next !== stands) preempted++;
    left[next]!--;
    schedule += next;
    current = next;
  }
  return { schedule, preempted };
}
