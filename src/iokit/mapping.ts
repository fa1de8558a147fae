/**
 * Asking for a map of a descriptor: when an existing one is shared, when the memory is where it is asked for already, and when
 * a new one has to be placed (xnu-reference 3.4).
 */
import type { AddressSpace } from '../vm/address-space.ts';
import type { Actor } from '../vm/steps.ts';
import { orForget } from './fresh-references.ts';
import { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor, MapRequest } from './memory-descriptor.ts';
import {
  kIOMapAnywhere,
  kIOMapCacheMask,
  kIOMapDefaultCache,
  kIOMapGuardedMask,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapStatic,
  kIOMapUnique,
} from './options.ts';
import { placeMapping } from './placement.ts';
import type { Source } from './source.ts';

/** A map for `request` with a reference for the caller, shared or new; null when there can be none. */
export function createMapping(
  iokit: IOKit,
  descriptor: IOMemoryDescriptor,
  actor: Actor,
  request: MapRequest,
): IOMemoryMap | null {
  const { space, atAddress, options, offset, length } = request;
  if (!isWithin(descriptor, request)) return null;
  if ((options & kIOMapStatic) !== 0)
    return registerMapping(iokit, descriptor, space, atAddress, options, offset, length);
  if ((options & kIOMapUnique) === 0) {
    const shared = findShared(iokit, descriptor, actor, request);
    if (shared !== null) return shared;
  }
  if ((options & kIOMapReference) !== 0) return null;
  const identity = descriptor.identity(request);
  if (identity !== null) return registerMapping(iokit, descriptor, space, identity, options, offset, length);
  const place = () => placeMapping(iokit, descriptor, actor, request);
  // Where the kernel chooses, it finds room.
  return (options & kIOMapAnywhere) !== 0 ? place() : orForget(actor, descriptor, place);
}

/** Whether the request names bytes of the descriptor, and a task that lives. */
export function isWithin(descriptor: IOMemoryDescriptor, { space, offset, length }: MapRequest): boolean {
  return !space.terminated && offset < descriptor.getLength() && offset + length <= descriptor.getLength();
}

/** A map object for memory that is mapped already. It never unmaps it. */
export function registerMapping(
  iokit: IOKit,
  descriptor: IOMemoryDescriptor,
  space: AddressSpace,
  address: number,
  options: number,
  offset: number,
  length: number,
): IOMemoryMap {
  return new IOMemoryMap(iokit, descriptor, space, address, length, offset, (options | kIOMapStatic) >>> 0, null, null);
}

/** Where the task has the memory of a sole range of its own already, so that there is nothing to map (3.4.5); null otherwise. */
export function identityAddress(
  iokit: IOKit,
  { ranges, space: own }: Source,
  { space, options, offset, length }: MapRequest,
): number | null {
  const range = ranges[0];
  if ((options & kIOMapAnywhere) === 0 || (options & (kIOMapUnique | kIOMapGuardedMask)) !== 0) return null;
  if (own !== space || ranges.length !== 1 || range!.address === 0 || offset !== 0 || length > range!.length)
    return null;
  const plain = (options & (kIOMapReadOnly | kIOMapCacheMask)) === 0;
  return iokit.semantics === 'xnu' || plain ? range!.address : null;
}

/** The first map of the descriptor that will do, with one more reference, or a view of a part of it (3.4.3). */
function findShared(
  iokit: IOKit,
  descriptor: IOMemoryDescriptor,
  actor: Actor,
  request: MapRequest,
): IOMemoryMap | null {
  const { space, options, offset, length } = request;
  const map = descriptor.mappings.first(
    offset,
    offset + length,
    (candidate) => candidate.space === space && isCompatible(iokit, candidate, request),
  );
  if (map === null) return null;
  if (map.isLost)
    iokit.violation(actor, 'dangling-mapping', `${map.name} is shared, but its task has unmapped it`, map);
  if (offset === map.offset && length === map.length) return map.retain();
  const address = map.address + (offset - map.offset);
  return new IOMemoryMap(iokit, descriptor, space, address, length, offset, options >>> 0, map.retain(), null);
}

function isCompatible(iokit: IOKit, map: IOMemoryMap, { options, atAddress, offset }: MapRequest): boolean {
  const documented = iokit.semantics === 'documented';
  if (documented && ((map.options & kIOMapUnique) !== 0 || map.isLost)) return false;
  const differs = map.options ^ options;
  if ((differs & (kIOMapReadOnly | kIOMapGuardedMask)) !== 0) return false;
  if ((options & kIOMapCacheMask) !== kIOMapDefaultCache && (differs & kIOMapCacheMask) !== 0) return false;
  if ((options & kIOMapAnywhere) !== 0) return true;
  // The sources compare where the two maps begin; the page promises the address that was asked for.
  return atAddress === (documented ? map.address + (offset - map.offset) : map.address);
}
