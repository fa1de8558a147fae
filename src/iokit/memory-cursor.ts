/**
 * IOMemoryCursor: describes memory in segments for devices that need nothing but sizes kept small (xnu-reference 1.9, 3.12). It
 * has no state between calls.
 */
import { KernelObject } from '../vm/kernel-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import type { Segment } from './page-list.ts';

const most32 = 2 ** 32 - 1;

export interface CursorSegments {
  readonly segments: readonly Segment[];
  /** Bytes that the segments cover. */
  readonly transferSize: number;
}

export class IOMemoryCursor extends KernelObject {
  override readonly kind = 'IOMemoryCursor';

  private constructor(
    iokit: IOKit,
    /** How segments are written out; see dma-options.ts. */
    readonly segmentFunction: number,
    readonly maxSegmentSize: number,
    readonly maxTransferSize: number,
  ) {
    super(iokit.journal);
  }

  /** Null when the specification is no use. The sources take a `maxSegmentSize` of 0 and make segments of that size. */
  static withSpecification(
    iokit: IOKit,
    segmentFunction: number,
    maxSegmentSize: number,
    maxTransferSize: number,
  ): IOMemoryCursor | null {
    if (segmentFunction === 0 || maxTransferSize > most32) return null;
    if (maxSegmentSize === 0 && iokit.semantics === 'documented') return null;
    const transfer = maxTransferSize === 0 ? Number.POSITIVE_INFINITY : maxTransferSize;
    return new IOMemoryCursor(iokit, segmentFunction, Math.min(maxSegmentSize, most32), transfer);
  }

  /** @param maxTransferSize 0 for the cursor's own limit */
  genPhysicalSegments(
    actor: Actor,
    descriptor: IOMemoryDescriptor | null,
    fromPosition: number,
    maxSegments: number,
    maxTransferSize: number,
  ): CursorSegments {
    const segments: Segment[] = [];
    const limit = maxTransferSize === 0 ? this.maxTransferSize : maxTransferSize;
    let transferSize = 0;
    while (descriptor !== null && segments.length < maxSegments && transferSize < limit) {
      const stretch = stretchAt(actor, descriptor, fromPosition + transferSize);
      if (stretch.length === 0) break;
      const end = Math.min(stretch.length, limit - transferSize);
      for (let done = 0; done < end && segments.length < maxSegments; ) {
        const length = Math.min(this.maxSegmentSize, end - done);
        segments.push({ address: stretch.address + done, length });
        done += length;
        transferSize += length;
      }
    }
    return { segments, transferSize };
  }

  protected override dispose(): void {}
}

/** The memory at `offset`, adjacent segments joined; nothing at the end. */
function stretchAt(actor: Actor, descriptor: IOMemoryDescriptor, offset: number): Segment {
  let { address, length } = descriptor.segmentFor(actor, offset, 0);
  while (length > 0) {
    const next = descriptor.segmentFor(actor, offset + length, 0);
    if (next.length === 0 || next.address !== address + length) break;
    length += next.length;
  }
  return { address, length };
}
