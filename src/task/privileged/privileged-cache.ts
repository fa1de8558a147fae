/** The data cache in the hands of the kernel. A line has 64 bytes; what else lies in the first and the last one shares their fate. */
import { Maintain } from '../../hardware/data-cache.ts';
import { calls } from '../../kernel/calls/index.ts';
import type { Task } from '../task.ts';

/** Physical memory: what `getPhysicalSegment` answers is one. */
export interface PhysicalRange {
  readonly address: number;
  /** Bytes. */
  readonly length: number;
}

export class PrivilegedCache {
  constructor(private readonly task: Task) {}

  /** Writes the lines of `range` back to memory; they stay in the cache. Throws RangeError for what is no memory. */
  clean(range: PhysicalRange): void {
    this.maintain(range, Maintain.WriteBack);
  }

  /** Drops the lines of `range`, with what was stored to them and never written back. Throws RangeError for what is no memory. */
  invalidate(range: PhysicalRange): void {
    this.maintain(range, Maintain.Drop);
  }

  private maintain({ address, length }: PhysicalRange, operation: number): void {
    this.task.invoke(calls.cacheMaintain, address, length, operation);
  }
}
