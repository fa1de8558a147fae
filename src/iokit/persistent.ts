/**
 * `withPersistentMemoryDescriptor`: the same descriptor again while its task still has the same memory there, otherwise a new
 * one of what is there now (xnu-reference 3.10).
 */
import type { Actor } from '../vm/steps.ts';
import { IOGeneralMemoryDescriptor } from './general-memory-descriptor.ts';
import type { IOKit } from './iokit.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';
import type { MemoryReference } from './memory-reference.ts';
import { kIOMemoryAsReference, kIOMemoryPersistent } from './options.ts';

/** With a reference for the caller. Null when `original` is not persistent, or its memory cannot be had any more. */
export function persistentDescriptor(
  iokit: IOKit,
  actor: Actor,
  original: IOMemoryDescriptor,
): IOGeneralMemoryDescriptor | null {
  if (!(original instanceof IOGeneralMemoryDescriptor)) return null;
  const { source, reference } = original.backing;
  if ((source.options & kIOMemoryPersistent) === 0 || source.upl !== null) return null;
  const options = (source.options & ~kIOMemoryAsReference) >>> 0;
  const fresh = new IOGeneralMemoryDescriptor(iokit, { ...source, options });
  if (!fresh.initialise(actor)) {
    fresh.release(actor);
    return null;
  }
  if (reference === null || !isSame(reference, fresh.backing.reference!)) return fresh;
  fresh.release(actor);
  return original.retain();
}

/** By the identity of memory objects: what was unmapped and allocated anew differs, what was mapped back does not. */
function isSame(one: MemoryReference, other: MemoryReference): boolean {
  return (
    one.entries.length === other.entries.length &&
    one.entries.every(({ object, objectOffset, pageOffset, length }, i) => {
      const entry = other.entries[i]!;
      return (
        entry.object === object &&
        entry.objectOffset === objectOffset &&
        entry.pageOffset === pageOffset &&
        entry.length === length
      );
    })
  );
}
