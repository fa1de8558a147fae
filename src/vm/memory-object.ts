/**
 * A memory object: what owns pages. Address spaces show windows of it, descriptors refer to it, and its pages live as long as
 * anybody does either. This one is anonymous: a page appears, filled with zero, when it is first touched.
 *
 * What a page is made from is decided in `supply` alone: copy-on-write (take it from the object that this one shadows) and
 * paging (read it back from swap) belong there.
 */

import type { AccessGate } from './access-gate.ts';
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
  /** Shut while its content is being exchanged, whoever maps it. */
  gate: AccessGate | null = null;

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
    this.adopt(index, supplied);
    return supplied;
  }

  /** Takes over a frame, with its one owner, as page `index`. */
  adopt(index: number, frame: number): void {
    this.pages.set(index, frame);
    this.journal.undo(() => this.pages.delete(index));
  }

  /** The gate before page `index`, or null. */
  gateAt(index: number): AccessGate | null {
    return this.gate !== null && index < this.gate.pages ? this.gate : null;
  }

  /** Whether `exchange` may be asked for: only where all that makes the content is its own pages. */
  get exchangeable(): boolean {
    return true;
  }

  /** Exchanges all content with an object of the same size. Nobody may have translations of either. */
  exchange(other: MemoryObject): void {
    const mine = [...this.pages];
    const theirs = [...other.pages];
    refill(this.pages, theirs);
    refill(other.pages, mine);
    this.journal.undo(() => {
      refill(this.pages, mine);
      refill(other.pages, theirs);
    });
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

function refill(pages: Map<number, number>, content: readonly (readonly [number, number])[]): void {
  pages.clear();
  for (const [index, frame] of content) pages.set(index, frame);
}
