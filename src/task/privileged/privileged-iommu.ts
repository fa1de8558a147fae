/** The IOMMU in the hands of the kernel, past its mapper: the table that devices' addresses go through, and its cache. */
import { calls } from '../../kernel/calls/index.ts';
import type { Task } from '../task.ts';

/** Device addresses: `length` bytes from `address` on, and every page they touch. */
export interface DeviceRange {
  readonly address: number;
  readonly length: number;
}

/** Each throws RangeError on a machine without a mapper. */
export class PrivilegedIommu {
  constructor(private readonly task: Task) {}

  /** Lets devices reach `frame` at `address`, a multiple of the machine's page size, for `protection` (VM_PROT bits). */
  map(address: number, frame: number, protection: number): void {
    this.task.invoke(calls.iommuMap, address, frame, protection);
  }

  /** Takes a range out of the table. Devices that have used it get through until it is flushed. */
  unmap({ address, length }: DeviceRange): void {
    this.task.invoke(calls.iommuUnmap, address, length);
  }

  /** Takes a range out of the cache: devices ask the table again. */
  flush({ address, length }: DeviceRange): void {
    this.task.invoke(calls.iommuFlush, address, length);
  }
}
