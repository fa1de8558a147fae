/**
 * Names for bytes of memory that say what is there, and not who made it come: which frame a page gets depends on whose access was the first.
 * So a page that has come since `setup` goes by its object and its place in that; other memory goes by its physical address.
 */
import type { Hardware } from '../hardware/hardware.ts';
import type { MemoryObject } from '../vm/memory-object.ts';

/** Names of pages begin where no memory is: frame numbers have 22 bits. They are below 2^38. */
const firstName = 2 ** 37;

export class PageNames {
  /** Frame → the number of its page, or 0. */
  private readonly numbers: Int32Array;
  /** Object → page of it → its number: the same in every execution. */
  private readonly known = new Map<number, Map<number, number>>();
  private count = 0;
  private readonly reciprocal: number;

  constructor(private readonly hardware: Hardware) {
    this.numbers = new Int32Array(hardware.frames.frames);
    this.reciprocal = 1 / hardware.pageSize;
  }

  /** From now on, until the execution is rolled back, `frame` holds page `index` of `object`. */
  name(frame: number, object: MemoryObject, index: number): void {
    const { ordinal } = object;
    let pages = this.known.get(ordinal);
    if (pages === undefined) this.known.set(ordinal, (pages = new Map()));
    let page = pages.get(index);
    if (page === undefined) {
      page = ++this.count;
      pages.set(index, page);
    }
    this.hardware.journal.word(this.numbers, frame, page);
  }

  /** The name of the byte at `physical`, which names of bytes of the same page follow. */
  of(physical: number): number {
    if (this.count === 0) return physical;
    const frame = Math.floor(physical * this.reciprocal);
    const page = this.numbers[frame] ?? 0;
    return page === 0 ? physical : firstName + physical + (page - frame) * this.hardware.pageSize;
  }
}
