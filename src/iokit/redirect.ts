/**
 * `IOMemoryMap::redirect`: showing other memory at the same addresses (xnu-reference 3.4.8). The two semantics share nothing
 * but the name.
 *
 * 'documented': the map alone shows other memory; everything is checked before anything changes. 'xnu': the backing objects
 * exchange their contents, so that whoever else maps either of them sees it; a failure costs the map a reference.
 */
import type { MemoryObject } from '../vm/memory-object.ts';
import { innerStep, type Steps, type Waiter } from '../vm/steps.ts';
import { orForget } from './fresh-references.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOMemoryMap } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIOMapReadOnly } from './options.ts';
import { enterView } from './placement.ts';
import { type IOReturn, kIOReturnError, kIOReturnSuccess } from './return-codes.ts';

/** `target` null: accesses wait. `offset` is that of the map's first byte in `target`. */
export function* redirectMap(
  iokit: IOKit,
  waiter: Waiter,
  map: IOMemoryMap,
  target: IOMemoryDescriptor | null,
  offset: number,
): Steps<IOReturn> {
  if (iokit.semantics === 'documented') return retarget(waiter, map, target, offset);
  return yield* exchange(iokit, waiter, map, target, offset);
}

function retarget(waiter: Waiter, map: IOMemoryMap, target: IOMemoryDescriptor | null, offset: number): IOReturn {
  const { space, range } = map;
  if (space === null) return kIOReturnSuccess;
  // What a static map, or a part of another map, shows is not its own to change.
  if (range === null) return kIOReturnError;
  if (target === null) {
    map.empty(waiter.name);
    return kIOReturnSuccess;
  }
  const { holder, offset: at } = target.mapHolder(offset);
  if (holder !== map.descriptor || at !== map.offset) {
    if (offset + map.length > target.getLength()) return kIOReturnError;
    const readOnly = (map.options & kIOMapReadOnly) !== 0;
    const view = orForget(waiter, target, () => {
      const found = target.view(waiter, { offset, length: map.length, readOnly, cacheMode: 0 });
      // Addresses stay, so where in a page the memory begins must be the same.
      const fits = found?.size === range.to - range.from && range.from + found.pageOffset === map.address;
      return fits ? found : null;
    });
    if (view === null) return kIOReturnError;
    if (map.gate !== null) map.openGate();
    enterView(space, waiter, range.from, view);
    space.mark(range.from, range.to, map);
    for (const part of map.descriptor.mappings) {
      if (isPartOf(part, map)) part.retarget(waiter, holder, at + (part.offset - map.offset));
    }
    map.retarget(waiter, holder, at);
  }
  map.empty(null);
  return kIOReturnSuccess;
}

/** Also a part of a part. */
function isPartOf(part: IOMemoryMap, whole: IOMemoryMap): boolean {
  for (let map = part.superMap; map !== null; map = map.superMap) if (map === whole) return true;
  return false;
}

function* exchange(
  iokit: IOKit,
  waiter: Waiter,
  map: IOMemoryMap,
  target: IOMemoryDescriptor | null,
  offset: number,
): Steps<IOReturn> {
  if (map.space === null) return kIOReturnSuccess;
  if (map.descriptor.deviceMemory) {
    const scattered = target?.deviceMemory === true && target.getPhysicalSegment(waiter, offset).length < map.length;
    return scattered ? loseReference(iokit, waiter, map) : retarget(waiter, map, target, offset);
  }
  const size = iokit.vm.roundPage(map.length);
  const own = soleObject(map.descriptor);
  if (own !== null && own.gate === null) map.hold(own, waiter.name);
  if (target === null) return kIOReturnSuccess;
  try {
    if (target === map.descriptor) return kIOReturnSuccess;
    const { holder, offset: at } = target.mapHolder(offset);
    const other = at + map.length <= holder.getLength() ? referencedObject(holder, waiter) : null;
    if (other === null) return loseReference(iokit, waiter, map);
    yield* swap(iokit, waiter, own, other, size);
    if (map.descriptor instanceof IOGeneralMemoryDescriptor && holder instanceof IOGeneralMemoryDescriptor)
      map.descriptor.backing.exchangeReferences(holder.backing);
    if (map.space !== null) map.retarget(waiter, holder, at);
    return kIOReturnSuccess;
  } finally {
    map.letGo();
  }
}

/** How a redirect fails in the sources: whoever holds the map does not know that it may be gone (hazard H1). */
function loseReference(iokit: IOKit, waiter: Waiter, map: IOMemoryMap): IOReturn {
  iokit.violation(waiter, 'dangling-mapping', `a redirect that failed took a reference of ${map.name} away`);
  map.release(waiter);
  return kIOReturnError;
}

/** The global lock is let go around the exchange; what does not fit is not exchanged, and nobody is told (hazards H2, H4). */
function* swap(iokit: IOKit, waiter: Waiter, own: MemoryObject | null, other: MemoryObject, size: number): Steps<void> {
  yield innerStep;
  if (own !== null && own !== other && own.exchangeable && other.exchangeable) {
    if (own.size === size && other.size === size) {
      iokit.vm.disconnectAll(own);
      iokit.vm.disconnectAll(other);
      own.exchange(other);
    }
  }
  yield innerStep;
  yield* iokit.globalLock.free(waiter);
}

/** The one object behind a descriptor that has been mapped, if it is one. */
function soleObject(descriptor: IOMemoryDescriptor): MemoryObject | null {
  if (!(descriptor instanceof IOGeneralMemoryDescriptor)) return null;
  const entries = descriptor.backing.reference?.entries ?? [];
  return entries.length === 1 ? entries[0]!.object : null;
}

function referencedObject(descriptor: IOMemoryDescriptor, waiter: Waiter): MemoryObject | null {
  if (!(descriptor instanceof IOGeneralMemoryDescriptor)) return null;
  return descriptor.backing.takeReference(waiter, false) === null ? null : soleObject(descriptor);
}
