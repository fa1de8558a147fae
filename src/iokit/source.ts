/** What a descriptor describes, settled when it is initialised: the checks of `initWithOptions` (xnu-reference 1.1, 3.7). */
import type { AddressSpace } from '../vm/address-space.ts';
import type { UniversalPageList } from '../vm/universal-page-list.ts';
import type { IOKit } from './iokit.ts';
import {
  kIOMemoryHostOnly,
  kIOMemoryMapperNone,
  kIOMemoryRemote,
  kIOMemoryTypeMask,
  kIOMemoryTypePhysical,
  kIOMemoryTypeVirtual,
} from './options.ts';
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
  /** Whose memory it is; null for physical memory, and for pages that a list holds. */
  readonly space: AddressSpace | null;
  /** Whose pages they are, when they were handed over as a list; the one range is then an offset into it. */
  readonly upl: UniversalPageList | null;
  readonly options: number;
}

/** The source that these arguments describe, or null when they are not acceptable. */
export function makeSource(
  iokit: IOKit,
  ranges: readonly AddressRange[],
  space: AddressSpace | null,
  asked: number,
): Source | null {
  const { pageSize, hardware } = iokit.vm;
  const options = impliedBy(asked);
  const length = totalLength(ranges);
  if (!Number.isSafeInteger(length)) return null;
  switch (options & kIOMemoryTypeMask) {
    case kIOMemoryTypeVirtual:
      if (space === null || !areVirtualRanges(ranges, pageSize, hardware.frames.frames)) return null;
      return { ranges, runs: mergeAdjacent(ranges), length, space, upl: null, options };
    case kIOMemoryTypePhysical:
      if (!arePhysicalRanges(ranges, pageSize, (options & kIOMemoryRemote) !== 0)) return null;
      return { ranges, runs: mergeAdjacent(ranges), length, space: null, upl: null, options };
    default:
      return null;
  }
}

/** `length` bytes from byte `offset` of a page list; null when they reach beyond it. */
export function makeListSource(
  iokit: IOKit,
  upl: UniversalPageList,
  offset: number,
  length: number,
  options: number,
): Source | null {
  if (offset + length > upl.frames.length * iokit.vm.pageSize) return null;
  const ranges = [{ address: offset, length }];
  return { ranges, runs: mergeAdjacent(ranges), length, space: null, upl, options: impliedBy(options) };
}

/** Memory that no device may see, or that is elsewhere, goes through no IOMMU. */
function impliedBy(options: number): number {
  return (options & (kIOMemoryHostOnly | kIOMemoryRemote)) === 0 ? options : (options | kIOMemoryMapperNone) >>> 0;
}
