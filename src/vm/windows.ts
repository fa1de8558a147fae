/**
 * Where the kernel puts what may be anywhere. Each actor has a window of its own in every address space, so that the addresses
 * it is given do not depend on what others allocate (execution.md, rule 5).
 */
import { addressLimit } from '../hardware/page-table.ts';

/** Bytes of one actor's window. */
const windowSize = 2 ** 37;
/** Actors beyond the last window share it: a declared conflict. */
const windows = 384;

const userBase = 2 ** 32;
const kernelBase = 2 ** 46;

/** The window of `machine.share`, the same in every task and behind all others. */
export const sharedWindow = { start: kernelBase + windows * windowSize, end: addressLimit } as const;

export function windowStart(space: number, pool: number): number {
  return (space === 0 ? kernelBase : userBase) + Math.min(pool, windows - 1) * windowSize;
}

export function windowEnd(space: number, pool: number): number {
  return windowStart(space, pool) + windowSize;
}
