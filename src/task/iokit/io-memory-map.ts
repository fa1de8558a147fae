/** Apple's IOMemoryMap, as task code sees it: one view of a descriptor's memory in one task. */

import type { IOReturn } from '../../iokit/return-codes.ts';
import { calls } from '../../kernel/calls/index.ts';
import { currentTask } from '../current.ts';
import { Handle, handleBrand, makeHandle, registerHandle, TaskHandle } from '../handle.ts';
import { bits, descriptorIdOrNull, objectOrNull } from './arguments.ts';
import type { IOMemoryDescriptor, PhysicalSegment, Size } from './io-memory-descriptor.ts';

export class IOMemoryMap extends Handle {
  override readonly [handleBrand] = 'IOMemoryMap';

  /** Address of the first byte; 0 once it is unmapped or its task is dead. */
  getVirtualAddress(): number {
    return currentTask().invoke(calls.getVirtualAddress, this.id);
  }

  getAddress(): number {
    return this.getVirtualAddress();
  }

  /** Bytes; also after `unmap`. */
  getLength(): number {
    return currentTask().invoke(calls.getMapLength, this.id);
  }

  getSize(): number {
    return this.getLength();
  }

  /** The task it is in, without a reference of its own; null when that task is dead. */
  getAddressTask(): TaskHandle | null {
    return objectOrNull<TaskHandle | null>(currentTask().invoke(calls.getAddressTask, this.id), TaskHandle);
  }

  /** The options that its first owner asked for, and kIOMapStatic when the memory was there already. */
  getMapOptions(): number {
    return currentTask().invoke(calls.getMapOptions, this.id);
  }

  /** What it maps, without a reference of its own. A map made through a sub-descriptor names the parent. */
  getMemoryDescriptor(): IOMemoryDescriptor {
    const { id, kind } = currentTask().invoke(calls.getMemoryDescriptor, this.id);
    return makeHandle(kind, id) as unknown as IOMemoryDescriptor;
  }

  getPhysicalAddress(): number {
    return this.getPhysicalSegment(0).address;
  }

  getPhysicalSegment(offset: Size, options = 0): PhysicalSegment {
    return currentTask().invoke(calls.getMapPhysicalSegment, this.id, offset, bits(options));
  }

  /**
   * Shows `newBackingMemory` from byte `offset` on, at the same addresses; with null, accesses wait until the map is redirected
   * again, unmapped, or its task dies. kIOReturnError, and nothing changes, where the other memory is too short, lies otherwise in
   * its page, or may not be mapped like this one. Under `semantics: 'xnu'` the two memories exchange their contents.
   */
  redirect(newBackingMemory: IOMemoryDescriptor | null, options = 0, offset: Size = 0): IOReturn {
    const memory = descriptorIdOrNull(newBackingMemory, 'newBackingMemory');
    return currentTask().invoke(calls.redirectMap, this.id, memory, bits(options), offset);
  }

  /**
   * Holds the pages of `length` bytes from `offset` in place, with their translations, for the kIODirectionIn and Out bits of
   * `options`; without such bits it undoes that once. Answers codes of the VM.
   */
  wireRange(options: number, offset: Size, length: Size): IOReturn {
    return currentTask().invoke(calls.wireRange, this.id, bits(options), offset, length);
  }

  /** Takes the memory away now, from every holder of this map. */
  unmap(): IOReturn {
    return currentTask().invoke(calls.unmap, this.id);
  }
}
registerHandle('IOMemoryMap', IOMemoryMap);
