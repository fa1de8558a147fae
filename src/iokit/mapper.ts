/**
 * IOMapper: hands out device addresses for descriptors' memory and keeps the IOMMU's table in step (xnu-reference 1.11). What is
 * unmapped is flushed from the IOMMU's cache at once, so that no device gets through afterwards.
 */

import { KernelPanic } from '../hardware/errors.ts';
import type { Iommu } from '../hardware/iommu.ts';
import { accessRead, accessWrite } from '../hardware/translation-cache.ts';
import { KernelObject } from '../vm/kernel-object.ts';
import type { Actor } from '../vm/steps.ts';
import { DeviceMap, type DevicePiece } from './device-map.ts';
import { DeviceSpace } from './device-space.ts';
import { kIODMAMapReadAccess, kIODMAMapWriteAccess } from './dma-options.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { type IOReturn, kIOReturnBadArgument, kIOReturnNoMemory, kIOReturnVMError } from './return-codes.ts';

/** What a device can express: bits of an address (0: all) and the alignment of the first byte's page, in bytes. */
export interface DMAMapSpecification {
  readonly numAddressBits: number;
  readonly alignment: number;
}

export const anyAddress: DMAMapSpecification = { numAddressBits: 0, alignment: 1 };

export class IOMapper extends KernelObject {
  override readonly kind = 'IOMapper';
  readonly space: DeviceSpace;
  /** Windows that tasks took by themselves, by their first page. */
  readonly loose = new Map<number, DeviceMap | null>();

  constructor(
    private readonly iokit: IOKit,
    private readonly iommu: Iommu,
  ) {
    super(iokit.journal);
    this.space = new DeviceSpace(iokit.journal, iommu.addressLimit / iommu.pageSize);
  }

  /** Bytes of a device page. */
  get pageSize(): number {
    return this.iommu.pageSize;
  }

  /** The physical address that devices reach through `address`; 0 when it is not mapped. */
  toPhysical(address: number): number {
    const page = this.iommu.lookup(Math.floor(address / this.pageSize));
    return page < 0 ? 0 : page * this.pageSize + (address % this.pageSize);
  }

  /**
   * Maps `length` bytes from `offset` of a descriptor, which must be wired, for `access` (kIODMAMap bits). `backed` says that a
   * descriptor or a command answers for the window. Answers a code when the memory or the addresses are not there.
   */
  mapMemory(
    actor: Actor,
    descriptor: IOMemoryDescriptor,
    offset: number,
    length: number,
    access: number,
    { numAddressBits, alignment }: DMAMapSpecification,
    backed: boolean,
  ): DeviceMap | IOReturn {
    const layout = this.layOut(actor, descriptor, offset, length);
    if (layout === null) return kIOReturnVMError;
    const limit = numAddressBits === 0 ? Number.POSITIVE_INFINITY : 2 ** numAddressBits / this.pageSize;
    const step = Math.max(1, Math.ceil(alignment / this.pageSize));
    const window = this.space.take(actor, layout.pages.length, step, limit, backed);
    if (window === null) return kIOReturnNoMemory;
    const rights = rightsOf(access);
    for (let i = 0; i < window.pages; i++) {
      if (this.iommu.map(window.first + i, layout.pages[i]!, rights)) continue;
      this.iommu.unmap(window.first, i);
      this.space.give(window);
      return kIOReturnNoMemory;
    }
    const start = window.first * this.pageSize;
    return new DeviceMap(
      window,
      layout.pieces.map((piece) => ({ ...piece, address: start + piece.address })),
    );
  }

  /** Ends a mapping: its addresses are refused from here on. */
  unmapMemory({ window }: DeviceMap): void {
    this.iommu.unmap(window.first, window.pages);
    this.iommu.flush(window.first, window.pages);
    this.space.give(window);
  }

  // What tasks may do by themselves.

