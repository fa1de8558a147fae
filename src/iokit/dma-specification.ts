/** What a DMA command is told about its device, checked and completed once (xnu-reference 2.9, 3.13). */
import {
  kIODMACommandOutputBig32,
  kIODMACommandOutputHost32,
  kIODMACommandOutputLittle32,
  kIODMACommandOutputLittle64,
} from './dma-options.ts';
import type { IOKit } from './iokit.ts';
import type { IOMapper } from './mapper.ts';

/** Types and flags of `mappingOptions`, which C++ has inside of IODMACommand. */
export const mapped = 0;
export const bypassed = 1;
export const nonCoherent = 2;
export const unmapped = 3;
export const mappingTypeMask = 0x0f;
export const noCacheStore = 0x10;
export const iterateOnly = 0x40;

/** The arguments: 0 stands for "no limit", or for the default. */
export interface SpecificationRequest {
  readonly segmentFunction: number;
  readonly numAddressBits: number;
  readonly maxSegmentSize: number;
  readonly maxTransferSize: number;
  readonly alignment: number;
  readonly alignmentLength: number;
  readonly alignmentInternalSegments: number;
  readonly mappingOptions: number;
}

export interface DMASpecification extends SpecificationRequest {
  /** Through which segments become device addresses; null when the device uses physical ones. */
  readonly mapper: IOMapper | null;
}

/** The specification in force, or null when it is rejected. `mapper` null stands for the system's. */
export function makeSpecification(
  iokit: IOKit,
  request: SpecificationRequest,
  mapper: IOMapper | null,
): DMASpecification | null {
  const { segmentFunction, mappingOptions } = request;
  if (segmentFunction < kIODMACommandOutputHost32 || segmentFunction > kIODMACommandOutputLittle64) return null;
  const numAddressBits = request.numAddressBits === 0 && isNarrow(segmentFunction) ? 32 : request.numAddressBits;
  if (isNarrow(segmentFunction) && numAddressBits > 32) return null;
  if (numAddressBits !== 0 && 2 ** numAddressBits < iokit.vm.pageSize) return null;
  const type = mappingOptions & mappingTypeMask;
  if (type > unmapped) return null;
  const used = mapper ?? (type === unmapped ? null : iokit.systemMapper);
  if (type === bypassed && used !== null) return null;
  const alignment = request.alignment || 1;
  return {
    segmentFunction,
    numAddressBits,
    maxSegmentSize: request.maxSegmentSize || Number.POSITIVE_INFINITY,
    maxTransferSize: request.maxTransferSize || Number.POSITIVE_INFINITY,
    alignment,
    alignmentLength: request.alignmentLength || 1,
    alignmentInternalSegments: request.alignmentInternalSegments || alignment,
    mappingOptions,
    mapper: used,
  };
}

/** The specification of a clone. The sources exchange two of the alignments on the way. */
export function cloneSpecification(iokit: IOKit, specification: DMASpecification): DMASpecification {
  if (iokit.semantics === 'documented') return specification;
  const { alignmentLength, alignmentInternalSegments } = specification;
  return {
    ...specification,
    alignmentLength: alignmentInternalSegments,
    alignmentInternalSegments: alignmentLength,
  };
}

/** First address that the device cannot express. */
export function addressLimitOf({ numAddressBits }: DMASpecification): number {
  return numAddressBits === 0 ? Number.POSITIVE_INFINITY : 2 ** numAddressBits;
}

/**
 * How far `value` is beyond a multiple of `alignment`. As in the sources the low bits are masked out, so that an alignment that
 * is no power of two does what it does there.
 */
export function misalignment(value: number, alignment: number): number {
  return ((value % 2 ** 32) & (alignment - 1)) >>> 0;
}

function isNarrow(segmentFunction: number): boolean {
  return (
    segmentFunction === kIODMACommandOutputHost32 ||
    segmentFunction === kIODMACommandOutputBig32 ||
    segmentFunction === kIODMACommandOutputLittle32
  );
}
