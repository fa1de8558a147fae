/**
 * Memory as a task reaches it without a schedule: loads and stores are what the hardware does, with no point in between; atomics are real
 * atomics.
 */
import { writeBack } from '../hardware/cache-policy.ts';
import type { DataCache } from '../hardware/data-cache.ts';
import { MemoryFault } from '../hardware/errors.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { PhysicalMemory } from '../hardware/physical-memory.ts';
import { accessRead, accessWrite, type TranslationCache } from '../hardware/translation-cache.ts';
import { calls } from '../kernel/calls/index.ts';
import { Kind } from '../kernel/trace.ts';
import type { TaskHandle } from '../task/handle.ts';
import { checkAddress, checkValue } from '../task/scalars.ts';
import { atomicResult, Task } from '../task/task.ts';
import { faultReasons } from './faults.ts';
import { hardwareAtomic } from './hardware-atomic.ts';

/** So often in a row a page may be gone before it is used. */
const mostFaults = 1000;

/** Who hears which bytes of memory a task reads, where somebody wants to know. */
export interface ReadListener {
  readonly onRead?: ((physical: number, length: number) => void) | null;
}

export abstract class FreeMemory extends Task {
  private readonly memory: PhysicalMemory;
  private readonly caches: DataCache | null;
  private readonly scratch = new DataView(new ArrayBuffer(8));
  private readonly pageSize: number;

  constructor(
    name: string,
    thread: string,
    id: number,
    kernelTask: TaskHandle,
    private readonly hardware: Hardware,
    private readonly cache: TranslationCache,
    private readonly listener: ReadListener,
  ) {
    super(name, thread, id, kernelTask);
    this.memory = hardware.memory;
    this.caches = hardware.caches;
    this.pageSize = hardware.pageSize;
  }

  /** Throws what ended the thread, where something has. */
  protected abstract stopIfFailed(): void;

  override load8(address: number): number {
    checkAddress(address);
    if (this.caches !== null) return this.across(address, 1).getUint8(0);
    return this.memory.load8(this.resolveToRead(address, 1));
  }

  override load16(address: number): number {
    checkAddress(address);
    if (this.caches !== null || this.isSplit(address, 2)) return this.across(address, 2).getUint16(0, true);
    return this.memory.load16(this.resolveToRead(address, 2));
  }

  override load32(address: number): number {
    checkAddress(address);
    if (this.caches !== null || ((address & 3) !== 0 && this.isSplit(address, 4)))
      return this.across(address, 4).getUint32(0, true);
    // Asked for here, and not in `resolve`, V8 compiles this to as little as it can be: the commonest load of all.
    const physical = this.cache.translate(address, accessRead);
    return this.memory.load32(physical >= 0 && !this.listener.onRead ? physical : this.resolveToRead(address, 4));
  }

  override load64(address: number): bigint {
    checkAddress(address);
    return this.across(address, 8).getBigUint64(0, true);
  }

  override store8(address: number, value: number): void {
    checkAddress(address);
    checkValue(value);
    if (this.caches !== null) {
      this.scratch.setUint8(0, value);
      this.scatter(address, 1);
      return;
    }
    const physical = this.resolve(address, 1, accessWrite);
    this.hardware.preserve(physical, 1);
    this.memory.store8(physical, value & 0xff);
  }

  override store16(address: number, value: number): void {
    checkAddress(address);
    checkValue(value);
    if (this.caches !== null || this.isSplit(address, 2)) {
      this.scratch.setUint16(0, value, true);
      this.scatter(address, 2);
    } else {
      const physical = this.resolve(address, 2, accessWrite);
      this.hardware.preserve(physical, 2);
      this.memory.store16(physical, value & 0xffff);
    }
  }

  override store32(address: number, value: number): void {
    checkAddress(address);
    checkValue(value);
    if (this.caches !== null || ((address & 3) !== 0 && this.isSplit(address, 4))) {
      this.scratch.setUint32(0, value, true);
      this.scatter(address, 4);
    } else {
      let physical = this.cache.translate(address, accessWrite);
      if (physical < 0) physical = this.resolve(address, 4, accessWrite);
      this.hardware.preserve(physical, 4);
      this.memory.store32(physical, value >>> 0);
    }
  }

  override store64(address: number, value: bigint): void {
    checkAddress(address);
    if (typeof value !== 'bigint') throw new TypeError(`store64: expected a bigint, got ${String(value)}`);
    this.scratch.setBigUint64(0, BigInt.asUintN(64, value), true);
    this.scatter(address, 8);
  }

  override read(address: number, length: number): Uint8Array {
    if (!Number.isSafeInteger(length) || length < 0 || length > 2 ** 32) {
      throw new RangeError(`read: expected a length from 0 to 2^32, got ${String(length)}`);
    }
    checkAddress(address);
    const bytes = new Uint8Array(length);
    this.copyRuns(address, bytes, accessRead);
    return bytes;
  }

