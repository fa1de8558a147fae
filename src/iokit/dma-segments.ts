/** Cutting a transfer into segments that a device can take (xnu-reference 3.13, `genIOVMSegments`). */
import type { Actor } from '../vm/steps.ts';
import { addressLimitOf, type DMASpecification, misalignment } from './dma-specification.ts';
import type { DMATransfer } from './dma-transfer.ts';
import type { Segment } from './page-list.ts';
import { type IOReturn, kIOReturnMessageTooLarge, kIOReturnNotAligned, kIOReturnSuccess } from './return-codes.ts';

export interface GeneratedSegments {
  readonly result: IOReturn;
  /** Where the next segment begins. Meaningless unless `result` is success. */
  readonly offset: number;
  readonly segments: readonly Segment[];
  /** The memory ended before the window did: the sources then look for more of it for ever. */
  readonly endless: boolean;
}

const failed = (result: IOReturn): GeneratedSegments => ({ result, offset: 0, segments: [], endless: false });

/** At most `most` segments from byte `from` of the window on. */
export function segmentsOf(
  transfer: DMATransfer,
  specification: DMASpecification,
  actor: Actor,
  from: number,
  most: number,
): GeneratedSegments {
  const { alignment, alignmentLength, alignmentInternalSegments } = specification;
  const segments: Segment[] = [];
  let at = from;
  let rest: Segment = { address: 0, length: 0 };
  while (segments.length < most && at < transfer.length) {
    if (rest.length === 0) rest = transfer.stretch(actor, at);
    if (rest.length === 0) return { result: kIOReturnSuccess, offset: at, segments, endless: true };
    const { address } = rest;
    const length = lengthOf(transfer, specification, rest);
    if (length === 0) return failed(kIOReturnMessageTooLarge);
    if (transfer.cursor) {
      const needed = segments.length === 0 ? alignment : alignmentInternalSegments;
      if (misalignment(address, needed) !== 0 || misalignment(length, alignmentLength) !== 0) {
        return failed(kIOReturnNotAligned);
      }
    }
    segments.push({ address, length });
    at += length;
    rest = { address: address + length, length: rest.length - length };
  }
  return { result: kIOReturnSuccess, offset: at, segments, endless: false };
}

/** Whether the device could not take the window as it is, but for addresses that it cannot express. */
export function isMisaligned(transfer: DMATransfer, specification: DMASpecification, actor: Actor): boolean {
  const { alignment, alignmentLength, alignmentInternalSegments } = specification;
  const { segments } = segmentsOf(
    transfer,
    { ...specification, numAddressBits: 0 },
    actor,
    0,
    Number.POSITIVE_INFINITY,
  );
  return segments.some(({ address, length }, i) => {
    const needed = i === 0 ? alignment : alignmentInternalSegments;
    return misalignment(address, needed) !== 0 || misalignment(length, alignmentLength) !== 0;
  });
}

/** How much of a stretch becomes the next segment; nothing when the device cannot express it. */
function lengthOf(transfer: DMATransfer, specification: DMASpecification, { address, length }: Segment): number {
  const limit = addressLimitOf(specification);
  let part = length;
  if (address + length > limit) {
    if (transfer.cursor || address >= limit) return 0;
    part = limit - address;
  }
  part = Math.min(part, specification.maxSegmentSize);
  const odd = misalignment(part, specification.alignmentLength);
  if (part > odd) part -= odd;
  if (part === length) return part;
  // The next segment goes on where this one ends, so it is this one that decides how the next is aligned.
  const beyond = misalignment(address + part, specification.alignmentInternalSegments);
  return part > beyond ? part - beyond : part;
}
