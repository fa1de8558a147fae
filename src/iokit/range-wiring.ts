/**
 * What `IOMemoryMap::wireRange` holds in place: pages by their virtual address, with their translations entered, so that
 * touching them never faults. Mach's `vm_map_wire`, as far as a map needs it.
 */
import { pteFrameShift } from '../hardware/page-table.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { KERN_INVALID_ARGUMENT, KERN_SUCCESS, type KernReturn } from '../vm/kern-return.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { IOKit } from './iokit.ts';

interface WiredPage {
  readonly object: MemoryObject;
  readonly frame: number;
}

export class RangeWiring {
  /** Address of a page → what was wired there, once for each `wire`. */
  readonly pages = new Map<number, readonly WiredPage[]>();

  constructor(private readonly iokit: IOKit) {}

  /** Whole pages from `start` to before `end`, all of them or none. */
  wire(actor: Actor, space: AddressSpace, start: number, end: number, access: number): KernReturn {
    const { pageSize, hardware } = this.iokit.vm;
    for (let at = start; at < end; at += pageSize) {
      const code = space.fault(actor, at, access);
      if (code !== KERN_SUCCESS) {
        this.unwire(actor, start, at);
        return code;
      }
      const object = space.lookup(at)!.object!;
      const frame = hardware.tables.entry(space.number, at / pageSize) >>> pteFrameShift;
      object.wire(frame);
      this.set(at, [...(this.pages.get(at) ?? []), { object, frame }]);
    }
    return KERN_SUCCESS;
  }

  /** Undoes one `wire` of each page; nothing when a page is not wired. */
  unwire(actor: Actor, start: number, end: number): KernReturn {
    const { pageSize } = this.iokit.vm;
    for (let at = start; at < end; at += pageSize) if (!this.pages.has(at)) return KERN_INVALID_ARGUMENT;
    for (let at = start; at < end; at += pageSize) {
      const wired = this.pages.get(at)!;
      const { object, frame } = wired.at(-1)!;
      this.set(at, wired.slice(0, -1));
      object.unwire(actor, frame);
    }
    return KERN_SUCCESS;
  }

  releaseAll(actor: Actor): void {
    for (const [at, wired] of [...this.pages].sort((a, b) => a[0] - b[0])) {
      this.set(at, []);
      for (const { object, frame } of wired) object.unwire(actor, frame);
    }
  }

  private set(at: number, wired: readonly WiredPage[]): void {
    const before = this.pages.get(at);
    if (wired.length === 0) this.pages.delete(at);
    else this.pages.set(at, wired);
    this.iokit.journal.undo(() => (before === undefined ? this.pages.delete(at) : this.pages.set(at, before)));
  }
}
