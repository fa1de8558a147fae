/** What a descriptor describes, settled when it is initialised: the checks of `initWithOptions` (xnu-reference 1.1, 3.7). */
import type { AddressSpace } from '../vm/address-space.ts';
import type { IOKit } from './iokit.ts';
import { kIOMemoryTypeMask, kIOMemoryTypePhysical, kIOMemoryTypeVirtual } from './options.ts';
import {
  type AddressRange,
  arePhysicalRanges,
  areVirtualRanges,
  mergeAdjacent,
  type Run,
  totalLength,
} from './ranges.ts';

export interface Source {
  readonly ranges: readonly AddressRange[];
  /** The ranges without gaps between them, merged. */
  readonly runs: readonly Run[];
  readonly length: number;
  /** Whose memory it is; null for physical memory. */
  readonly space: AddressSpace | null;
  readonly options: number;
}

/** The source that these arguments describe, or null when they are not acceptable. */
export function makeSource(
  iokit: IOKit,
  ranges: readonly AddressRange[],
  space: AddressSpace | null,
  options: number,
): Source | null {
  const { pageSize, hardware } = iokit.vm;
  const length = totalLength(ranges);
  if (!Number.isSafeInteger(length)) return null;
  switch (options & kIOMemoryTypeMask) {
    case kIOMemoryTypeVirtual:
      if (space === null || !areVirtualRanges(ranges, pageSize, hardware.frames.frames)) return null;
      return { ranges, runs: mergeAdjacent(ranges), length, space, options };
    case kIOMemoryTypePhysical:
      if (!arePhysicalRanges(ranges, pageSize)) return null;
      return { ranges, runs: mergeAdjacent(ranges), length, space: null, options };
    default:
      return null;
  }
}
