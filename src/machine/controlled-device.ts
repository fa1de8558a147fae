/**
 * A device under a schedule: a controlled task whose addresses are the bus's and whose transfers go a cache line at a time.
 * Each beat is examined by the kernel, which knows what was prepared for devices.
 */
import { busBeat } from '../hardware/bus-addresses.ts';
import { ControlledTask } from './controlled-task.ts';

export class ControlledDevice extends ControlledTask {
  override readonly fragment: number = busBeat;

  protected override get isDevice(): boolean {
    return true;
  }

  override enter(operation: number, kind: number, address: number, width: number, access: number): number {
    const physical = super.enter(operation, kind, address, width, access);
    const first = Math.min(width, this.nextPage(address) - address);
    this.carrier.examine(this, address, physical, first, access);
    if (first < width) {
      const rest = address + first;
      this.carrier.examine(this, rest, this.cache.translate(rest, access), width - first, access);
    }
    return physical;
  }
}
