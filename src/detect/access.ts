/** How an event of the trace touches memory: as a load or a store, plain or atomic, and which physical bytes. */
import { headerWords, isAccess, isAtomic, isLoad, Kind, type Trace } from '../kernel/trace.ts';

/** Atomic ones come last. */
export const Sort = { Load: 0, Store: 1, AtomicLoad: 2, AtomicStore: 3, None: 4 } as const;

/** Parts of a story, by sort. */
export const sortNames = ['load', 'store', 'atomic load', 'atomic store'] as const;

/** By kind: its sort, supposing that exchanges succeed. */
const sorts = new Uint8Array(64).map((_, kind) => {
  if (!isAccess(kind)) return Sort.None;
  if (isAtomic(kind)) return kind === Kind.AtomicLoad ? Sort.AtomicLoad : Sort.AtomicStore;
  return isLoad(kind) || kind === Kind.Read ? Sort.Load : Sort.Store;
});

/** The sort of the event at `at`; None when it is no access. A compareExchange that failed is a load. */
export function sortOf(words: Float64Array, at: number, kind: number): number {
  const sort = sorts[kind]!;
  return sort === Sort.AtomicStore && isFailedExchange(words, at, kind) ? Sort.AtomicLoad : sort;
}

/** A compareExchange that found another value than it expected, which is its extra word, wrote nothing. */
function isFailedExchange(words: Float64Array, at: number, kind: number): boolean {
  return kind === Kind.AtomicCompareExchange && words[at + 5] !== words[at + headerWords];
}

/** An atomic that leaves its operand, in word 6, as the word's value (unless it is an exchange that failed). */
export function replacesWord(kind: number): boolean {
  return kind === Kind.AtomicStore || kind === Kind.AtomicExchange || kind === Kind.AtomicCompareExchange;
}

/** Bytes of the access at `at`, those in a second page included. */
export function lengthOf(trace: Trace, at: number): number {
  const next = trace.after(at);
  const straddles = next < trace.length && trace.kindAt(next) === Kind.Straddle;
  return trace.words[at + 4]! + (straddles ? trace.words[next + 4]! : 0);
}
