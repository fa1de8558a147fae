/**
 * How a command prepares a window for its device (xnu-reference 3.13): as it is, if the device can take it; otherwise with a
 * bounce buffer for all of it, or with low pages for those that lie too high.
 */
import { noFrame } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import { CopyBuffer } from './copy-buffer.ts';
import { type CommandMap, mapForCommand } from './dma-mapping.ts';
import { pageOffsetOf } from './dma-memory.ts';
import { isMisaligned } from './dma-segments.ts';
import { addressLimitOf, type DMASpecification, iterateOnly } from './dma-specification.ts';
import { DMATransfer, giveBack } from './dma-transfer.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { type IOReturn, kIOReturnNoResources } from './return-codes.ts';

/** Bounce buffers lie below 4 GiB, even where the device could express more. */
const bounceBits = 32;

/** A window of memory that is to be transferred. */
export interface DMAWindow {
  readonly memory: IOMemoryDescriptor;
  readonly offset: number;
  readonly length: number;
}

/**
 * @param checkAddresses some of the memory may lie too high for the device
 * @param forceBounce use a bounce buffer whatever the memory is like
 */
export function setUpTransfer(
  iokit: IOKit,
  actor: Actor,
  specification: DMASpecification,
  window: DMAWindow,
  checkAddresses: boolean,
  forceBounce: boolean,
): DMATransfer | IOReturn {
  const { mapper } = specification;
  const make = (cursor: boolean, mapping: CommandMap | null, substitutes = none, bounce: CopyBuffer | null = null) => {
    const { memory, offset, length } = window;
    return new DMATransfer(iokit, memory, specification, offset, length, cursor, bounce, substitutes, mapping);
  };
  if (!forceBounce) {
    const { memory, offset, length } = window;
    const mapping = mapper === null ? null : mapForCommand(actor, memory, mapper, specification, offset, length);
    if (typeof mapping === 'number') return mapping;
    if (usesCursor(iokit, specification, window, checkAddresses)) return make(true, mapping);
    const plain = make(false, mapping);
    if (!isMisaligned(plain, specification, actor)) {
      if (mapper !== null || !checkAddresses) return plain;
      const substitutes = substitutesFor(iokit, actor, plain, addressLimitOf(specification));
      return substitutes === null ? kIOReturnNoResources : make(false, mapping, substitutes);
    }
    plain.release(actor);
  }
  const bounce = makeBounce(iokit, actor, specification, window);
  if (bounce === null) return kIOReturnNoResources;
  const mapping = mapper === null ? null : mapForCommand(actor, bounce, mapper, specification, 0, window.length);
  if (typeof mapping !== 'number') return make(false, mapping, none, bounce);
  bounce.release(actor);
  return mapping;
}

const none: ReadonlyMap<number, number> = new Map();

/** Whether the memory is taken as it is, without looking at it before segments are asked for. */
export function usesCursor(
  iokit: IOKit,
  { mappingOptions, alignment }: DMASpecification,
  { memory }: DMAWindow,
  checkAddresses: boolean,
): boolean {
  if ((mappingOptions & iterateOnly) !== 0) return true;
  if (checkAddresses) return false;
  if (alignment === 1) return true;
  const { pageSize } = iokit.vm;
  const pageOffset = pageOffsetOf(memory);
  // Where the memory is one page list, its alignment is that of its first byte, up to that of a page.
  return pageOffset !== null && alignment <= pageSize && pageOffset % alignment === 0;
}

/** A page number → the frame that stands for it, for every page of the window that reaches beyond `limit`; null for want of frames. */
function substitutesFor(
  iokit: IOKit,
  actor: Actor,
  transfer: DMATransfer,
  limit: number,
): ReadonlyMap<number, number> | null {
  const { vm } = iokit;
  const substitutes = new Map<number, number>();
  for (let at = 0; at < transfer.length; ) {
    const { address, length } = transfer.source(actor, at);
    if (length === 0) break;
    const page = Math.floor(address / vm.pageSize);
    if (address + length > limit && !substitutes.has(page)) {
      const frame = vm.zeroRun(actor, 1, 1, limit / vm.pageSize);
      if (frame === noFrame) {
        giveBack(iokit, actor, substitutes);
        return null;
      }
      iokit.substitutes.add(frame);
      substitutes.set(page, frame);
    }
    at += length;
  }
  return substitutes;
}

function makeBounce(iokit: IOKit, actor: Actor, specification: DMASpecification, window: DMAWindow): CopyBuffer | null {
  const { numAddressBits, alignment } = specification;
  const highest = 2 ** Math.min(bounceBits, numAddressBits || bounceBits);
  const mask = highest - Math.max(iokit.vm.pageSize, alignment);
  if (mask <= 0) return null;
  return CopyBuffer.make(iokit, actor, window.memory.getDirection(), window.length, mask);
}
