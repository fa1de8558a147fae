/**
 * What must hold between any two calls, whatever tasks do: counts agree with who counts, and translations with what the
 * entries say. A broken one is a fault of this kernel, never of a scenario (those that a scenario can break are rules).
 *
 * It looks at everything there is, so it is for tests. Counts that a call of several steps is changing are left out while a
 * thread is inside one. A task that releases more than it holds breaks the count of references: that is its own bug.
 */

import { deviceSpace } from '../hardware/page-fate.ts';
import { pteFrameShift, pteRights, pteWrite } from '../hardware/page-table.ts';
import { IOBufferMemoryDescriptor } from '../iokit/buffer-memory-descriptor.ts';
import { CompositeMemoryDescriptor } from '../iokit/composite-memory-descriptor.ts';
import { CopyBuffer } from '../iokit/copy-buffer.ts';
import type { DeviceWindow } from '../iokit/device-map.ts';
import { isPhysical } from '../iokit/dma-memory.ts';
import { IOMemoryDescriptor } from '../iokit/memory-descriptor.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { DevicePager } from '../vm/device-pager.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import { machineHolder } from './handle-table.ts';
import type { Kernel } from './kernel.ts';
import { KernelLock } from './locks/kernel-lock.ts';
import { memoryObjects, pageLists } from './memory-objects.ts';
import { checkObjects } from './object-invariants.ts';

/** Every invariant that does not hold, in words; none when all is well. */
export function checkInvariants(kernel: Kernel): string[] {
  const found: string[] = [];
  const between = kernel.threads.every((thread) => thread.running === null);
  checkFrames(kernel, between, found);
  for (const space of kernel.vm.spaces) {
    checkEntries(kernel, space, found);
    checkTranslations(kernel, space, found);
    const owner = kernel.threads.find((thread) => thread === space.lock.owner);
    if (between && owner?.ended) found.push(`the map lock of ${space.name} is held by ${owner.name}, which has ended`);
  }
  found.push(...checkObjects(kernel, memoryObjects(kernel)));
  checkGates(kernel, found);
  checkLocks(kernel, found);
  if (between) {
    checkWirings(kernel, found);
    checkReferences(kernel, found);
    checkDMA(kernel, found);
  }
  return found;
}

/** Frames: owners are the pages of objects, wires are those of descriptors, and the rest is free. */
function checkFrames(kernel: Kernel, between: boolean, found: string[]): void {
  const { frames } = kernel.hardware;
  const owners = new Map<number, number>();
  const wires = new Map<number, number>();
  for (const object of memoryObjects(kernel)) {
    if (object instanceof DevicePager) continue;
    for (const frame of object.pages.values()) {
      add(owners, frame);
      if (object.wiredForLife) add(wires, frame);
    }
  }
  for (const [frame, count] of kernel.byHand.owners) add(owners, frame, count);
  for (const [frame, count] of kernel.byHand.wires) add(wires, frame, count);
  for (const { wiring } of kernel.iokit.descriptors) {
    for (const list of wiring.lists) {
      list.frames.forEach((frame, page) => {
        if (!(list.objects[page] instanceof DevicePager)) add(wires, frame);
      });
    }
  }
  for (const { wiring } of kernel.iokit.maps) {
    for (const pages of wiring.pages.values())
      for (const { object, frame } of pages) if (!(object instanceof DevicePager)) add(wires, frame);
  }
  for (const { object, frames: held } of pageLists(kernel))
    if (!(object instanceof DevicePager)) for (const frame of held) add(wires, frame);
  for (const descriptor of kernel.iokit.descriptors) {
    if (!(descriptor instanceof CopyBuffer)) continue;
    for (let i = 0; i < descriptor.frameCount; i++) add(owners, descriptor.firstFrame + i);
  }
  for (const frame of kernel.iokit.substitutes) add(owners, frame);
  let free = 0;
  for (let frame = 1; frame < frames.frames; frame++) {
    const owned = frames.owners(frame);
    const wired = frames.wires(frame);
    if (owned === 0 && wired === 0) free++;
    if (owned !== (owners.get(frame) ?? 0))
      found.push(`frame ${frame} has ${owned} owners, but is in ${owners.get(frame) ?? 0} objects`);
    if (between && wired !== (wires.get(frame) ?? 0))
      found.push(`frame ${frame} is wired ${wired} times, but in ${wires.get(frame) ?? 0} page lists`);
  }
  if (free !== frames.freeFrames)
    found.push(`${free} frames have neither owner nor wire, but ${frames.freeFrames} are free`);
}

function checkEntries(kernel: Kernel, space: AddressSpace, found: string[]): void {
  const { pageSize } = kernel.vm;
  let last = 0;
  let count = 0;
  for (const { start, end, object, offset, protection, maxProtection } of space.entries) {
    const name = `the entry of ${space.name} at 0x${start.toString(16)}`;
    if (start < last || end <= start) found.push(`${name} is out of order`);
    if (start % pageSize !== 0 || end % pageSize !== 0 || offset % pageSize !== 0)
      found.push(`${name} is not made of whole pages`);
    if (object !== null && offset + (end - start) > object.size) found.push(`${name} reaches beyond its object`);
    if ((protection & ~maxProtection) !== 0) found.push(`${name} allows more than its maximum`);
    last = end;
    count++;
  }
  if (count !== space.entries.count)
    found.push(`${space.name} has ${count} entries, but counts ${space.entries.count}`);
  if (space.terminated && count > 0) found.push(`${space.name} is terminated, but has entries`);
}

