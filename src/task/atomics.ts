/** `task.atomic`: sequentially consistent operations on 32-bit words of simulated memory, with the meaning of `Atomics`. */
import { calls } from '../kernel/calls/index.ts';
import { waitResults } from '../kernel/calls/time.ts';
import { Kind } from '../kernel/trace.ts';
import { checkValue } from './scalars.ts';
import type { Task } from './task.ts';

export type WaitResult = (typeof waitResults)[number];

export class TaskAtomics {
  constructor(private readonly task: Task) {}

  /** Addresses must be multiples of 4 (RangeError); values are unsigned and wrap. */
  load(address: number): number {
    return this.task.atomicOperation(Kind.AtomicLoad, address, 0, 0);
  }

  /** Returns the value that was stored. */
  store(address: number, value: number): number {
    const stored = word(value);
    this.task.atomicOperation(Kind.AtomicStore, address, stored, 0);
    return stored;
  }

  /** Like all that change a word, it returns the value from before. */
  add(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicAdd, address, word(value), 0);
  }

  sub(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicSub, address, word(value), 0);
  }

  and(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicAnd, address, word(value), 0);
  }

  or(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicOr, address, word(value), 0);
  }

  xor(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicXor, address, word(value), 0);
  }

  exchange(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicExchange, address, word(value), 0);
  }

  compareExchange(address: number, expected: number, replacement: number): number {
    return this.task.atomicOperation(Kind.AtomicCompareExchange, address, word(replacement), word(expected));
  }

  /** Sleeps while the word is `expected`, until `notify` or for `timeout` nanoseconds of virtual time. */
  wait(address: number, expected: number, timeout = Number.POSITIVE_INFINITY): WaitResult {
    // The word is touched first, so that the kernel finds its page.
    const value = word(expected);
    if (this.load(address) !== value) return 'not-equal';
    return waitResults[this.task.invoke(calls.atomicWait, address, value, timeout)]!;
  }

  /** Wakes up to `count` sleepers of the word; returns how many. */
  notify(address: number, count = Number.POSITIVE_INFINITY): number {
    this.load(address);
    return this.task.invoke(calls.atomicNotify, address, count);
  }
}

/** An operand as 32 bits. Throws TypeError. */
export const word = (value: number): number => checkValue(value) >>> 0;