  /** `iovmMapMemory`: a mapping that nobody answers for but the caller. */
  mapLoosely(
    actor: Actor,
    descriptor: IOMemoryDescriptor,
    offset: number,
    length: number,
    access: number,
    specification: DMAMapSpecification,
  ): DeviceMap | IOReturn {
    if (length === 0 || offset + length > descriptor.getLength()) return kIOReturnBadArgument;
    const map = this.mapMemory(actor, descriptor, offset, length, access, specification, false);
    if (typeof map !== 'number') this.setLoose(map.window.first, map);
    return map;
  }

  /** Takes `pages` device pages without showing anything in them; the first, or 0. */
  allocate(actor: Actor, pages: number): number {
    const window = pages === 0 ? null : this.space.take(actor, pages, 1, Number.POSITIVE_INFINITY, false);
    if (window === null) return 0;
    this.setLoose(window.first, null);
    return window.first;
  }

  /** Gives up what `mapLoosely` or `allocate` took: exactly that, or nothing. */
  freeLoosely(first: number, pages: number): boolean {
    const window = this.space.at(first);
    if (window === null || window.first !== first || window.pages !== pages || !this.loose.has(first)) return false;
    this.unmapMemory(new DeviceMap(window, []));
    const map = this.loose.get(first)!;
    this.loose.delete(first);
    this.journal.undo(() => this.loose.set(first, map));
    return true;
  }

  /**
   * Lets `count` device pages from `first + index` on show physical pages that follow one another. Only within what `allocate`
   * took, and only memory that there is; otherwise nothing changes and the answer is false.
   */
  insert(first: number, index: number, physicalPage: number, count: number, access: number): boolean {
    if (first === 0) throw new KernelPanic('a page is inserted at device page 0, which is never allocated');
    const start = first + index;
    const window = this.space.at(start);
    if (window === null || !this.loose.has(window.first) || start + count > window.first + window.pages) return false;
    if ((physicalPage + count) * this.pageSize > this.iokit.vm.hardware.memory.size) return false;
    for (let i = 0; i < count; i++) this.iommu.map(start + i, physicalPage + i, rightsOf(access));
    this.iommu.flush(start, count);
    this.iokit.vm.exposeFrames();
    return true;
  }

  /** The system's mapper lives as long as the machine. */
  protected override dispose(): void {}

  private setLoose(first: number, map: DeviceMap | null): void {
    this.loose.set(first, map);
    this.journal.undo(() => this.loose.delete(first));
  }

  /** The physical pages of a mapping in order, and its pieces with addresses relative to the first; null where memory is missing. */
  private layOut(actor: Actor, descriptor: IOMemoryDescriptor, offset: number, length: number) {
    const { pageSize } = this;
    const pieces: DevicePiece[] = [];
    const pages: number[] = [];
    let before = -1;
    for (let at = offset; at < offset + length; ) {
      const { address, length: run } = descriptor.getWiredSegment(actor, at);
      const part = Math.min(run, offset + length - at);
      if (part === 0 || address + part > this.iokit.vm.hardware.memory.size) return null;
      const last = pieces[pieces.length - 1];
      const meetsInPages = before % pageSize === 0 && address % pageSize === 0;
      if (last !== undefined && (address === before || meetsInPages)) {
        pieces[pieces.length - 1] = { ...last, length: last.length + part };
      } else {
        pieces.push({ offset: at, length: part, address: pages.length * pageSize + (address % pageSize) });
      }
      // Where a run goes on inside of a page, that page is there already.
      const from = address === before ? Math.ceil(address / pageSize) : Math.floor(address / pageSize);
      for (let page = from; page * pageSize < address + part; page++) pages.push(page);
      before = address + part;
      at += part;
    }
    return { pieces, pages };
  }
}

function rightsOf(access: number): number {
  const read = (access & kIODMAMapReadAccess) === 0 ? 0 : accessRead;
  return (access & kIODMAMapWriteAccess) === 0 ? read : read | accessWrite;
}
