/**
 * The privileged interface to address spaces: the map lock and what it protects. Each call is one step. Calls that change
 * something wait while another thread holds the lock; looking waits for nobody, as code that forgets the lock does.
 */
import { hex, KernelPanic } from '../../hardware/errors.ts';
import type { AddressSpace } from '../../vm/address-space.ts';
import { KERN_INVALID_ADDRESS, KERN_SUCCESS } from '../../vm/kern-return.ts';
import type { MapEntry } from '../../vm/map-entry.ts';
import type { MemoryObject } from '../../vm/memory-object.ts';
import type { Steps } from '../../vm/steps.ts';
import { call, parameter } from '../call.ts';
import type { Kernel } from '../kernel.ts';
import { checkPrivilege } from '../privilege.ts';
import type { KernelTask } from '../task.ts';
import type { KernelThread } from '../thread.ts';
import { boolean, count, handle, nothing, record, size, u32 } from '../wire.ts';
import { checkPage, checkProtection } from './memory.ts';

const task = parameter('task', handle);
const address = parameter('address', size);

export const addressSpaceCalls = {
  /** Not recursive: whoever has it waits for itself. Released when its holder dies (execution.md, rule 4). */
  mapLock: call('mapLock', [task], nothing, function* (kernel, caller, id): Steps<void> {
    const space = spaceOf(kernel, caller, id);
    yield* space.lock.take(caller);
    kernel.observer.acquire(caller, kernel.meeting.mapLockKey(space.number));
  }),

  mapUnlock: call('mapUnlock', [task], nothing, (kernel, caller, id) => {
    const space = spaceOf(kernel, caller, id);
    if (space.lock.owner !== caller)
      throw new KernelPanic(`the map lock of ${space.name} is unlocked by ${caller.name}, which does not hold it`);
    kernel.observer.release(caller, kernel.meeting.mapLockKey(space.number));
    space.lock.release(caller);
  }),

  mapVersion: call('mapVersion', [task], count, (kernel, caller, id) => spaceOf(kernel, caller, id).version),

  mapLookup: call(
    'mapLookup',
    [task, address],
    record({
      found: boolean,
      start: count,
      end: count,
      protection: u32,
      maxProtection: u32,
      object: handle,
      offset: count,
      needsCopy: boolean,
      inTransition: boolean,
      wired: count,
    }),
    (kernel, caller, id, at) => {
      const space = spaceOf(kernel, caller, id);
      const entry = space.lookup(at);
      if (entry === null) return { ...nothingThere };
      const { start, end, protection, maxProtection, offset, needsCopy } = entry;
      const object = entry.object === null ? 0 : kernel.handles.grant(entry.object, caller);
      const inTransition = space.gates.awaitedIn(start, end) !== null;
      const wired = wiredPages(kernel, entry);
      return { found: true, start, end, protection, maxProtection, object, offset, needsCopy, inTransition, wired };
    },
  ),

  /** Answers a Mach code, as the next two do. */
  mapEnter: call(
    'mapEnter',
    [
      task,
      address,
      parameter('object', handle),
      parameter('offset', size),
      parameter('size', size),
      parameter('protection', u32),
      parameter('maxProtection', u32),
      parameter('overwrite', boolean),
      parameter('needsCopy', boolean),
    ],
    u32,
    function* (
      kernel,
      caller,
      id,
      at,
      objectId,
      offset,
      bytes,
      protection,
      maxProtection,
      overwrite,
      needsCopy,
    ): Steps<number> {
      const space = spaceOf(kernel, caller, id);
      const object = kernel.handles.lookup(objectId, 'MemoryObject', caller) as MemoryObject;
      checkPage('address', at, kernel.hardware.pageSize);
      checkPage('offset', offset, kernel.hardware.pageSize);
      checkProtection(protection);
      checkProtection(maxProtection);
      object.retain();
      try {
        yield* space.lock.free(caller);
        const length = kernel.vm.roundPage(bytes === 0 ? object.size - offset : bytes);
        return space.enter(caller, at, length, object, offset, protection, maxProtection, overwrite, needsCopy);
      } finally {
        object.release(caller);
      }
    },
  ),

  mapRemove: call(
    'mapRemove',
    [task, address, parameter('size', size)],
    u32,
    function* (kernel, caller, id, at, bytes) {
      const space = spaceOf(kernel, caller, id);
      yield* space.lock.free(caller);
      if (bytes > 0) space.remove(caller, at, at + bytes);
      return KERN_SUCCESS;
    },
  ),

  mapProtect: call(
    'mapProtect',
    [task, address, parameter('size', size), parameter('protection', u32)],
    u32,
    function* (kernel, caller, id, at, bytes, protection): Steps<number> {
      const space = spaceOf(kernel, caller, id);
      checkProtection(protection);
      yield* space.lock.free(caller);
      return bytes === 0 ? KERN_INVALID_ADDRESS : space.protect(at, at + bytes, protection);
    },
  ),
};

const nothingThere = {
  found: false,
  start: 0,
  end: 0,
  protection: 0,
  maxProtection: 0,
  object: 0,
  offset: 0,
  needsCopy: false,
  inTransition: false,
  wired: 0,
};

/** How many pages that an entry shows are wired. */
function wiredPages({ hardware }: Kernel, { start, end, offset, object }: MapEntry): number {
  const pages = (end - start) / hardware.pageSize;
  let first = offset / hardware.pageSize;
  let wired = 0;
  const seen = new Set<number>();
  for (let below = object; below !== null; below = below.shadow) {
    const from = first;
    below.forResident(from, from + pages, (index, frame) => {
      if (seen.has(index - from)) return;
      seen.add(index - from);
      if (hardware.frames.wires(frame) > 0) wired++;
    });
    first += below.shadowIndex;
  }
  return wired;
}

export function spaceOf(kernel: Kernel, caller: KernelThread, id: number): AddressSpace {
  checkPrivilege(caller, 'an address space');
  const { space, dead, name } = kernel.handles.lookup(id, 'Task', caller) as KernelTask;
  if (dead) throw new RangeError(`task: ${name} is dead (${hex(id)})`);
  return space;
}
