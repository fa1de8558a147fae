/**
 * Store buffers as actors of the schedule, one a thread, numbered after the data cache: a step takes one store to memory. Where the
 * memory model leaves several to go first, which one is the schedule's choice.
 *
 * A store that nobody can notice goes before its thread's next operation, or once that has ended, without the schedule being asked.
 * The step is in the trace all the same, at a place where a schedule could have put it: tokens count steps, never what was worth one.
 */
import type { MachineOptions } from '../hardware/configuration.ts';
import type { BufferedStore, StoreBuffers } from '../hardware/store-buffers.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import { cacheActor, evictionActors } from './evictions.ts';

/** How many actors they make. */
export const drainActors = (threads: number, { memoryModel }: MachineOptions): number =>
  (memoryModel ?? 'sc') === 'sc' ? 0 : threads;

/** The number of the first thread's; the others follow in the order of the threads. */
export const firstDrainActor = (threads: number, options: MachineOptions): number =>
  cacheActor(threads, options) + evictionActors(options.coherentDma);

/** A step of `actor`, the buffer of `thread`; `choose` picks one of so many stores. */
export function drainStore(
  stores: StoreBuffers,
  trace: Trace,
  actor: number,
  thread: number,
  choose: (n: number) => number,
): void {
  const ways = stores.ways(thread);
  const way = ways > 1 ? choose(ways) : 0;
  const at = noteDrain(trace, Kind.Drain, actor, stores.drain(thread, way));
  if (ways > 1) trace.note(at, way);
}

/** Takes stores of `thread` to memory whose delay nobody can notice. `chosen` hears of choices that were none. */
export function settleStores(
  stores: StoreBuffers,
  trace: Trace,
  actor: number,
  thread: number,
  chosen: (n: number) => void,
): void {
  for (let way = stores.unnoticed(thread); way >= 0; way = stores.unnoticed(thread)) {
    drainStore(stores, trace, actor, thread, (n) => {
      chosen(n);
      return way;
    });
  }
}

/** @param kind Drain, a step of the buffer; Drained, where a fence or an interrupt empties it */
export function noteDrain(trace: Trace, kind: number, actor: number, store: Readonly<BufferedStore>): number {
  const { operation, address, physical, length, low, high } = store;
  return trace.append(kind, actor, operation, address, physical, length, low, high);
}
