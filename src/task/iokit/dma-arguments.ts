/** The two ways to say what a device can take: a row of numbers, or SegmentOptions. */
import { handleId } from '../handle.ts';
import { bits } from './arguments.ts';
import type { IOMapper } from './io-mapper.ts';
import type { Size } from './io-memory-descriptor.ts';

/** What a device can take. What is left out, or 0, is no limit; an alignment of 0 is 1. */
export interface SegmentOptions {
  readonly fStructSize?: number;
  readonly fNumAddressBits: number;
  readonly fMaxSegmentSize: Size;
  readonly fMaxTransferSize?: Size;
  readonly fAlignment?: number;
  readonly fAlignmentLength?: number;
  /** Of all segments but the first; the same as `fAlignment` unless given. */
  readonly fAlignmentInternalSegments?: number;
}

/** Numbers in the order of the long form, or SegmentOptions and what the short form has after them. */
export type Specification =
  | [
      numAddressBits: number,
      maxSegmentSize: Size,
      mappingOptions?: number,
      maxTransferSize?: Size,
      alignment?: number,
      mapper?: IOMapper | null,
      refCon?: unknown,
    ]
  | [segmentOptions: SegmentOptions, mappingOptions?: number, mapper?: IOMapper | null, refCon?: unknown];

export type Window = [offset?: Size, length?: Size, flushCache?: boolean, synchronize?: boolean];

export type PrepareSpecification =
  | [
      numAddressBits: number,
      maxSegmentSize: Size,
      mappingOptions?: number,
      maxTransferSize?: Size,
      alignment?: number,
      mapper?: IOMapper | null,
      ...window: Window,
    ]
  | [segmentOptions: SegmentOptions, mappingOptions?: number, mapper?: IOMapper | null, ...window: Window];

/** The arguments of the kernel's calls. */
export function readSpecification(outSegFunc: number | null, specification: Specification) {
  const [first] = specification;
  if (typeof first === 'number') {
    const [, maxSegmentSize, mappingOptions = 0, maxTransferSize = 0, alignment = 1, mapper = null] =
      specification as Extract<Specification, [number, ...unknown[]]>;
    const options = {
      fNumAddressBits: first,
      fMaxSegmentSize: maxSegmentSize,
      fMaxTransferSize: maxTransferSize,
      fAlignment: alignment,
    };
    return requestOf(outSegFunc, options, mappingOptions, mapper);
  }
  const [options, mappingOptions = 0, mapper = null] = specification as Extract<
    Specification,
    [SegmentOptions, ...unknown[]]
  >;
  return requestOf(outSegFunc, options, mappingOptions, mapper);
}

function requestOf(
  outSegFunc: number | null,
  options: SegmentOptions,
  mappingOptions: number,
  mapper: IOMapper | null,
) {
  const { fNumAddressBits, fMaxSegmentSize, fMaxTransferSize = 0, fAlignment = 1 } = options;
  const { fAlignmentLength = 0, fAlignmentInternalSegments = 0 } = options;
  const request = {
    segmentFunction: outSegFunc ?? 0,
    numAddressBits: fNumAddressBits,
    maxSegmentSize: fMaxSegmentSize,
    maxTransferSize: fMaxTransferSize,
    alignment: fAlignment,
    alignmentLength: fAlignmentLength,
    alignmentInternalSegments: fAlignmentInternalSegments,
    mappingOptions: bits(mappingOptions),
  };
  return { request, mapper: handleId(mapper, 'IOMapper', 'mapper') };
}
