/** Physical memory as one thread sees it through its store buffer: stores wait there, loads find them there first. */
import { PhysicalMemory } from './physical-memory.ts';
import type { BufferedStore, StoreBuffers } from './store-buffers.ts';

export class BufferedMemory extends PhysicalMemory {
  private readonly next: BufferedStore = { operation: 0, address: 0, physical: 0, length: 0, low: 0, high: 0 };

  constructor(
    memory: PhysicalMemory,
    private readonly stores: StoreBuffers,
    private readonly thread: number,
  ) {
    super(memory.buffer);
  }

  /** What the stores that follow belong to. */
  storing(operation: number, address: number): void {
    this.next.operation = operation;
    this.next.address = address;
  }

  override load8(address: number): number {
    return this.stores.see(this.thread, address, super.load8(address));
  }

  override load32(address: number): number {
    return (this.load16(address) | (this.load16(address + 2) << 16)) >>> 0;
  }

  override store8(address: number, value: number): void {
    this.push(address, 1, value, 0);
  }

  override store16(address: number, value: number): void {
    this.push(address, 2, value, 0);
  }

  override store32(address: number, value: number): void {
    this.push(address, 4, value, 0);
  }

  override store64(address: number, low: number, high: number): void {
    this.push(address, 8, low, high);
  }

  override read(address: number, target: Uint8Array, at: number, length: number): void {
    super.read(address, target, at, length);
    if (this.stores.count(this.thread) > 0)
      for (let i = 0; i < length; i++) target[at + i] = this.stores.see(this.thread, address + i, target[at + i]!);
  }

  private push(physical: number, length: number, low: number, high: number): void {
    const { next } = this;
    next.physical = physical;
    next.length = length;
    next.low = low;
    next.high = high;
    this.stores.push(this.thread, next);
  }
}
