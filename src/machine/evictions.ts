/**
 * The data cache as an actor of the schedule, the last one before the machine itself. Lines leave a real cache when it needs room, so
 * at any step: here any line that differs from memory may be written back (if it is dirty) and dropped whenever the schedule says so,
 * and which one is its choice.
 *
 * It can take a step while there is such a line in a page where somebody else could notice. That is known in shared words, so
 * whoever picks the next actor looks there, on both carriers.
 */
import type { MachineOptions } from '../hardware/configuration.ts';
import { cacheLine, type DataCache } from '../hardware/data-cache.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import { pressureActors } from './pressure.ts';

/** How many actors it makes beside threads, clock, pager and purger. */
export const evictionActors = (coherentDma: boolean | undefined): number => (coherentDma === false ? 1 : 0);

/** The number of the actor. */
export const cacheActor = (threads: number, { memoryPressure }: MachineOptions): number =>
  threads + 1 + pressureActors(memoryPressure);

/** A step of `actor`; `choose` picks one of so many lines. The trace says which: its place among all that differed. */
export function evictLine(caches: DataCache, trace: Trace, actor: number, choose: (n: number) => number): void {
  const { physical, place, wasDirty } = caches.evict(choose);
  trace.append(Kind.Evict, actor, 0, wasDirty ? 1 : 0, physical, cacheLine, place, 0);
}
