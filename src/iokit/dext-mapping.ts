/** Mapping as DriverKit does it: with options of its own, which are checked, and guards unless a dext does without (xnu-reference 1.12). */
import type { AddressSpace } from '../vm/address-space.ts';
import type { Actor } from '../vm/steps.ts';
import {
  kIOMemoryMapCacheModeCopyback,
  kIOMemoryMapCacheModeDefault,
  kIOMemoryMapCacheModeInhibit,
  kIOMemoryMapCacheModeRealTime,
  kIOMemoryMapCacheModeWriteThrough,
  kIOMemoryMapFixedAddress,
  kIOMemoryMapGuardedLarge,
  kIOMemoryMapGuardedMask,
  kIOMemoryMapGuardedNone,
  kIOMemoryMapReadOnly,
} from './dext-options.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOMemoryDescriptor, MapRequest } from './memory-descriptor.ts';
import {
  kIODirectionOut,
  kIODirectionOutIn,
  kIOMapAnywhere,
  kIOMapCopybackCache,
  kIOMapDefaultCache,
  kIOMapGuardedLarge,
  kIOMapGuardedSmall,
  kIOMapInhibitCache,
  kIOMapReadOnly,
  kIOMapRealTimeCache,
  kIOMapWriteThruCache,
} from './options.ts';
import { type IOReturn, kIOReturnBadArgument, kIOReturnError, kIOReturnSuccess } from './return-codes.ts';

export interface DextMapping {
  readonly result: IOReturn;
  /** With a reference for the caller; null unless it succeeded. */
  readonly map: IOMemoryMap | null;
}

const cacheMask = 0xff00;

/** A map of `memory` in a dext's own task; `options` of the request are DriverKit's. */
export function createDextMapping(memory: IOMemoryDescriptor, actor: Actor, request: MapRequest): DextMapping {
  const { options, space } = request;
  const cache = cacheMode(options & cacheMask);
  if (cache === null) return { result: kIOReturnBadArgument, map: null };
  const fixed = (options & kIOMemoryMapFixedAddress) !== 0;
  const place = fixed ? 0 : kIOMapAnywhere | guards(options & kIOMemoryMapGuardedMask);
  const rights = isReadOnly(memory, space, options) ? kIOMapReadOnly : 0;
  const map = memory.createMapping(actor, {
    ...request,
    atAddress: fixed ? request.atAddress : 0,
    options: (cache | place | rights) >>> 0,
  });
  return { result: map === null ? kIOReturnError : kIOReturnSuccess, map };
}

/** Who created the memory may write to it, whatever was asked for, and whatever devices do with it. */
function isReadOnly(memory: IOMemoryDescriptor, { number }: AddressSpace, options: number): boolean {
  const direction = memory.getDirection() & kIODirectionOutIn;
  return ((options & kIOMemoryMapReadOnly) !== 0 || direction === kIODirectionOut) && memory.creator !== number;
}

function cacheMode(field: number): number | null {
  switch (field) {
    case kIOMemoryMapCacheModeDefault:
      return kIOMapDefaultCache;
    case kIOMemoryMapCacheModeInhibit:
      return kIOMapInhibitCache;
    case kIOMemoryMapCacheModeCopyback:
      return kIOMapCopybackCache;
    case kIOMemoryMapCacheModeWriteThrough:
      return kIOMapWriteThruCache;
    case kIOMemoryMapCacheModeRealTime:
      return kIOMapRealTimeCache;
    default:
      return null;
  }
}

function guards(field: number): number {
  if (field === kIOMemoryMapGuardedNone) return 0;
  return field === kIOMemoryMapGuardedLarge ? kIOMapGuardedLarge : kIOMapGuardedSmall;
}
