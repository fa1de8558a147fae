/**
 * A memory object: what owns pages. Address spaces show windows of it, descriptors refer to it, and its pages live as long as
 * anybody does either. This one is anonymous: a page appears, filled with zero, when it is first touched.
 *
 * What a page is made from is decided in `supply` alone: copy-on-write (take it from the object that this one shadows) and
 * paging (read it back from swap) belong there.
 */

import { KERN_RESOURCE_SHORTAGE, type KernReturn } from './kern-return.ts';
import { KernelObject } from './kernel-object.ts';
import type { Actor } from './steps.ts';
import type { VirtualMemory } from './virtual-memory.ts';

export const noFrame = -1;

export class MemoryObject extends KernelObject {
  override readonly kind: string = 'MemoryObject';
  /** Page index → frame, for the pages that are resident. */
  readonly pages = new Map<number, number>();
  /** Cache mode of every mapping of it, as `kIOMapCacheMask` numbers them; 0 is the default. */
  cacheMode = 0;

  /** @param size bytes, a multiple of the page size */
  constructor(
    protected readonly vm: VirtualMemory,
    readonly size: number,
  ) {
    super(vm.journal);
  }

  /** The frame of page `index`, making the page resident; `noFrame` when that cannot be done, for the reason `shortage`. */
  page(actor: Actor, index: number): number {
    const frame = this.pages.get(index);
    if (frame !== undefined) return frame;
    const supplied = this.supply(actor, index);
    if (supplied === noFrame) return noFrame;
    this.pages.set(index, supplied);
    this.journal.undo(() => this.pages.delete(index));
    return supplied;
  }

  get shortage(): KernReturn {
    return KERN_RESOURCE_SHORTAGE;
  }

  /** Keeps the frame of a page where it is until `unwire`, whatever becomes of the object. */
  wire(frame: number): void {
    this.vm.hardware.frames.wire(frame, 1);
  }

  unwire(actor: Actor, frame: number): void {
    this.vm.unwire(actor, frame);
  }

  /**
   * Calls `visit` for each resident page from `first` to before `end`. Costs the smaller of what is asked for and what is
   * resident, so that a huge empty window is cheap, and so is one page of a huge full object.
   */
  forResident(first: number, end: number, visit: (index: number, frame: number) => void): void {
    if (end - first <= this.pages.size) {
      for (let index = first; index < end; index++) {
        const frame = this.pages.get(index);
        if (frame !== undefined) visit(index, frame);
      }
      return;
    }
    for (const [index, frame] of this.pages) if (index >= first && index < end) visit(index, frame);
  }

  protected supply(actor: Actor, _index: number): number {
    return this.vm.zeroFrame(actor);
  }

  protected dispose(actor: Actor): void {
    for (const frame of this.pages.values()) this.vm.disown(actor, frame);
  }
}
