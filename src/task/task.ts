/**
 * What task code sees of its machine: memory, atomics, messages, time, chance. Plain synchronous functions on every carrier;
 * the carriers (floor 5) say what happens at each of them.
 */
import type { Call } from '../kernel/call.ts';
import { calls } from '../kernel/calls/index.ts';
import { Kind } from '../kernel/trace.ts';
import { Words } from '../kernel/words.ts';
import { TaskAtomics } from './atomics.ts';
import { type Branded, handleBrand, handleId, type TaskHandle } from './handle.ts';
import { decodePlain, packPlain } from './plain-data.ts';
import { PrivilegedKernel } from './privileged/privileged-kernel.ts';

/** Access rights of memory, as Mach numbers them: bits of `protection`. */
export const VM_PROT_NONE = 0;
export const VM_PROT_READ = 1;
export const VM_PROT_WRITE = 2;

export interface AllocateOptions {
  /** Where; a multiple of the page size. Without it the kernel chooses. */
  address?: number;
  /** VM_PROT bits; read and write unless given. */
  protection?: number;
  /** False: all of it is made resident at once, and stays wired until nobody has it any more. Default true. */
  pageable?: boolean;
  /** The contents may be given up, once a descriptor over it says so (`setPurgeable`). */
  purgeable?: boolean;
}

export interface RemapOptions {
  /** Where; a multiple of the page size. Without it the kernel chooses. */
  address?: number;
  /** True: a copy, whose pages are copied when one side stores to them. False (default): the same memory. */
  copy?: boolean;
  /** Replaces what is mapped at `address`. */
  overwrite?: boolean;
}

export interface MapOptions extends Omit<AllocateOptions, 'pageable' | 'purgeable'> {
  /** First byte of the object that is mapped; a multiple of the page size. Default 0. */
  offset?: number;
  /** Bytes; default: to the end of the object. */
  size?: number;
  /** Replaces what is mapped at `address`. */
  overwrite?: boolean;
}

/** Marks a kernel address that the caller leaves to the kernel. */
const anywhere = 0;

export abstract class Task implements Branded {
  readonly [handleBrand] = 'Task';
  readonly atomic: TaskAtomics = new TaskAtomics(this);
  private privileged: PrivilegedKernel | null = null;
  /** Where the next message is written to; null while one is. */
  private outgoing: Words | null = null;
  /** Where the last message was read from. */
  private incoming: Words | null = null;

  /**
   * @param name of the task, as in the scenario: 'client', 'kernel'
   * @param thread full name of the thread: 'client', 'kernel.submit'
   * @param id handle of this task
   * @param kernelTask handle of the kernel's task, for drivers
   */
  constructor(
    readonly name: string,
    readonly thread: string,
    readonly id: number,
    readonly kernelTask: TaskHandle,
  ) {}

  /** What the kernel itself stands on; for threads of `kernel` and in `kernelMode` (PrivilegeError elsewhere). */
  get kernel(): PrivilegedKernel {
    this.privileged ??= new PrivilegedKernel(this);
    return this.privileged;
  }

  // Memory. Loads are unsigned; stores wrap modulo 2^n; addresses are numbers below 2^53. Throws MemoryFault.

  abstract load8(address: number): number;
  abstract load16(address: number): number;
  abstract load32(address: number): number;
  abstract load64(address: number): bigint;
  abstract store8(address: number, value: number): void;
  abstract store16(address: number, value: number): void;
  abstract store32(address: number, value: number): void;
  abstract store64(address: number, value: bigint): void;
  /** Copies `length` bytes out of memory; each page is a step. */
  abstract read(address: number, length: number): Uint8Array;
  /** Copies `bytes` into memory; each page is a step. */
  abstract write(address: number, bytes: Uint8Array): void;

  loadInt8(address: number): number {
    return (this.load8(address) << 24) >> 24;
  }

  loadInt16(address: number): number {
    return (this.load16(address) << 16) >> 16;
  }

  loadInt32(address: number): number {
    return this.load32(address) | 0;
  }

  loadInt64(address: number): bigint {
    return BigInt.asIntN(64, this.load64(address));
  }

  // Address space.

  /**
   * Allocates zero-filled memory; returns its address. Throws RangeError when `size` is 0, nothing fits, memory that is not pageable
   * is short, or what may be purged must not be pageable.
   */
  allocate(size: number, options: AllocateOptions = {}): number {
    const { address = anywhere, protection = VM_PROT_READ | VM_PROT_WRITE } = options;
    return this.invoke(allocation(options), size, address, options.address === undefined, protection);
  }

  /** Unmaps whole pages. Holes are no error. */
  deallocate(address: number, size: number): void {
    this.invoke(calls.deallocate, address, size);
  }

  /** Changes the rights of whole pages. Throws RangeError where nothing is mapped or the rights exceed the maximum. */
  protect(address: number, size: number, protection: number): void {
    this.invoke(calls.protect, address, size, protection);
  }

