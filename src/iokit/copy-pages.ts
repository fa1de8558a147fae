/** Copying memory of a task into a fresh memory object, in one step: what `withCopy` starts from. */
import type { AddressSpace } from '../vm/address-space.ts';
import { VM_PROT_READ } from '../vm/map-entry.ts';
import { type MemoryObject, noFrame } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { VirtualMemory } from '../vm/virtual-memory.ts';

/** Copies `size` bytes at `address` of `from` to the start of `to`. False when they cannot be read, or memory is short. */
export function copyPages(
  vm: VirtualMemory,
  actor: Actor,
  from: AddressSpace,
  address: number,
  to: MemoryObject,
  size: number,
): boolean {
  const { hardware, pageSize } = vm;
  const buffer = new Uint8Array(pageSize);
  for (let done = 0; done < size; ) {
    const at = address + done;
    const part = Math.min(size - done, pageSize - (at % pageSize), pageSize - (done % pageSize));
    const entry = from.lookup(at);
    if (entry === null || entry.object === null || (entry.protection & VM_PROT_READ) === 0) return false;
    const target = to.page(actor, Math.floor(done / pageSize));
    if (target === noFrame) return false;
    // Making room for the one must not take the other away.
    to.wire(target);
    const source = entry.object.look(actor, Math.floor((at - entry.start + entry.offset) / pageSize));
    to.unwire(actor, target);
    if (source === noFrame) return false;
    hardware.memory.read(source * pageSize + (at % pageSize), buffer, 0, part);
    const physical = target * pageSize + (done % pageSize);
    hardware.preserve(physical, part);
    hardware.memory.write(physical, buffer, 0, part);
    if (!hardware.frames.isDirty(target)) hardware.frames.setDirty(target, 1);
    done += part;
  }
  return true;
}
