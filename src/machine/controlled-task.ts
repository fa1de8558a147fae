/**
 * What a task can do under a schedule. Each operation here is short: the road it takes is in ControlledThread, what takes
 * several steps in BulkCopy and CallSteps. One that is postponed returns a value that means nothing (see YieldingTask).
 */
import { accessRead, accessWrite } from '../hardware/translation-cache.ts';
import type { Call } from '../kernel/call.ts';
import { Kind } from '../kernel/trace.ts';
import { checkAddress, checkValue } from '../task/scalars.ts';
import { atomicResult } from '../task/task.ts';
import { BulkCopy } from './bulk-copy.ts';
import { CallSteps, noBytes } from './call-steps.ts';
import { ControlledThread, postponed, Stop, Turn } from './controlled-thread.ts';

export class ControlledTask extends ControlledThread {
  private readonly bulk = new BulkCopy(this, this.done);
  private readonly steps = new CallSteps(this, this.done);
  /** Lines that `log` has kept, and how many it has been asked for since the function was last begun. */
  private kept = 0;
  private lines = 0;
  private draws = 0;
  private seed = 0;

  /** Back to before its first operation. `seed` is what `random` depends on. */
  reset(seed: number): void {
    this.clear();
    this.bulk.clear();
    this.steps.clear();
    this.kept = 0;
    this.seed = seed;
  }

  override rewind(): void {
    super.rewind();
    this.lines = 0;
    this.draws = 0;
  }

  override load8(address: number): number {
    checkAddress(address);
    const operation = this.operation++;
    if (operation < this.done.length) return this.done.repeat(operation, Kind.Load8, address);
    const physical = this.enter(operation, Kind.Load8, address, 1, accessRead);
    if (physical === postponed) return 0;
    const value = this.reached(address, physical, 1, accessRead).load8(physical);
    this.done.record(operation, Kind.Load8, address, physical, 1, value, 0);
    this.looked(operation);
    return value;
  }

  override load16(address: number): number {
    checkAddress(address);
    const operation = this.operation++;
    if (operation < this.done.length) return this.done.repeat(operation, Kind.Load16, address);
    const physical = this.enter(operation, Kind.Load16, address, 2, accessRead);
    if (physical === postponed) return 0;
    if (this.isSplit(address, 2)) return this.loadAcross(operation, Kind.Load16, address, physical, 2);
    const value = this.reached(address, physical, 2, accessRead).load16(physical);
    this.done.record(operation, Kind.Load16, address, physical, 2, value, 0);
    this.looked(operation);
    return value;
  }

  override load32(address: number): number {
    checkAddress(address);
    const operation = this.operation++;
    if (operation < this.done.length) return this.done.repeat(operation, Kind.Load32, address);
    const physical = this.enter(operation, Kind.Load32, address, 4, accessRead);
    if (physical === postponed) return 0;
    if (this.isSplit(address, 4)) return this.loadAcross(operation, Kind.Load32, address, physical, 4);
    const value = this.reached(address, physical, 4, accessRead).load32(physical);
    this.done.record(operation, Kind.Load32, address, physical, 4, value, 0);
    this.looked(operation);
    return value;
  }

  override load64(address: number): bigint {
    checkAddress(address);
    const operation = this.operation++;
    if (operation < this.done.length)
      return join(this.done.repeat(operation, Kind.Load64, address), this.done.upper(operation));
    const physical = this.enter(operation, Kind.Load64, address, 8, accessRead);
    if (physical === postponed) return 0n;
    if (this.isSplit(address, 8)) {
      return join(this.loadAcross(operation, Kind.Load64, address, physical, 8), this.done.upper(operation));
    }
    const memory = this.reached(address, physical, 8, accessRead);
    const low = memory.load32(physical);
    const high = memory.load32(physical + 4);
    this.done.record(operation, Kind.Load64, address, physical, 8, low, high);
    this.looked(operation);
    return join(low, high);
  }

  override store8(address: number, value: number): void {
    checkAddress(address);
    const operation = this.operation++;
    const low = checkValue(value) & 0xff;
    if (operation < this.done.length) return this.done.repeatStore(operation, Kind.Store8, address, low, 0);
    const physical = this.enter(operation, Kind.Store8, address, 1, accessWrite);
    if (physical === postponed) return;
    this.hardware.preserve(physical, 1);
    this.reached(address, physical, 1, accessWrite).store8(physical, low);
    this.done.record(operation, Kind.Store8, address, physical, 1, low, 0);
    this.acted(physical, 1);
  }