  /** Maps a memory object that this task was handed; returns the address. */
  map(object: Branded, options: MapOptions = {}): number {
    const { address = anywhere, offset = 0, size = 0, overwrite = false } = options;
    const { protection = VM_PROT_READ | VM_PROT_WRITE } = options;
    const id = handleId(object, 'MemoryObject', 'object');
    const free = options.address === undefined;
    return this.invoke(calls.mapObject, id, offset, size, address, free, protection, overwrite);
  }

  /**
   * Mach's `vm_remap`: maps the whole pages of a range of `from` (this task, or one it has a handle of) here, and returns their
   * address. Throws RangeError where nothing is mapped, or a copy is not allowed to read.
   */
  remap(from: Branded, address: number, size: number, options: RemapOptions = {}): number {
    const { address: at = anywhere, copy = false, overwrite = false } = options;
    const task = handleId(from, 'Task', 'from');
    return this.invoke(calls.remap, task, address, size, copy, at, options.address === undefined, overwrite);
  }

  // Messages.

  /** Sends plain data and handles to a thread, by its full name. The receiver gets a right and a reference to each handle. */
  send(thread: string, value: unknown): void {
    // Reading the value may run code that sends something itself.
    const scratch = this.outgoing ?? new Words();
    this.outgoing = null;
    const { words, handles } = packPlain(value, 'message', scratch);
    this.outgoing = scratch;
    this.invoke(calls.send, thread, words, handles);
  }

  /** The next message to this thread; waits for one. */
  receive(): unknown {
    const packed = this.invoke(calls.receive);
    // It has to wait, and is called again (single-calls.ts): to throw over it would cost as much as ten messages.
    if (packed === undefined) return undefined;
    this.incoming ??= new Words();
    this.incoming.clear();
    this.incoming.copy(packed, 0, packed.length);
    return decodePlain(this.incoming);
  }

  // Devices. A doorbell is a message: `send('disk', …)`.

  /** Waits for the interrupt of that name and takes it; returns how often it was raised since it was last taken. */
  waitInterrupt(name: string): number {
    return this.invoke(calls.waitInterrupt, name);
  }

  /** Waits until the device has done all that it was told. Nothing of what it did can come later. */
  stopDevice(name: string): void {
    this.invoke(calls.stopDevice, name);
  }

  // Time and chance.

  /** Virtual time in nanoseconds. */
  now(): number {
    return this.invoke(calls.now);
  }

  /** Sleeps for `nanoseconds` of virtual time; others may run longer than that. */
  sleep(nanoseconds: number): void {
    this.invoke(calls.sleep, nanoseconds);
  }

  /** A number in [0, 1), the same in every execution of a campaign with the same seed. */
  abstract random(): number;
  /** A number from 0 to n - 1 that the exploration chooses. */
  abstract choose(n: number): number;
  /** Lets others run, if any can. */
  abstract yield(): void;

  /** Says that this is a loop which waits for somebody else. */
  spinHint(): void {
    this.yield();
  }

  // Results.

  /**
   * Ends this thread with a failure when `condition` is false. (Not an assertion in TypeScript's sense: that would oblige every
   * scenario to annotate its `task` parameters.)
   */
  assert(condition: unknown, message = 'assertion failed'): void {
    if (!condition) this.fail(message);
  }

  /** Keeps a line for the replay's output. */
  abstract log(...values: unknown[]): void;

  // What the classes of I/O Kit stand on.

  /** A kernel call. Throws what the kernel refuses it with. */
  abstract invoke<A extends readonly unknown[], R>(call: Call<A, R>, ...values: A): R;
  /** A kernel call that copies between memory and `buffer`. */
  abstract transfer<A extends readonly unknown[], R>(call: Call<A, R>, buffer: Uint8Array, ...values: A): R;
  /** An atomic operation by its kind in the trace; returns the value from before. */
  abstract atomicOperation(kind: number, address: number, operand: number, expected: number): number;
  protected abstract fail(message: string): never;
}

function allocation({ pageable = true, purgeable = false }: AllocateOptions) {
  if (pageable) return purgeable ? calls.allocatePurgeable : calls.allocate;
  if (purgeable) throw new RangeError('purgeable: expected it only of memory that is pageable');
  return calls.allocateWired;
}

/** What an atomic operation, by its kind in the trace, leaves in the word. */
export function atomicResult(kind: number, before: number, operand: number, expected: number): number {
  switch (kind) {
    case Kind.AtomicStore:
    case Kind.AtomicExchange:
      return operand;
    case Kind.AtomicAdd:
      return (before + operand) >>> 0;
    case Kind.AtomicSub:
      return (before - operand) >>> 0;
    case Kind.AtomicAnd:
      return (before & operand) >>> 0;
    case Kind.AtomicOr:
      return (before | operand) >>> 0;
    case Kind.AtomicXor:
      return (before ^ operand) >>> 0;
    case Kind.AtomicCompareExchange:
      return before === expected ? operand : before;
    default:
      return before;
  }
}
