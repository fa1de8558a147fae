/** `task.atomic`: sequentially consistent operations on 32-bit words of simulated memory, with the meaning of `Atomics`. */
import { calls } from '../kernel/calls/index.ts';
import { waitResults } from '../kernel/calls/time.ts';
import { Kind } from '../kernel/trace.ts';
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
    this.task.atomicOperation(Kind.AtomicStore, address, value >>> 0, 0);
    return value >>> 0;
  }

  /** Like all that change a word, it returns the value from before. */
  add(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicAdd, address, value >>> 0, 0);
  }

  sub(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicSub, address, value >>> 0, 0);
  }

  and(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicAnd, address, value >>> 0, 0);
  }

  or(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicOr, address, value >>> 0, 0);
  }

  xor(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicXor, address, value >>> 0, 0);
  }

  exchange(address: number, value: number): number {
    return this.task.atomicOperation(Kind.AtomicExchange, address, value >>> 0, 0);
  }

  compareExchange(address: number, expected: number, replacement: number): number {
    return this.task.atomicOperation(Kind.AtomicCompareExchange, address, replacement >>> 0, expected >>> 0);
  }

  /** Sleeps while the word is `expected`, until `notify` or for `timeout` nanoseconds of virtual time. */
  wait(address: number, expected: number, timeout = Number.POSITIVE_INFINITY): WaitResult {
    // The word is touched first, so that the kernel finds its page.
    if (this.load(address) !== expected >>> 0) return 'not-equal';
    return waitResults[this.task.invoke(calls.atomicWait, address, expected >>> 0, timeout)]!;
  }

  /** Wakes up to `count` sleepers of the word; returns how many. */
  notify(address: number, count = Number.POSITIVE_INFINITY): number {
    this.load(address);
    return this.task.invoke(calls.atomicNotify, address, count);
  }
}