  override store16(address: number, value: number): void {
    checkAddress(address);
    const operation = this.operation++;
    const low = checkValue(value) & 0xffff;
    if (operation < this.done.length) return this.done.repeatStore(operation, Kind.Store16, address, low, 0);
    const physical = this.enter(operation, Kind.Store16, address, 2, accessWrite);
    if (physical === postponed) return;
    if (this.isSplit(address, 2)) return this.storeAcross(operation, Kind.Store16, address, physical, 2, low, 0);
    this.hardware.preserve(physical, 2);
    this.reached(address, physical, 2, accessWrite).store16(physical, low);
    this.done.record(operation, Kind.Store16, address, physical, 2, low, 0);
    this.acted(physical, 2);
  }

  override store32(address: number, value: number): void {
    checkAddress(address);
    const operation = this.operation++;
    const low = checkValue(value) >>> 0;
    if (operation < this.done.length) return this.done.repeatStore(operation, Kind.Store32, address, low, 0);
    const physical = this.enter(operation, Kind.Store32, address, 4, accessWrite);
    if (physical === postponed) return;
    if (this.isSplit(address, 4)) return this.storeAcross(operation, Kind.Store32, address, physical, 4, low, 0);
    this.hardware.preserve(physical, 4);
    this.reached(address, physical, 4, accessWrite).store32(physical, low);
    this.done.record(operation, Kind.Store32, address, physical, 4, low, 0);
    this.acted(physical, 4);
  }

  override store64(address: number, value: bigint): void {
    checkAddress(address);
    if (typeof value !== 'bigint') throw new TypeError(`store64: expected a bigint, got ${String(value)}`);
    const operation = this.operation++;
    const low = Number(value & 0xffffffffn);
    const high = Number((value >> 32n) & 0xffffffffn);
    if (operation < this.done.length) return this.done.repeatStore(operation, Kind.Store64, address, low, high);
    const physical = this.enter(operation, Kind.Store64, address, 8, accessWrite);
    if (physical === postponed) return;
    if (this.isSplit(address, 8)) return this.storeAcross(operation, Kind.Store64, address, physical, 8, low, high);
    this.hardware.preserve(physical, 8);
    this.reached(address, physical, 8, accessWrite).store64(physical, low, high);
    this.done.record(operation, Kind.Store64, address, physical, 8, low, high);
    this.acted(physical, 8);
  }

  override atomicOperation(kind: number, address: number, operand: number, expected: number): number {
    checkAddress(address);
    if ((address & 3) !== 0)
      throw new RangeError(`atomic: expected an address that is a multiple of 4, got ${address}`);
    const operation = this.operation++;
    if (operation < this.done.length) return this.done.repeatAtomic(operation, kind, address, operand, expected);
    const access = kind === Kind.AtomicLoad ? accessRead : accessWrite;
    const physical = this.enter(operation, kind, address, 4, access);
    if (physical === postponed) return 0;
    const { path } = this;
    const memory = path === null ? this.memory : path.atomic(address, physical, access !== accessRead);
    const before = memory.load32(physical);
    let after = before;
    if (kind !== Kind.AtomicLoad) {
      after = atomicResult(kind, before, operand, expected);
      this.hardware.preserve(physical, 4);
      memory.store32(physical, after);
    }
    this.done.record(operation, kind, address, physical, 4, before, operand);
    // Whether an exchange took place can be told from what was expected.
    if (kind === Kind.AtomicCompareExchange) this.done.note(expected);
    if (after === before) this.looked(operation);
    else this.acted(physical, 4);
    return before;
  }

  override read(address: number, length: number): Uint8Array {
    if (!Number.isSafeInteger(length) || length < 0 || length > 2 ** 32) {
      throw new RangeError(`read: expected a length from 0 to 2^32, got ${String(length)}`);
    }
    checkAddress(address);
    return this.bulk.read(this.operation++, address, length).slice();
  }