/** Every translation shows the frame that its entry's object has there, with no more rights than the entry gives. */
function checkTranslations(kernel: Kernel, space: AddressSpace, found: string[]): void {
  const { pageSize } = kernel.vm;
  for (const [page, translation] of kernel.hardware.tables.translations(space.number)) {
    if (kernel.byHand.isTouched(space.number, page)) continue;
    const address = page * pageSize;
    const name = `the translation of ${space.name} at 0x${address.toString(16)}`;
    const entry = space.lookup(address);
    if (entry === null || entry.object === null) {
      found.push(`${name} has no entry`);
      continue;
    }
    const index = (address - entry.start + entry.offset) / pageSize;
    const seen = entry.object.pageable ? entry.object.find(index) : { object: entry.object, index };
    const frame = seen?.object.pages.get(seen.index);
    const writable = (translation & pteWrite) !== 0;
    if (writable && (entry.needsCopy || seen?.object !== entry.object || !entry.object.isPrivate(index)))
      found.push(`${name} can store to a page that others see as it is`);
    if (entry.object.absent.has(index)) found.push(`${name} shows a page that is still to come`);
    if (frame !== translation >>> pteFrameShift)
      found.push(`${name} shows frame ${translation >>> pteFrameShift}, its object has ${frame}`);
    if ((translation & pteRights & ~entry.protection) !== 0) found.push(`${name} allows more than its entry`);
  }
}

/** Locks and threads agree about who holds what, as long as the lock is there. */
function checkLocks(kernel: Kernel, found: string[]): void {
  for (const lock of kernel.handles.objects()) {
    if (!(lock instanceof KernelLock)) continue;
    const { holders } = lock;
    for (const thread of new Set([...kernel.threads, ...holders])) {
      const counted = thread.locks.filter((held) => held === lock).length;
      const held = holders.filter((holder) => holder === thread).length;
      if (counted !== held)
        found.push(`${thread.name} counts ${lock.title} ${counted} times, but holds it ${held} times`);
    }
  }
}

function checkWirings(kernel: Kernel, found: string[]): void {
  // The sources lose counts when callers race; then this is what was to be shown.
  if (kernel.configuration.semantics === 'xnu') return;
  for (const descriptor of kernel.iokit.descriptors) {
    const { wireCount, lists, direction, readOnly } = descriptor.wiring;
    const wired = lists.reduce((bytes, list) => bytes + list.length, 0);
    if (wired !== (wireCount > 0 && !descriptor.backing.spent ? descriptor.source.length : 0))
      found.push(`${descriptor.name} is prepared ${wireCount} times, but ${wired} bytes are wired`);
    if (wireCount === 0 && (direction !== 0 || readOnly))
      found.push(`${descriptor.name} is unprepared, but has a direction`);
  }
}

/** A gate that is shut belongs to a map, and hides every translation behind it; nobody waits at any other. */
function checkGates(kernel: Kernel, found: string[]): void {
  const { maps, vm } = kernel.iokit;
  const shut = new Set(
    [...maps].flatMap(({ gate, held }) => [gate, held?.gate ?? null]).filter((gate) => gate !== null),
  );
  if (shut.size !== vm.shutGates) found.push(`${vm.shutGates} gates count as shut, but maps have ${shut.size}`);
  for (const space of vm.spaces) {
    for (const { start, gate } of space.entries)
      if (gate !== null && !shut.has(gate))
        found.push(`an entry of ${space.name} at 0x${start.toString(16)} has a gate left`);
    for (const [page] of kernel.hardware.tables.translations(space.number))
      if (space.gates.firstIn(page * vm.pageSize, (page + 1) * vm.pageSize) !== null)
        found.push(`${space.name} reaches 0x${(page * vm.pageSize).toString(16)}, which is behind a gate`);
  }
}

