/** Every memory object there is: those that entries, descriptors and tasks hold, and those that lie below them. */
import { IOBufferMemoryDescriptor } from '../iokit/buffer-memory-descriptor.ts';
import { MemoryObject } from '../vm/memory-object.ts';
import { UniversalPageList } from '../vm/universal-page-list.ts';
import type { Kernel } from './kernel.ts';

export function memoryObjects(kernel: Kernel): Set<MemoryObject> {
  const objects = new Set<MemoryObject>();
  for (const { entries } of kernel.vm.spaces)
    for (const { object } of entries) if (object !== null) objects.add(object);
  for (const { backing } of kernel.iokit.descriptors) for (const object of backing.heldObjects()) objects.add(object);
  for (const descriptor of kernel.iokit.descriptors)
    if (descriptor instanceof IOBufferMemoryDescriptor) objects.add(descriptor.memory.object);
  for (const { object } of pageLists(kernel)) objects.add(object);
  for (const object of kernel.handles.objects()) if (object instanceof MemoryObject) objects.add(object);
  // Those that are added here are gone through as well.
  for (const object of objects) if (object.shadow !== null) objects.add(object.shadow);
  return objects;
}

/** Page lists that a task has, and those that descriptors hold. */
export function pageLists(kernel: Kernel): Set<UniversalPageList> {
  const found = new Set<UniversalPageList>();
  for (const object of kernel.handles.objects()) if (object instanceof UniversalPageList) found.add(object);
  for (const { backing } of kernel.iokit.descriptors) if (backing.heldPages !== null) found.add(backing.heldPages);
  return found;
}
