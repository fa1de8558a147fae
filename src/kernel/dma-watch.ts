/**
 * I6 of the invariants: a device touches memory only between `prepare` and `complete`, only the bytes that were prepared, only in
 * the direction that was declared, and through no translation that is gone. Asked at each beat of a transfer.
 *
 * What may be touched follows from the page lists of descriptors, so nothing is kept beside them that could be wrong. (Rejected: a
 * count in each frame, which knows pages and not bytes.) The place of the beat before is tried first: transfers go on where they were.
 */
import { hex } from '../hardware/errors.ts';
import { accessRead } from '../hardware/translation-cache.ts';
import { CopyBuffer } from '../iokit/copy-buffer.ts';
import { accessOf } from '../iokit/dma-mapping.ts';
import type { IOGeneralMemoryDescriptor } from '../iokit/general-memory-descriptor.ts';
import type { PageList } from '../iokit/page-list.ts';
import type { Kernel } from './kernel.ts';
import { pageLists } from './memory-objects.ts';
import { aboutFrame } from './rules.ts';
import type { KernelThread } from './thread.ts';

/** A page of a list that a descriptor holds in place. */
interface Place {
  readonly descriptor: IOGeneralMemoryDescriptor;
  readonly list: PageList;
  readonly page: number;
}

export class DMAWatch {
  /** Where the last beat was allowed. A hint: it is looked at again each time. */
  private last: Place | null = null;

  constructor(private readonly kernel: Kernel) {}

  /**
   * `device` is about to access `length` bytes at `physical`, all in one page, which it reaches at `address` on the bus.
   *
   * @param access accessRead or accessWrite
   */
  check(device: KernelThread, address: number, physical: number, length: number, access: number): void {
    const { pageSize, frames, iommu } = this.kernel.hardware;
    const frame = Math.floor(physical / pageSize);
    const offset = physical - frame * pageSize;
    const verb = access === accessRead ? 'reads' : 'writes';
    if (iommu !== null && !iommu.shows(address, physical, access)) {
      const text = `${device.name} ${verb} memory at ${hex(physical)} through device address ${hex(address)}, which is no longer mapped to it but was not flushed`;
      this.kernel.violation(device, 'dma-outside-window', text, aboutFrame(frame));
    } else if (frames.wires(frame) === 0 && !this.standsIn(frame)) {
      const text = `${device.name} ${verb} memory at ${hex(physical)} that is not wired`;
      this.kernel.violation(device, 'dma-unwired', text, aboutFrame(frame));
    } else if (!this.isInWindow(frame, offset, length, access)) {
      const text = `${device.name} ${verb} ${length} bytes at ${hex(physical)}, ${this.reason(frame, offset, length)}`;
      this.kernel.violation(device, 'dma-outside-window', text, aboutFrame(frame));
    }
  }

  private isInWindow(frame: number, offset: number, length: number, access: number): boolean {
    let from = offset;
    while (from < offset + length) {
      const end = this.coveredFrom(frame, from, access);
      if (end <= from) return this.isHeldOtherwise(frame);
      from = end;
    }
    return true;
  }

  /** The byte of the page behind the last one, from `offset` on, that is prepared for `access`; `offset` when that is not. */
  private coveredFrom(frame: number, offset: number, access: number): number {
    const { last } = this;
    if (last?.descriptor.wiring.lists.includes(last.list)) {
      const page = last.list.frames[last.page] === frame ? last.page : last.page + 1;
      if (this.covers(last.descriptor, last.list, page, frame, offset, access))
        return this.allow(last.descriptor, last.list, page);
    }
    for (const descriptor of this.kernel.iokit.descriptors) {
      for (const list of descriptor.wiring.lists) {
        const page = list.frames.indexOf(frame);
        if (this.covers(descriptor, list, page, frame, offset, access)) return this.allow(descriptor, list, page);
      }
    }
    return offset;
  }

  private covers(
    { wiring }: IOGeneralMemoryDescriptor,
    list: PageList,
    page: number,
    frame: number,
    offset: number,
    access: number,
  ): boolean {
    if (wiring.wireCount === 0 || list.frames[page] !== frame) return false;
    if ((accessOf(wiring.direction) & access) === 0) return false;
    return offset >= (page === 0 ? list.pageOffset : 0) && offset < this.endIn(list, page);
  }

  private allow(descriptor: IOGeneralMemoryDescriptor, list: PageList, page: number): number {
    if (this.last?.list !== list || this.last.page !== page) this.last = { descriptor, list, page };
    return this.endIn(list, page);
  }

  private endIn(list: PageList, page: number): number {
    const { pageSize } = this.kernel.hardware;
    return Math.min(pageSize, list.pageOffset + list.length - page * pageSize);
  }

  /** Whether a frame belongs to a command, in place of the memory that it transfers. */
  private standsIn(frame: number): boolean {
    const { commands, substitutes } = this.kernel.iokit;
    for (const substitute of substitutes) if (substitute === frame) return true;
    for (const { transfer } of commands) {
      const bounce = transfer?.bounce;
      if (bounce instanceof CopyBuffer && frame >= bounce.firstFrame && frame < bounce.firstFrame + bounce.frameCount)
        return true;
    }
    return false;
  }

  /** Whether somebody else than a descriptor keeps the frame in place, who declared neither bytes nor direction. */
  private isHeldOtherwise(frame: number): boolean {
    if ((this.kernel.byHand.wires.get(frame) ?? 0) > 0 || this.standsIn(frame)) return true;
    for (const { frames } of pageLists(this.kernel)) if (frames.includes(frame)) return true;
    for (const { wiring } of this.kernel.iokit.maps)
      for (const wired of wiring.pages.values()) if (wired.some((page) => page.frame === frame)) return true;
    return false;
  }

  private reason(frame: number, offset: number, length: number): string {
    for (const { name, wiring } of this.kernel.iokit.descriptors) {
      for (const list of wiring.lists) {
        const page = list.frames.indexOf(frame);
        if (wiring.wireCount === 0 || page < 0) continue;
        const from = page === 0 ? list.pageOffset : 0;
        if (offset >= from && offset + length <= this.endIn(list, page))
          return `but ${name} is prepared for the other direction`;
        return `beyond what is prepared there of ${name}`;
      }
    }
    return 'which nothing is prepared for';
  }
}