  override write(address: number, bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`write: expected a Uint8Array, got ${String(bytes)}`);
    checkAddress(address);
    this.bulk.write(this.operation++, address, bytes);
  }

  override invoke<A extends readonly unknown[], R>(call: Call<A, R>, ...values: A): R {
    return this.steps.request(call as Call<never, R>, noBytes, values);
  }

  override transfer<A extends readonly unknown[], R>(call: Call<A, R>, buffer: Uint8Array, ...values: A): R {
    return this.steps.request(call as Call<never, R>, buffer, values);
  }

  override random(): number {
    const operation = this.operation++;
    const draw = this.draws++;
    const value = mixed(this.seed, this.number, draw);
    if (operation < this.done.length) {
      this.done.repeat(operation, Kind.Random, draw);
      return value;
    }
    this.standIfCounted(Kind.Random, draw);
    this.done.record(operation, Kind.Random, draw, -1, 0, value, 0);
    this.acted(-1, 0);
    return value;
  }

  override choose(n: number): number {
    if (!Number.isInteger(n) || n < 1) throw new RangeError(`choose: expected a whole number from 1, got ${String(n)}`);
    const operation = this.operation++;
    if (operation < this.done.length) return this.done.repeat(operation, Kind.Choose, n);
    this.standIfCounted(Kind.Choose, n);
    // What comes next depends on it: where a thread begins with it, that is a step of its own.
    this.granted = false;
    const value = this.carrier.choose(this, n);
    this.done.record(operation, Kind.Choose, n, -1, 0, value, 0);
    this.acted(-1, 0);
    return value;
  }

  override yield(): void {
    const operation = this.operation++;
    if (operation < this.done.length) {
      this.done.repeat(operation, Kind.Yield, 0);
      return;
    }
    this.refuseOther(Kind.Yield, 0);
    // What it did before belongs to its step already, also where that was nothing to stand for.
    if (operation > this.freshFrom) this.granted = false;
    this.carrier.intents?.yield(this.number);
    this.yielding = true;
    const turn = this.stand();
    this.yielding = false;
    if (turn === Turn.Postponed) return;
    this.done.record(operation, Kind.Yield, 0, -1, 0, 0, 0);
    this.looked(operation);
  }

  /** Lines of repeated stretches are not kept twice. */
  override log(...values: unknown[]): void {
    if (this.stopped !== Stop.None || this.lines++ < this.kept) return;
    this.kept = this.lines;
    this.carrier.log(this, values.map(String).join(' '));
  }

  protected override fail(message: string): never {
    throw this.end('assertion', message, Stop.Failed);
  }

  /** A scalar across a page edge, both pages being there: byte by byte, still one step. Returns the lower 32 bits. */
  private loadAcross(operation: number, kind: number, address: number, physical: number, width: number): number {
    let low = 0;
    let high = 0;
    const first = this.nextPage(address) - address;
    const rest = this.cache.translate(address + first, accessRead);
    const near = this.reached(address, physical, first, accessRead);
    const far = this.path?.beyond(address + first, rest, width - first, false) ?? this.memory;
    for (let i = 0; i < width; i++) {
      const byte = i < first ? near.load8(physical + i) : far.load8(rest + i - first);
      if (i < 4) low += byte * 2 ** (8 * i);
      else high += byte * 2 ** (8 * (i - 4));
    }
    this.recordAcross(operation, kind, address, physical, width, accessRead, low, high);
    return low;
  }

  private storeAcross(
    operation: number,
    kind: number,
    address: number,
    physical: number,
    width: number,
    low: number,
    high: number,
  ): void {
    const first = this.nextPage(address) - address;
    const rest = this.cache.translate(address + first, accessWrite);
    this.hardware.preserve(physical, first);
    this.hardware.preserve(rest, width - first);
    const near = this.reached(address, physical, first, accessWrite);
    const far = this.path?.beyond(address + first, rest, width - first, true) ?? this.memory;
    for (let i = 0; i < width; i++) {
      const byte = ((i < 4 ? low : high) >>> (8 * (i % 4))) & 0xff;
      if (i < first) near.store8(physical + i, byte);
      else far.store8(rest + i - first, byte);
    }
    this.recordAcross(operation, kind, address, physical, width, accessWrite, low, high);
  }

  /** The event names the bytes of the first page; a Straddle event behind it those of the second. */
  private recordAcross(
    operation: number,
    kind: number,
    address: number,
    physical: number,
    width: number,
    access: number,
    low: number,
    high: number,
  ): void {
    const first = this.nextPage(address) - address;
    this.done.record(operation, kind, address, physical, first, low, high);
    const second = this.cache.translate(address + first, access);
    const policy = this.path?.policyBeyond(address + first) ?? 0;
    this.trace.append(Kind.Straddle, this.number, operation, kind, second, width - first, policy, 0);
    const isStore = access === accessWrite;
    this.acted(isStore ? physical : -1, first);
    if (isStore) this.acted(second, width - first);
  }
}

function join(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** A number in [0, 1) from three integers: what `task.random` returns. */
function mixed(seed: number, thread: number, draw: number): number {
  let a = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(thread + 1, 0xc2b2ae35);
  a = Math.imul(a ^ (a >>> 16) ^ Math.imul(draw + 1, 0x27d4eb2f), 0x85ebca6b);
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return ((a ^ (a >>> 16)) >>> 0) / 2 ** 32;
}
