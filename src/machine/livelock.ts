/** Who looks again and again at what nobody changes: where, and in words. */
import type { KernelThread } from '../kernel/thread.ts';
import { isStep, Kind, type Trace } from '../kernel/trace.ts';
import { describeDeadlock } from './deadlock.ts';
import { formatOperation } from './operations.ts';
import type { Spins } from './spins.ts';

/** Where the looks of the last round of `thread` stand in the trace, the last one last; yields among them only where there is nothing else. */
export function lastRound(trace: Trace, thread: number, period: number): number[] {
  const steps: number[] = [];
  for (let at = 0; at < trace.length; at = trace.after(at))
    if (trace.actorAt(at) === thread && isStep(trace.kindAt(at))) steps.push(at);
  const round = steps.slice(-period);
  const looks = round.filter((at) => trace.kindAt(at) !== Kind.Yield);
  return looks.length === 0 ? round : looks;
}

/** `threads` look in vain, `sleepers` sleep beside them. */
export function describeLivelock(
  trace: Trace,
  spins: Spins,
  threads: readonly KernelThread[],
  sleepers: readonly KernelThread[],
): string {
  const loops = threads.map(({ name, number }) => {
    const looks = new Set(lastRound(trace, number, spins.period(number)).map((at) => formatOperation(trace, at)));
    // Where a round begins is chance.
    return `${name} does ${[...looks].sort().join(' and ')} again and again`;
  });
  const beside = sleepers.length === 0 ? '' : `; besides, ${describeDeadlock(sleepers)}`;
  return `nobody goes on: ${loops.join(', ')}${beside}`;
}