  override write(address: number, bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`write: expected a Uint8Array, got ${String(bytes)}`);
    checkAddress(address);
    this.copyRuns(address, bytes, accessWrite);
  }

  override atomicOperation(kind: number, address: number, operand: number, expected: number): number {
    checkAddress(address);
    if ((address & 3) !== 0)
      throw new RangeError(`atomic: expected an address that is a multiple of 4, got ${address}`);
    const write = kind !== Kind.AtomicLoad;
    const physical = this.resolve(address, 4, write ? accessWrite : accessRead);
    if (write) this.hardware.preserve(physical, 4);
    else this.listener.onRead?.(physical, 4);
    const { caches } = this;
    if (caches === null) return hardwareAtomic(this.memory.words, physical / 4, kind, operand, expected);
    return caches.alone(physical, 4, this.cache.policyAt(address), write, (memory) => {
      const before = memory.load32(physical);
      if (write) memory.store32(physical, atomicResult(kind, before, operand, expected));
      return before;
    });
  }

  /** The physical address, with its page faulted in; throws MemoryFault. */
  private resolve(address: number, length: number, access: number): number {
    let physical = this.cache.translate(address, access);
    if (physical >= 0) return physical;
    this.stopIfFailed();
    let reason = 'bad address';
    // A page that came may be gone again before it is used, paged out for somebody else.
    for (let tries = 0; tries < mostFaults && Number.isSafeInteger(address) && address >= 0; tries++) {
      const code = this.invoke(calls.fault, address, access);
      reason = faultReasons[code] ?? 'not mapped';
      physical = this.cache.translate(address, access);
      if (physical >= 0) return physical;
      if (code !== 0) break;
    }
    throw new MemoryFault(address, access === accessRead ? 'read' : 'write', length, this.name, reason);
  }

  private resolveToRead(address: number, length: number): number {
    const physical = this.resolve(address, length, accessRead);
    this.listener.onRead?.(physical, length);
    return physical;
  }

  /** Copies in runs of physically adjacent pages: the fewer views are made, the nearer it comes to one plain copy. */
  private copyRuns(address: number, bytes: Uint8Array, access: number): void {
    for (let done = 0; done < bytes.length; ) {
      const start = this.resolve(address + done, bytes.length - done, access);
      const { generation } = this.cache;
      let run = Math.min(bytes.length - done, this.pageSize - (start % this.pageSize));
      while (done + run < bytes.length) {
        const next = this.cache.translate(address + done + run, access);
        if (next !== start + run || this.caches !== null) break;
        run += Math.min(bytes.length - done - run, this.pageSize);
      }
      // Asking for the later pages may have shown that what was answered for the first is void.
      if (this.cache.generation !== generation) continue;
      // A run of several pages is one only where their cache modes make no difference.
      const policy = this.caches === null ? writeBack : this.cache.policyAt(address + done);
      this.inPage(start, bytes, done, run, policy, access);
      done += run;
    }
  }

  /** @param policy null: as the kernel does it */
  protected readRun(physical: number, bytes: Uint8Array, at: number, length: number, policy: number | null): void {
    this.listener.onRead?.(physical, length);
    if (this.caches === null) this.memory.read(physical, bytes, at, length);
    else this.caches.read(physical, bytes, at, length, policy);
  }

  protected writeRun(physical: number, bytes: Uint8Array, at: number, length: number, policy: number | null): void {
    this.hardware.preserve(physical, length);
    if (this.caches === null) this.memory.write(physical, bytes, at, length);
    else this.caches.write(physical, bytes, at, length, policy);
  }

  private isSplit(address: number, width: number): boolean {
    return (address & (width - 1)) !== 0 && (address % this.pageSize) + width > this.pageSize;
  }

  /** The bytes of a scalar, both pages checked before the first is read. */
  private across(address: number, width: number): DataView {
    const first = this.resolve(address, width, accessRead);
    const split = this.isSplit(address, width);
    if (split) this.resolve(address + width - 1, width, accessRead);
    if (this.caches !== null) {
      this.inPages(address, width, accessRead, first);
      return this.scratch;
    }
    for (let i = 0; i < width; i++)
      this.scratch.setUint8(i, this.memory.load8(split ? this.resolveToRead(address + i, 1) : first + i));
    if (!split) this.listener.onRead?.(first, width);
    return this.scratch;
  }

  private scatter(address: number, width: number): void {
    const first = this.resolve(address, width, accessWrite);
    const split = this.isSplit(address, width);
    if (split) this.resolve(address + width - 1, width, accessWrite);
    if (this.caches !== null) {
      this.inPages(address, width, accessWrite, first);
      return;
    }
    for (let i = 0; i < width; i++) {
      const physical = split ? this.resolve(address + i, width, accessWrite) : first + i;
      this.hardware.preserve(physical, 1);
      this.memory.store8(physical, this.scratch.getUint8(i));
    }
  }

  /** A scalar as far as it lies in one page, then the rest: nobody sees a part of either. */
  private inPages(address: number, width: number, access: number, first: number): void {
    const near = Math.min(width, this.pageSize - (first % this.pageSize));
    const bytes = new Uint8Array(this.scratch.buffer);
    this.inPage(first, bytes, 0, near, this.cache.policyAt(address), access);
    if (near === width) return;
    const rest = this.resolve(address + near, width, access);
    this.inPage(rest, bytes, near, width - near, this.cache.policyAt(address + near), access);
  }

  private inPage(
    physical: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    policy: number,
    access: number,
  ): void {
    if (access === accessWrite) this.writeRun(physical, bytes, at, length, policy);
    else this.readRun(physical, bytes, at, length, policy);
  }
}
