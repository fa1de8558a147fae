/** What the processor does to an aligned word, whoever else reaches it. */
import { Kind } from '../kernel/trace.ts';

/** Returns what was there before (a store: what is there now). */
export function hardwareAtomic(words: Int32Array, at: number, kind: number, operand: number, expected: number): number {
  switch (kind) {
    case Kind.AtomicLoad:
      return Atomics.load(words, at) >>> 0;
    case Kind.AtomicStore:
      return Atomics.store(words, at, operand | 0) >>> 0;
    case Kind.AtomicAdd:
      return Atomics.add(words, at, operand) >>> 0;
    case Kind.AtomicSub:
      return Atomics.sub(words, at, operand) >>> 0;
    case Kind.AtomicAnd:
      return Atomics.and(words, at, operand) >>> 0;
    case Kind.AtomicOr:
      return Atomics.or(words, at, operand) >>> 0;
    case Kind.AtomicXor:
      return Atomics.xor(words, at, operand) >>> 0;
    case Kind.AtomicExchange:
      return Atomics.exchange(words, at, operand) >>> 0;
    default:
      return Atomics.compareExchange(words, at, expected | 0, operand | 0) >>> 0;
  }
}
