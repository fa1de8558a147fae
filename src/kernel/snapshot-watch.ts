/**
 * I4: who has a copy of memory sees it as it was, whatever others store; and what a task stores into memory of its own is seen by
 * nobody else. Page tables see to that for tasks, so it is asked where a store goes past them: by a frame's number, or through a
 * translation that was made by hand or is over.
 *
 * What must not change follows from entries, shadows and copies. (Rejected: a checksum of each page that is copied, which every copy
 * would pay for and which tells of a store only in the end.)
 */
import { hex } from '../hardware/errors.ts';
import { pteFrameShift, pteWrite } from '../hardware/page-table.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Kernel } from './kernel.ts';
import { memoryObjects } from './memory-objects.ts';
import { aboutFrame } from './rules.ts';
import type { KernelThread } from './thread.ts';

export class SnapshotWatch {
  constructor(private readonly kernel: Kernel) {}

  /** `thread` stores to a frame that `space` has at `address`; null where it stores for nobody. */
  stored(thread: KernelThread, frame: number, space: AddressSpace | null, address: number): void {
    const whose = this.whoSees(frame) ?? (space === null ? null : this.whoShares(frame, space, address));
    if (whose === null) return;
    const where = space === null ? '' : ` at ${hex(address)} of ${space.name}`;
    this.report(thread, `${thread.name} stores to frame ${frame}${where}, ${whose}`, frame, address);
  }

  /** `thread` lets the task of `space` store to a frame without being asked again. */
  exposed(thread: KernelThread, frame: number, space: AddressSpace, address: number): void {
    const whose = this.whoSees(frame) ?? this.whoShares(frame, space, address);
    if (whose === null) return;
    const text = `${thread.name} lets ${space.name} store to frame ${frame} at ${hex(address)}, ${whose}`;
    this.report(thread, text, frame, address);
  }

  /** Somebody has a copy of pages from now on. Translations that entries know of are taken care of; those made by hand are not. */
  copied(object: MemoryObject, first: number, end: number): void {
    const { byHand, caller, hardware, tasks } = this.kernel;
    if (!byHand.isUsed || caller === null) return;
    const { tables, pageSize } = hardware;
    object.forResident(first, end, (_index, frame) => {
      for (const { space } of tasks)
        for (const page of byHand.pagesOf(space.number)) {
          const entry = tables.entry(space.number, page);
          const known = space.lookup(page * pageSize)?.object === object;
          if (entry >>> pteFrameShift !== frame || (entry & pteWrite) === 0 || known) continue;
          const where = `at ${hex(page * pageSize)} by a translation made by hand`;
          const text = `${caller.name} copies frame ${frame}, but ${space.name} can go on storing to it ${where}`;
          this.report(caller, text, frame, page * pageSize);
        }
    });
  }

  private report(thread: KernelThread, text: string, frame: number, address: number): void {
    this.kernel.violation(thread, 'snapshot-broken', text, aboutFrame(frame), address);
  }

  /** Who must go on seeing a frame as it is, in words; null when nobody must. */
  private whoSees(frame: number): string | null {
    const place = this.placeOf(frame);
    if (place === null) return null;
    const { object, index } = place;
    if (object.copy !== null && !object.isPrivate(index)) return 'which a copy of that memory still shows';
    for (const upper of object.shadowedBy) {
      const above = index - upper.shadowIndex;
      if (upper !== object.copy && above >= 0 && above < upper.pageCount && !upper.has(above))
        return 'which is seen through from an object above it';
    }
    return null;
  }

  /** Whether the task's own entry wants a copy before the first store, and others have the page too. */
  private whoShares(frame: number, space: AddressSpace, address: number): string | null {
    const entry = space.lookup(address);
    if (entry === null || entry.object === null || !entry.needsCopy || entry.object.references < 2) return null;
    const found = entry.object.find(Math.floor((address - entry.start + entry.offset) / this.kernel.hardware.pageSize));
    return found?.object.pages.get(found.index) === frame ? 'which others have too: it was not copied first' : null;
  }

  private placeOf(frame: number): { object: MemoryObject; index: number } | null {
    for (const object of memoryObjects(this.kernel))
      for (const [index, resident] of object.pages) if (resident === frame && object.pageable) return { object, index };
    return null;
  }
}
