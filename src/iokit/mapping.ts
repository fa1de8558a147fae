/**
 * Mapping a descriptor into a task: when an existing map is shared, when the memory is where it is asked for already, and
 * how a new one is made (xnu-reference 3.4).
 */
import { addressLimit } from '../hardware/page-table.ts';
import { type AddressSpace, nowhere } from '../vm/address-space.ts';
import { KERN_SUCCESS } from '../vm/kern-return.ts';
import { VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import type { MapRequest } from './memory-descriptor.ts';
import type { MemoryReference } from './memory-reference.ts';
import {
  kIOMapAnywhere,
  kIOMapCacheMask,
  kIOMapCacheShift,
  kIOMapDefaultCache,
  kIOMapGuardedLarge,
  kIOMapGuardedMask,
  kIOMapOverwrite,
  kIOMapPrefault,
  kIOMapReadOnly,
  kIOMapReference,
  kIOMapStatic,
  kIOMapUnique,
  kIOMemoryTypePhysical,
} from './options.ts';
import { makeSource } from './source.ts';

const largeGuard = 65536;

/** A map for `request` with a reference for the caller, shared or new; null when there can be none. */
export function createMapping(
  iokit: IOKit,
  descriptor: IOGeneralMemoryDescriptor,
  actor: Actor,
  request: MapRequest,
): IOMemoryMap | null {
  const { space, atAddress, options, offset, length } = request;
  if (space.terminated || offset >= descriptor.getLength() || offset + length > descriptor.getLength()) return null;
  const needsNoWrite = (options & kIOMapReadOnly) !== 0 && (options & kIOMapCacheMask) === kIOMapDefaultCache;
  // A snapshot is taken by the first request of any kind (3.3.1).
  if (!descriptor.takeSnapshot(actor, needsNoWrite)) return null;
  if ((options & kIOMapStatic) !== 0)
    return registerMapping(iokit, descriptor, space, atAddress, options, offset, length);
  if ((options & kIOMapUnique) === 0) {
    const shared = findShared(iokit, descriptor, request);
    if (shared !== null) return shared;
  } else if (descriptor.source.space === null) {
    return mapUniquely(iokit, descriptor, actor, request);
  }
  if ((options & kIOMapReference) !== 0) return null;
  if (isIdentity(iokit, descriptor, request)) {
    return registerMapping(iokit, descriptor, space, descriptor.source.ranges[0]!.address, options, offset, length);
  }
  return enterMapping(iokit, descriptor, actor, request);
}

/** A map object for memory that is mapped already. It never unmaps it. */
export function registerMapping(
  iokit: IOKit,
  descriptor: IOGeneralMemoryDescriptor,
  space: AddressSpace,
  address: number,
  options: number,
  offset: number,
  length: number,
): IOMemoryMap {
  return new IOMemoryMap(iokit, descriptor, space, address, length, offset, (options | kIOMapStatic) >>> 0, null, null);
}

/** The first map of the descriptor that will do, with one more reference, or a view of a part of it (3.4.3). */
function findShared(iokit: IOKit, descriptor: IOGeneralMemoryDescriptor, request: MapRequest): IOMemoryMap | null {
  const { space, options, offset, length } = request;
  for (const map of descriptor.mappings) {
    if (map.space !== space || !isCompatible(iokit, map, request)) continue;
    if (offset < map.offset || offset + length > map.offset + map.length) continue;
    if (offset === map.offset && length === map.length) return map.retain();
    const address = map.address + (offset - map.offset);
    return new IOMemoryMap(iokit, descriptor, space, address, length, offset, options >>> 0, map.retain(), null);
  }
  return null;
}

function isCompatible(iokit: IOKit, map: IOMemoryMap, { options, atAddress, offset }: MapRequest): boolean {
  const documented = iokit.semantics === 'documented';
  if (documented && (map.options & kIOMapUnique) !== 0) return false;
  const differs = map.options ^ options;
  if ((differs & (kIOMapReadOnly | kIOMapGuardedMask)) !== 0) return false;
  if ((options & kIOMapCacheMask) !== kIOMapDefaultCache && (differs & kIOMapCacheMask) !== 0) return false;
  if ((options & kIOMapAnywhere) !== 0) return true;
  // The sources compare where the two maps begin; the page promises the address that was asked for.
  return atAddress === (documented ? map.address + (offset - map.offset) : map.address);
}

/** Whether the task has the memory at its own address already, so that there is nothing to map (3.4.5). */
function isIdentity(
  iokit: IOKit,
  descriptor: IOGeneralMemoryDescriptor,
  { space, options, offset, length }: MapRequest,
): boolean {
  const { ranges, space: own } = descriptor.source;
  const range = ranges[0];
  if ((options & kIOMapAnywhere) === 0 || (options & (kIOMapUnique | kIOMapGuardedMask)) !== 0) return false;
  if (own !== space || ranges.length !== 1 || range!.address === 0 || offset !== 0 || length > range!.length)
    return false;
  return iokit.semantics === 'xnu' || (options & (kIOMapReadOnly | kIOMapCacheMask)) === 0;
}

/** A unique map of physical memory belongs to a descriptor of its own, so that it can be redirected alone (3.4.4). */
function mapUniquely(
  iokit: IOKit,
  descriptor: IOGeneralMemoryDescriptor,
  actor: Actor,
  request: MapRequest,
): IOMemoryMap | null {
  const segment = descriptor.getPhysicalSegment(actor, request.offset);
  if (segment.length < request.length || (request.options & kIOMapReference) !== 0) return null;
  const ranges = [{ address: segment.address, length: request.length }];
  const options = descriptor.getDirection() | kIOMemoryTypePhysical;
  const hidden = new IOGeneralMemoryDescriptor(iokit, makeSource(iokit, ranges, null, options)!);
  const map = enterMapping(iokit, hidden, actor, { ...request, offset: 0 });
  hidden.release(actor);
  return map;
}

/** What one entry of the memory reference contributes: a window of its object, in whole pages. */
interface Piece {
  readonly object: MemoryObject;
  readonly objectOffset: number;
  readonly size: number;
}

/** Makes a new mapping (3.4.6). Each piece of the memory reference goes to the page after the one before it. */
function enterMapping(
  iokit: IOKit,
  descriptor: IOGeneralMemoryDescriptor,
  actor: Actor,
  request: MapRequest,
): IOMemoryMap | null {
  const { space, options, offset, length } = request;
  const { vm } = iokit;
  const anywhere = (options & kIOMapAnywhere) !== 0;
  const guard = guardSize(options, vm.pageSize);
  if (anywhere ? (options & kIOMapOverwrite) !== 0 : guard > 0) return null;
  if ((options & kIOMapPrefault) !== 0 && descriptor.wireCount === 0) return null;
  const readOnly = (options & kIOMapReadOnly) !== 0;
  const cacheMode = (options & kIOMapCacheMask) >>> kIOMapCacheShift;
  const shared = descriptor.takeReference(actor, readOnly && cacheMode === 0);
  const reference = descriptor.snapshot ?? shared;
  if (shared === null || reference === null) return null;
  const needsCopy = descriptor.snapshot !== null;
  const protection = protectionFor(iokit, reference, readOnly);
  if (protection === VM_PROT_NONE) return null;

  const { pieces, pageOffset, size } = piecesOf(reference, offset, length, vm.pageSize);
  const start = anywhere ? space.place(actor, size + 2 * guard) : vm.truncatePage(request.atAddress);
  if (start === nowhere || !isPlaceable(space, vm.pageSize, start, size + 2 * guard, (options & kIOMapOverwrite) !== 0))
    return null;
  if (guard > 0) {
    space.enter(actor, start, guard, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
    space.enter(actor, start + guard + size, guard, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
  }
  let at = start + guard;
  for (const { object, objectOffset, size: bytes } of pieces) {
    if (cacheMode !== 0) iokit.journal.set(object, 'cacheMode', cacheMode);
    space.enter(
      actor,
      at,
      bytes,
      object,
      objectOffset,
      protection,
      protection,
      (options & kIOMapOverwrite) !== 0,
      needsCopy,
    );
    at += bytes;
  }
  if ((options & kIOMapPrefault) !== 0) {
    for (let page = start + guard; page < at; page += vm.pageSize) {
      if (space.fault(actor, page, VM_PROT_READ) !== KERN_SUCCESS) break;
    }
  }
  const range = { start, end: start + size + 2 * guard };
  return new IOMemoryMap(
    iokit,
    descriptor,
    space,
    start + guard + pageOffset,
    length,
    offset,
    options >>> 0,
    null,
    range,
  );
}

/** What the map may do, or nothing when it may not be made. The sources reduce a map to what the reference allows, silently. */
function protectionFor(iokit: IOKit, reference: MemoryReference, readOnly: boolean): number {
  const wanted = readOnly ? VM_PROT_READ : VM_PROT_READ | VM_PROT_WRITE;
  if (iokit.semantics === 'xnu') return wanted & reference.access;
  return reference.widen(wanted) ? wanted : VM_PROT_NONE;
}

function piecesOf(
  reference: MemoryReference,
  offset: number,
  length: number,
  pageSize: number,
): { pieces: Piece[]; pageOffset: number; size: number } {
  const pieces: Piece[] = [];
  let pageOffset = 0;
  let size = 0;
  for (const entry of reference.entries) {
    const from = Math.max(offset, entry.offset) - entry.offset;
    const to = Math.min(offset + length, entry.offset + entry.length) - entry.offset;
    if (from >= to) continue;
    const first = Math.floor((entry.pageOffset + from) / pageSize);
    const end = Math.ceil((entry.pageOffset + to) / pageSize);
    if (pieces.length === 0) pageOffset = (entry.pageOffset + from) % pageSize;
    pieces.push({
      object: entry.object,
      objectOffset: entry.objectOffset + first * pageSize,
      size: (end - first) * pageSize,
    });
    size += (end - first) * pageSize;
  }
  return { pieces, pageOffset, size };
}

function isPlaceable(space: AddressSpace, pageSize: number, start: number, size: number, overwrite: boolean): boolean {
  return start >= pageSize && start + size <= addressLimit && (overwrite || space.isFree(start, start + size));
}

function guardSize(options: number, pageSize: number): number {
  const guards = (options & kIOMapGuardedMask) >>> 0;
  if (guards === 0) return 0;
  return guards === kIOMapGuardedLarge ? largeGuard : pageSize;
}
