/**
 * A task whose function may be a generator (scripts/yielding.mjs): what the compiled text calls in place of an operation. Each
 * method does the operation, or answers that it has to wait, without having begun it; then the function yields and, once it is
 * resumed, has it done by `$again`.
 *
 * The operations are those of ControlledTask, to the bit: what is compiled and what is not give one trace.
 */
import { Kind } from '../kernel/trace.ts';
import { word } from '../task/atomics.ts';
import { checkAddress } from '../task/scalars.ts';
import { ControlledTask } from './controlled-task.ts';
import { areInert, singleCalls } from './single-calls.ts';

type Method = (...values: unknown[]) => unknown;

const none: readonly unknown[] = [];

/** The answer of an operation that has to wait. No load has it as its value. */
const mustWait = -1;

export class YieldingTask extends ControlledTask {
  // The operation that was postponed last.
  private kind = 0;
  private address = 0;
  private value = 0;
  private expected = 0;
  private wide = 0n;
  private target: unknown = null;
  private method: Method | null = null;
  private values: readonly unknown[] = [];
  /** The kernel call that `$call` was about has to wait: `$rest` goes on with it. */
  $waits = false;

  $load8(address: number): number {
    this.leavable(address);
    const value = this.load8(address);
    return this.wasPostponed ? this.keep(Kind.Load8, address, 0, 0) : value;
  }

  $load16(address: number): number {
    this.leavable(address);
    const value = this.load16(address);
    return this.wasPostponed ? this.keep(Kind.Load16, address, 0, 0) : value;
  }

  $load32(address: number): number {
    this.leavable(address);
    const value = this.load32(address);
    return this.wasPostponed ? this.keep(Kind.Load32, address, 0, 0) : value;
  }

  $load64(address: number): bigint | number {
    this.leavable(address);
    const value = this.load64(address);
    return this.wasPostponed ? this.keep(Kind.Load64, address, 0, 0) : value;
  }

  $store8(address: number, value: number): number {
    this.leavable(address);
    this.store8(address, value);
    return this.wasPostponed ? this.keep(Kind.Store8, address, value, 0) : 0;
  }

  $store16(address: number, value: number): number {
    this.leavable(address);
    this.store16(address, value);
    return this.wasPostponed ? this.keep(Kind.Store16, address, value, 0) : 0;
  }

  $store32(address: number, value: number): number {
    this.leavable(address);
    this.store32(address, value);
    return this.wasPostponed ? this.keep(Kind.Store32, address, value, 0) : 0;
  }

  $store64(address: number, value: bigint): number {
    if (typeof value === 'bigint') this.leavable(address);
    this.store64(address, value);
    if (!this.wasPostponed) return 0;
    this.wide = value;
    return this.keep(Kind.Store64, address, 0, 0);
  }

  $yield(): number {
    this.yieldable = this.operation;
    this.yield();
    return this.wasPostponed ? this.keep(Kind.Yield, 0, 0, 0) : 0;
  }

  $atomicLoad(address: number): number {
    return this.attempt(Kind.AtomicLoad, address, 0, 0);
  }

  $atomicStore(address: number, value: number): number {
    return this.attempt(Kind.AtomicStore, address, word(value), 0);
  }

  $atomicAdd(address: number, value: number): number {
    return this.attempt(Kind.AtomicAdd, address, word(value), 0);
  }

  $atomicSub(address: number, value: number): number {
    return this.attempt(Kind.AtomicSub, address, word(value), 0);
  }

  $atomicAnd(address: number, value: number): number {
    return this.attempt(Kind.AtomicAnd, address, word(value), 0);
  }

  $atomicOr(address: number, value: number): number {
    return this.attempt(Kind.AtomicOr, address, word(value), 0);
  }

  $atomicXor(address: number, value: number): number {
    return this.attempt(Kind.AtomicXor, address, word(value), 0);
  }

  $atomicExchange(address: number, value: number): number {
    return this.attempt(Kind.AtomicExchange, address, word(value), 0);
  }

  $atomicCompareExchange(address: number, expected: number, replacement: number): number {
    return this.attempt(Kind.AtomicCompareExchange, address, word(replacement), word(expected));
  }

  /** `$call` without arguments, as locks are taken and given back. */
  $callBare(target: Record<string, Method>, name: string): unknown {
    this.$waits = false;
    const method = target[name];
    if (!singleCalls.has(method)) return target[name]!();
    this.target = target;
    this.method = method!;
    this.values = none;
    return this.go();
  }

  /** Calls `target[name]`, which may be a kernel call. */
  $call(target: Record<string, Method>, name: string, ...values: unknown[]): unknown {
    this.$waits = false;
    const method = target[name];
    // Also to be told what there is no such method of.
    if (!singleCalls.has(method) || !areInert(values)) return target[name]!(...values);
    this.target = target;
    this.method = method!;
    this.values = values;
    return this.go();
  }

  /** The kernel call that had to wait, once the function was resumed. Until it is over the function does nothing else. */
  $more(): unknown {
    return this.go();
  }

  /** The same where it has to wait again: yields until it is over, and returns what it returns. Most wait only once. */
  *$rest(): Generator<void, unknown, void> {
    for (;;) {
      yield;
      const value = this.go();
      if (!this.$waits) return value;
    }
  }

  /** The operation that was postponed: called once the function was resumed, with its step granted. */
  $again(): unknown {
    switch (this.kind) {
      case Kind.Load8:
        return this.load8(this.address);
      case Kind.Load16:
        return this.load16(this.address);
      case Kind.Load32:
        return this.load32(this.address);
      case Kind.Load64:
        return this.load64(this.address);
      case Kind.Store8:
        return this.store8(this.address, this.value);
      case Kind.Store16:
        return this.store16(this.address, this.value);
      case Kind.Store32:
        return this.store32(this.address, this.value);
      case Kind.Store64:
        return this.store64(this.address, this.wide);
      case Kind.Yield:
        return this.yield();
      default:
        return resultOf(
          this.kind,
          this.atomicOperation(this.kind, this.address, this.value, this.expected),
          this.value,
        );
    }
  }

  /**
   * The next operation may be postponed. Throws where its address is none: an operation that is refused before it has a number must
   * not leave that to the next one, of which nobody might know.
   */
  private leavable(address: number): void {
    checkAddress(address);
    this.yieldable = this.operation;
  }

  /** Begins the kernel call, or goes on with it. */
  private go(): unknown {
    this.yieldable = this.operation;
    let value: unknown;
    try {
      value = Reflect.apply(this.method!, this.target, this.values);
    } catch (error) {
      // What is done with the result of a call that has to wait, which is none, may throw.
      if (!this.wasPostponed) {
        this.$waits = false;
        this.yieldable = -1;
        throw error;
      }
    }
    this.$waits = this.wasPostponed;
    if (this.wasPostponed) {
      this.wasPostponed = false;
      this.operation--;
    }
    return value;
  }

  private attempt(kind: number, address: number, operand: number, expected: number): number {
    if ((address & 3) === 0) this.leavable(address);
    const before = this.atomicOperation(kind, address, operand, expected);
    if (this.wasPostponed) return this.keep(kind, address, operand, expected);
    return resultOf(kind, before, operand);
  }

  private keep(kind: number, address: number, value: number, expected: number): number {
    this.wasPostponed = false;
    this.operation--;
    this.kind = kind;
    this.address = address;
    this.value = value;
    this.expected = expected;
    return mustWait;
  }
}

/** `atomic.store` returns what it stored, all others what was there before. */
const resultOf = (kind: number, before: number, operand: number): number =>
  kind === Kind.AtomicStore ? operand : before;
