/**
 * Placing a new map: reserving addresses, guard pages beside them, and entering what the descriptor shows (xnu-reference
 * 3.4.6). Everything is checked before anything is entered; where the sources reserve first and lose the addresses when they
 * fail, 'xnu' does so too and says it.
 */
import { addressLimit } from '../hardware/page-table.ts';
import { type AddressSpace, nowhere } from '../vm/address-space.ts';
import { KERN_SUCCESS } from '../vm/kern-return.ts';
import { VM_PROT_NONE, VM_PROT_READ } from '../vm/map-entry.ts';
import type { Actor } from '../vm/steps.ts';
import { IOMemoryMap, type MapRange } from './io-memory-map.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor, MapRequest } from './memory-descriptor.ts';
import {
  kIOMapAnywhere,
  kIOMapCacheMask,
  kIOMapCacheShift,
  kIOMapGuardedLarge,
  kIOMapGuardedMask,
  kIOMapOverwrite,
  kIOMapPrefault,
  kIOMapReadOnly,
} from './options.ts';
import type { View } from './view.ts';

const largeGuard = 65536;

export function placeMapping(
  iokit: IOKit,
  descriptor: IOMemoryDescriptor,
  actor: Actor,
  request: MapRequest,
): IOMemoryMap | null {
  const { space, options, offset, length } = request;
  const guard = guardSize(options, iokit.vm.pageSize);
  const anywhere = (options & kIOMapAnywhere) !== 0;
  if (anywhere ? (options & kIOMapOverwrite) !== 0 : guard > 0) return null;
  const readOnly = (options & kIOMapReadOnly) !== 0;
  const cacheMode = (options & kIOMapCacheMask) >>> kIOMapCacheShift;
  const prefault = (options & kIOMapPrefault) !== 0;
  if (prefault && !descriptor.prefaultable) return refuse(iokit, descriptor, actor, request, 'is not prepared');
  const view = descriptor.view(actor, { offset, length, readOnly, cacheMode });
  if (view === null) {
    if (!descriptor.reservesFirst) return null;
    return refuse(iokit, descriptor, actor, request, 'has a part that cannot be mapped');
  }
  const range = reserve(iokit, actor, request, view.size, guard);
  if (range === null) return null;
  if (guard > 0) {
    space.enter(actor, range.start, guard, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
    space.enter(actor, range.to, guard, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
  }
  if (cacheMode !== 0) for (const { object } of view.pieces) object?.setCacheMode(actor, cacheMode);
  enterView(space, actor, range.from, view);
  if (prefault && !descriptor.deviceMemory) enterTranslations(iokit, actor, space, range);
  const address = range.from + view.pageOffset;
  const map = new IOMemoryMap(iokit, descriptor, space, address, length, offset, options >>> 0, null, range);
  space.mark(range.start, range.end, map);
  map.followRedirect();
  return map;
}

/** Enters a view at `start`; what is there goes. */
export function enterView(space: AddressSpace, actor: Actor, start: number, view: View): void {
  for (const { object, objectOffset, size, at, protection, needsCopy } of view.pieces)
    space.enter(actor, start + at, size, object, objectOffset, protection, protection, true, needsCopy);
}

function reserve(iokit: IOKit, actor: Actor, request: MapRequest, size: number, guard: number): MapRange | null {
  const { space, atAddress, options } = request;
  const { pageSize } = iokit.vm;
  const whole = size + 2 * guard;
  const start = (options & kIOMapAnywhere) !== 0 ? space.place(actor, whole) : iokit.vm.truncatePage(atAddress);
  if (start === nowhere || start < pageSize || start + whole > addressLimit) return null;
  if ((options & kIOMapOverwrite) === 0 && !space.isFree(start, start + whole)) return null;
  return { start, end: start + whole, from: start + guard, to: start + guard + size };
}

function enterTranslations(iokit: IOKit, actor: Actor, space: AddressSpace, { from, to }: MapRange): void {
  for (let page = from; page < to; page += iokit.vm.pageSize) {
    if (space.fault(actor, page, VM_PROT_READ) !== KERN_SUCCESS) break;
  }
}

/** No map. The sources find that out when they have reserved addresses, which nobody then gives back (hazards H15, H16). */
function refuse(iokit: IOKit, descriptor: IOMemoryDescriptor, actor: Actor, request: MapRequest, reason: string): null {
  if (iokit.semantics === 'documented' || (request.options & kIOMapAnywhere) === 0) return null;
  const range = reserve(iokit, actor, request, iokit.vm.roundPage(request.length), 0);
  if (range === null) return null;
  request.space.enter(actor, range.start, range.end - range.start, null, 0, VM_PROT_NONE, VM_PROT_NONE, false);
  iokit.violation(
    actor,
    'leak',
    `addresses of ${request.space.name} are reserved for ever, for a map of ${descriptor.name}, which ${reason}`,
  );
  return null;
}

function guardSize(options: number, pageSize: number): number {
  const guards = (options & kIOMapGuardedMask) >>> 0;
  if (guards === 0) return 0;
  return guards === kIOMapGuardedLarge ? largeGuard : pageSize;
}
