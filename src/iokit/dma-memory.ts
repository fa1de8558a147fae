/** What DMA asks about the memory of a descriptor, whatever it is made of. The one place that looks behind descriptors for it. */
import type { DMAState } from './dma-state.ts';
import type { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import { kIOMemoryPreparedReadOnly } from './options.ts';

/** The descriptors whose wiring holds the memory of `descriptor`. */
export function wiredParts(descriptor: IOMemoryDescriptor): readonly IOGeneralMemoryDescriptor[] {
  return descriptor.wired;
}

/** Creation options and state bits that hold for any of the memory. */
export function dmaFlags(descriptor: IOMemoryDescriptor): number {
  return wiredParts(descriptor).reduce((flags, part) => flags | part.getFlags(), descriptor.getFlags()) >>> 0;
}

/** Whether it is known by physical addresses only, so that nobody holds it in place. */
export function isPhysical(descriptor: IOMemoryDescriptor): boolean {
  return wiredParts(descriptor).some(({ deviceMemory }) => deviceMemory);
}

export function isPreparedReadOnly(descriptor: IOMemoryDescriptor): boolean {
  return (dmaFlags(descriptor) & kIOMemoryPreparedReadOnly) !== 0;
}

/** Where in its page the memory begins, when it is one page list; null otherwise. */
export function pageOffsetOf(descriptor: IOMemoryDescriptor): number | null {
  const [part] = wiredParts(descriptor);
  const list = part === descriptor && part.wiring.lists.length === 1 ? part.wiring.lists[0] : undefined;
  return list?.pageOffset ?? null;
}

/** The highest physical address that the memory may have, plus one: known once it is wired, else the end of all memory. */
export function endOfMemory(iokit: IOKit, descriptor: IOMemoryDescriptor): number {
  const { hardware, pageSize } = iokit.vm;
  let end = 0;
  for (const { source, wiring, wireCount, deviceMemory } of wiredParts(descriptor)) {
    // Behind a mapper physical ranges are device addresses.
    const unknown = deviceMemory ? iokit.systemMapper !== null : wireCount === 0;
    if (unknown) end = Math.max(end, hardware.memory.size);
    if (deviceMemory) for (const { address, length } of source.runs) end = Math.max(end, address + length);
    for (const { frames } of wiring.lists) for (const frame of frames) end = Math.max(end, (frame + 1) * pageSize);
  }
  return end;
}

/** Counts a command as active on everything that it transfers. */
export function activate(states: readonly DMAState[]): void {
  for (const state of states) state.activate();
}

export function deactivate(states: readonly DMAState[]): void {
  for (const state of states) state.deactivate();
}
