/** Every memory object there is: those that entries, descriptors and tasks hold, and those that lie below them. */
import { MemoryObject } from '../vm/memory-object.ts';
import type { Kernel } from './kernel.ts';

export function memoryObjects(kernel: Kernel): Set<MemoryObject> {
  const objects = new Set<MemoryObject>();
  for (const { entries } of kernel.vm.spaces)
    for (const { object } of entries) if (object !== null) objects.add(object);
  for (const { reference, snapshot } of kernel.iokit.descriptors)
    for (const held of [reference, snapshot]) for (const { object } of held?.entries ?? []) objects.add(object);
  for (const object of kernel.handles.objects()) if (object instanceof MemoryObject) objects.add(object);
  // Those that are added here are gone through as well.
  for (const object of objects) if (object.shadow !== null) objects.add(object.shadow);
  return objects;
}
