/**
 * Plain faults: those of which is known beforehand that they make one page of zeroes come, or only enter a translation to one that is there, or
 * are refused. Nothing else changes that anybody could notice, and what they depend on is changed by nothing of the kind.
 *
 * All others are taken to change everything: with swap or under pressure pages go when others come; in a copy, or before it, a page is handed
 * over with its contents; a fault has an absent page waited for, or fills a cache that keeps what it has. (That it empties the thread's store
 * buffer first is told by the stores that reach memory then.)
 */
import type { AddressSpace } from './address-space.ts';
import { VM_PROT_WRITE } from './map-entry.ts';
import type { Waiter } from './steps.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Whether an access of `actor` to `address` that faults does so plainly, by VM_PROT bits of `access`. */
export function isPlainFault(
  vm: VirtualMemory,
  space: AddressSpace,
  actor: Waiter,
  address: number,
  access: number,
): boolean {
  const { hardware } = vm;
  const { caches, late, configuration, frames, tables } = hardware;
  if (caches !== null || late !== null || vm.pager !== null || configuration.memoryPressure) return false;
  if (vm.shutGates > 0 || space.lock.isHeldAgainst(actor) || !tables.hasPlenty) return false;
  const entry = space.lookup(address);
  if (entry === null || entry.object === null || (access & ~entry.protection) !== 0) return true;
  const { object } = entry;
  if (!object.pageable || object.absent.size > 0 || object.lost.size > 0) return false;
  const stored = (access & VM_PROT_WRITE) !== 0;
  if (stored && (entry.needsCopy || object.copy !== null)) return false;
  const index = Math.floor((address - entry.start + entry.offset) / vm.pageSize);
  const found = object.find(index);
  if (found !== null) return found.object === object || !stored;
  // A pool of its own: which frame it gets is nobody else's doing.
  return object.shadow === null && frames.hasFree(actor.pool);
}
