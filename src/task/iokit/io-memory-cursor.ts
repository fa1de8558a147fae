/** Apple's IOMemoryCursor and its three kinds, as task code sees them: memory as a list of segments for simple devices. */
import {
  kIODMACommandOutputBig64,
  kIODMACommandOutputHost64,
  kIODMACommandOutputLittle64,
} from '../../iokit/dma-options.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, registerHandle } from '../handle.ts';
import { descriptorId, objectOrNull } from './arguments.ts';
import type { IOMemoryDescriptor, Size } from './io-memory-descriptor.ts';
import { writeSegments } from './segment-format.ts';

export interface CursorResult {
  /** How many segments there are. */
  readonly count: number;
  /** A record of 16 bytes each: address and length, 64 bits, in the cursor's order. */
  readonly segments: Uint8Array;
  /** Bytes of memory that they cover. */
  readonly transferSize: number;
}

export class IOMemoryCursor extends Handle {
  override readonly [handleBrand] = 'IOMemoryCursor';

  /**
   * @param outSegFunc `outputSegment` of one of the kinds below; 0 is none
   * @param maxSegmentSize bytes of a segment. The default of 0 is no use: the cursor is null, or (in the sources) makes empty segments
   * @param maxTransferSize bytes of all segments, below 2^32; 0 for no limit
   */
  static withSpecification(
    outSegFunc: number,
    maxSegmentSize: Size = 0,
    maxTransferSize: Size = 0,
    alignment = 1,
  ): IOMemoryCursor {
    checkAlignment(alignment);
    const made = currentTask().invoke(calls.cursorWithSpecification, outSegFunc, maxSegmentSize, maxTransferSize);
    return objectOrNull(made, IOMemoryCursor);
  }

  /**
   * At most `maxSegments` segments from `fromPosition` on, in device addresses where there is a mapper. The descriptor must be
   * prepared. No segments at its end.
   */
  genPhysicalSegments(
    descriptor: IOMemoryDescriptor | null,
    fromPosition: Size,
    maxSegments: number,
    maxTransferSize = 0,
  ): CursorResult {
    const { segmentFunction, transferSize, segments } = currentTask().invoke(
      calls.genPhysicalSegments,
      this.id,
      descriptor === null ? 0 : descriptorId(descriptor, 'descriptor'),
      fromPosition,
      maxSegments,
      maxTransferSize,
    );
    return { count: segments.length, segments: writeSegments(segmentFunction, segments), transferSize };
  }
}

abstract class OrderedCursor extends IOMemoryCursor {
  getPhysicalSegments(
    descriptor: IOMemoryDescriptor | null,
    fromPosition: Size,
    maxSegments: number,
    inMaxTransferSize = 0,
  ): CursorResult {
    return this.genPhysicalSegments(descriptor, fromPosition, maxSegments, inMaxTransferSize);
  }
}

/** Segments in the host's order. */
export class IONaturalMemoryCursor extends OrderedCursor {
  static readonly outputSegment = kIODMACommandOutputHost64;

  static override withSpecification(
    maxSegmentSize: Size,
    maxTransferSize: Size = 0,
    alignment = 1,
  ): IONaturalMemoryCursor {
    return ordered(
      IONaturalMemoryCursor,
      IONaturalMemoryCursor.outputSegment,
      maxSegmentSize,
      maxTransferSize,
      alignment,
    );
  }
}

/** Segments with the most significant byte first. */
export class IOBigMemoryCursor extends OrderedCursor {
  static readonly outputSegment = kIODMACommandOutputBig64;

  static override withSpecification(maxSegmentSize: Size, maxTransferSize: Size = 0, alignment = 1): IOBigMemoryCursor {
    return ordered(IOBigMemoryCursor, IOBigMemoryCursor.outputSegment, maxSegmentSize, maxTransferSize, alignment);
  }
}

/** Segments with the least significant byte first. */
export class IOLittleMemoryCursor extends OrderedCursor {
  static readonly outputSegment = kIODMACommandOutputLittle64;

  static override withSpecification(
    maxSegmentSize: Size,
    maxTransferSize: Size = 0,
    alignment = 1,
  ): IOLittleMemoryCursor {
    return ordered(
      IOLittleMemoryCursor,
      IOLittleMemoryCursor.outputSegment,
      maxSegmentSize,
      maxTransferSize,
      alignment,
    );
  }
}
registerHandle('IOMemoryCursor', IONaturalMemoryCursor);

function ordered<T>(
  kind: new (id: number) => T,
  segmentFunction: number,
  maxSegmentSize: Size,
  maxTransferSize: Size,
  alignment: number,
): T {
  checkAlignment(alignment);
  const made = currentTask().invoke(calls.cursorWithSpecification, segmentFunction, maxSegmentSize, maxTransferSize);
  return objectOrNull(made, kind);
}

/** The real class asserts it: alignment was never implemented. */
function checkAlignment(alignment: number): void {
  if (alignment !== 1) throw new RangeError(`alignment: expected 1, got ${String(alignment)}`);
}