/** An object's references are those of handles, messages and other objects. */
function checkReferences(kernel: Kernel, found: string[]): void {
  const counted = new Map<KernelObject, number>();
  for (const holder of [machineHolder, ...kernel.tasks.map((task) => task.number)]) {
    for (const [object, held] of kernel.handles.held(holder)) add(counted, object, held);
  }
  for (const { messages } of kernel.threads)
    for (const { objects } of messages) for (const object of objects) add(counted, object);
  for (const { entries } of kernel.vm.spaces)
    for (const { object } of entries) if (object !== null) add(counted, object);
  for (const map of kernel.iokit.maps) {
    add(counted, map);
    add(counted, map.descriptor);
    if (map.superMap !== null) add(counted, map.superMap);
    if (!map.descriptor.mappings.has(map)) found.push(`a map of ${map.descriptor.name} is not among its maps`);
  }
  for (const { backing } of kernel.iokit.descriptors) for (const object of backing.heldObjects()) add(counted, object);
  for (const { shadow } of memoryObjects(kernel)) if (shadow !== null) add(counted, shadow);
  for (const upl of pageLists(kernel)) add(counted, upl.object);
  for (const descriptor of kernel.iokit.descriptors) {
    if (descriptor.backing.heldPages !== null) add(counted, descriptor.backing.heldPages);
    if (!(descriptor instanceof IOBufferMemoryDescriptor)) continue;
    add(counted, descriptor.memory.object);
    for (const map of descriptor.dextMaps.all) add(counted, map);
  }
  for (const object of descriptors(kernel)) {
    if (object.context !== null) add(counted, object.context);
    if (object instanceof CompositeMemoryDescriptor)
      for (const { descriptor } of object.parts) add(counted, descriptor);
  }

  for (const { memory, transfer } of kernel.iokit.commands) {
    if (memory !== null) add(counted, memory);
    if (transfer !== null && transfer.bounce !== null) add(counted, transfer.bounce);
  }
  for (const object of kernel.iokit.leaked) add(counted, object);
  const { systemMapper } = kernel.iokit;
  if (systemMapper !== null) add(counted, systemMapper);
  for (const { mapped, offered } of kernel.iokit.userClients)
    for (const object of [...mapped, ...offered]) add(counted, object);

  const objects = [
    ...kernel.iokit.descriptors,
    ...kernel.iokit.maps,
    ...kernel.iokit.userClients,
    ...memoryObjects(kernel),
    ...kernel.handles.objects(),
  ];
  for (const object of new Set<KernelObject>(objects)) {
    const count = counted.get(object) ?? 0;
    if (object.kind !== 'Task' && object.references !== count)
      found.push(`an ${object.kind} counts ${object.references} references of ${count}`);
  }
}

/** Those that a task has had a handle of, and those that others are made of. */
function descriptors(kernel: Kernel): Set<IOMemoryDescriptor> {
  const found = new Set<IOMemoryDescriptor>(kernel.iokit.descriptors);
  for (const object of kernel.handles.objects()) if (object instanceof IOMemoryDescriptor) found.add(object);
  return found;
}

/**
 * DMA: descriptors count the commands that are active on them, every window of device addresses belongs to somebody, and what the
 * IOMMU shows of a descriptor's memory is held in place.
 */
function checkDMA(kernel: Kernel, found: string[]): void {
  const active = new Map<unknown, number>();
  for (const { countedOn } of [...kernel.iokit.commands].map((command) => command.attachment))
    for (const state of countedOn) add(active, state);
  for (const { dma, name } of kernel.iokit.descriptors) {
    if (dma.references !== (active.get(dma) ?? 0))
      found.push(`${name} counts ${dma.references} active commands of ${active.get(dma) ?? 0}`);
  }
  const { systemMapper } = kernel.iokit;
  const { iommu, frames, pageSize } = kernel.hardware;
  if (systemMapper === null || iommu === null) return;
  const windows = new Set<unknown>();
  for (const { dma } of kernel.iokit.descriptors) if (dma.map !== null) windows.add(dma.map.window);
  for (const { transfer } of kernel.iokit.commands)
    if (transfer?.mapping?.own) windows.add(transfer.mapping.map?.window);
  for (const window of systemMapper.space.windows) {
    const owned = window.backed ? windows.has(window) : systemMapper.loose.has(window.first);
    if (!owned) found.push(`the window at device page ${window.first} belongs to nobody`);
  }
  const backed = systemMapper.space.windows.filter((window) => window.backed).length;
  if (backed !== windows.size) found.push(`${windows.size} mappings have ${backed} windows`);
  const { table, cache } = iommu.translations();
  for (const { page, physicalPage } of table) {
    if (kernel.byHand.isTouched(deviceSpace, page)) continue;
    const window = systemMapper.space.at(page);
    const frame = Math.floor((physicalPage * iommu.pageSize) / pageSize);
    if (window === null) found.push(`device page ${page} is mapped outside of all windows`);
    else if (isHeld(kernel, window) && frames.owners(frame) + frames.wires(frame) === 0)
      found.push(`device page ${page} shows frame ${frame}, which is free`);
  }
  for (const { page, physicalPage } of cache) {
    if (iommu.lookup(page) !== physicalPage && !kernel.byHand.isTouched(deviceSpace, page))
      found.push(`the IOMMU has a stale translation of device page ${page}`);
  }
}

/** Whether a window shows memory that wiring holds in place, not just what somebody names by its physical address. */
function isHeld(kernel: Kernel, window: DeviceWindow): boolean {
  for (const { dma } of kernel.iokit.descriptors) if (dma.map?.window === window) return true;
  for (const { transfer } of kernel.iokit.commands) {
    if (transfer?.mapping?.map?.window === window) return transfer.bounce !== null || !isPhysical(transfer.memory);
  }
  return false;
}

function add<K>(counts: Map<K, number>, key: K, change = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + change);
}
