/** The purgeable state of memory that has several: how the states of its parts make one (xnu-reference 3.5, C83). */
import type { PurgeableState } from './memory-descriptor.ts';
import { kIOReturnSuccess } from './return-codes.ts';

const nonVolatile = 2;
const volatile = 3;
const empty = 4;

/** Asks one part after the other, to the first failure. Empty before any Volatile before all NonVolatile. */
export function aggregate(parts: readonly (() => PurgeableState)[]): PurgeableState {
  let oldState = nonVolatile;
  for (const part of parts) {
    const answer = part();
    if (answer.result !== kIOReturnSuccess) return { result: answer.result, oldState };
    if (answer.oldState === empty || (answer.oldState === volatile && oldState !== empty)) oldState = answer.oldState;
  }
  return { result: kIOReturnSuccess, oldState };
}
