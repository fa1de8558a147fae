/** The bytes of cache lines where stores go to memory at once as well: write-through. */
import { PhysicalMemory } from './physical-memory.ts';

export class ThroughMemory extends PhysicalMemory {
  constructor(
    lines: SharedArrayBuffer,
    private readonly below: PhysicalMemory,
  ) {
    super(lines);
  }

  override store8(address: number, value: number): void {
    super.store8(address, value);
    this.below.store8(address, value);
  }

  override store32(address: number, value: number): void {
    super.store32(address, value);
    this.below.store32(address, value);
  }

  override write(address: number, source: Uint8Array, at: number, length: number): void {
    super.write(address, source, at, length);
    this.below.write(address, source, at, length);
  }
}
