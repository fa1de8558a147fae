/** Bulk reads and writes of a controlled thread: a step for each page (for a device: each cache line), resumed where they were when the thread was suspended. */
import { MemoryFault } from '../hardware/errors.ts';
import type { PhysicalMemory } from '../hardware/physical-memory.ts';
import { accessRead, accessWrite } from '../hardware/translation-cache.ts';
import { Kind } from '../kernel/trace.ts';
import type { ControlledThread } from './controlled-thread.ts';
import type { OperationLog } from './operation-log.ts';

export class BulkCopy {
  /** The operation under way, or -1. */
  private operation = -1;
  private buffer: Uint8Array = new Uint8Array(0);
  private copied = 0;

  constructor(
    private readonly thread: ControlledThread,
    private readonly done: OperationLog,
  ) {}

  clear(): void {
    this.operation = -1;
    this.thread.underWay = -1;
  }

  /** The bytes at `address`; the caller must copy them before it hands them out. */
  read(operation: number, address: number, length: number): Uint8Array {
    if (operation < this.done.length) return this.done.repeatBulk(operation, address, length, 0, 0);
    if (this.operation === operation) this.done.compareBulk(operation, address, length, 0, 0);
    else this.begin(operation, address, new Uint8Array(length), 0, 0);
    return this.carryOn(operation, address, false);
  }

  write(operation: number, address: number, bytes: Uint8Array): void {
    const low = hashBytes(bytes, lowBasis);
    const high = hashBytes(bytes, highBasis);
    if (operation < this.done.length) {
      this.done.repeatBulk(operation, address, bytes.length, low, high);
      return;
    }
    if (this.operation === operation) this.done.compareBulk(operation, address, bytes.length, low, high);
    else this.begin(operation, address, bytes.slice(), low, high);
    this.carryOn(operation, address, true);
  }

  private begin(operation: number, address: number, buffer: Uint8Array, low: number, high: number): void {
    if (this.thread.stopped !== 0) throw this.thread.unwind();
    this.thread.refuseOther(Kind.Bulk, address);
    this.done.begin(
      operation,
      this.done.trace.append(Kind.Bulk, this.thread.number, operation, address, -1, buffer.length, low, high),
    );
    this.operation = operation;
    this.thread.underWay = operation;
    this.buffer = buffer;
    this.copied = 0;
  }

  private carryOn(operation: number, address: number, intoMemory: boolean): Uint8Array {
    const { fragment } = this.thread;
    const { buffer } = this;
    const kind = intoMemory ? Kind.Write : Kind.Read;
    while (this.copied < buffer.length) {
      const from = address + this.copied;
      // Where the address is no number there are no pages either.
      const part = Math.min(buffer.length - this.copied, fragment - (from % fragment)) || buffer.length;
      const physical = this.reach(operation, kind, from, part, intoMemory ? accessWrite : accessRead);
      const memory = this.thread.path?.copied(from, physical, part, intoMemory) ?? this.thread.memory;
      copyFragment(this.thread, memory, operation, from, physical, part, buffer, this.copied, intoMemory);
      this.copied += part;
    }
    this.clear();
    this.done.end(operation, this.done.at(operation), buffer);
    this.thread.acted(-1, 0);
    return buffer;
  }

  /** The physical address of a fragment. A fault ends the whole operation, which began with another event. */
  private reach(operation: number, kind: number, from: number, part: number, access: number): number {
    const began = this.done.at(operation);
    try {
      return this.thread.enter(operation, kind, from, part, access);
    } catch (error) {
      if (error instanceof MemoryFault) {
        this.done.begin(operation, began);
        this.clear();
      }
      throw error;
    }
  }
}

/** Copies one fragment, which lies in one page, and notes it in the trace with a hash of what went over. */
export function copyFragment(
  thread: ControlledThread,
  memory: PhysicalMemory,
  operation: number,
  subject: number,
  physical: number,
  length: number,
  buffer: Uint8Array,
  at: number,
  intoMemory: boolean,
): void {
  if (intoMemory) {
    thread.hardware.preserve(physical, length);
    memory.write(physical, buffer, at, length);
    thread.carrier.spins.changed(physical, length);
  } else {
    memory.read(physical, buffer, at, length);
  }
  const bytes = buffer.subarray(at, at + length);
  const kind = intoMemory ? Kind.Write : Kind.Read;
  thread.trace.append(
    kind,
    thread.number,
    operation,
    subject,
    physical,
    length,
    hashBytes(bytes, lowBasis),
    hashBytes(bytes, highBasis),
  );
}

const lowBasis = 0x811c9dc5;
const highBasis = 0x9e3779b9;

/** FNV-1a with a choice of basis, and a last mix. */
function hashBytes(bytes: Uint8Array, basis: number): number {
  let hash = basis;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
