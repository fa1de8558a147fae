/** A descriptor is tied to its memory objects with its first map (xnu-reference 3.3.1); one that fails must not do that. */
import type { Actor } from '../vm/steps.ts';
import type { IOMemoryDescriptor } from './memory-descriptor.ts';

/** What `attempt` answers; where that is null, the memory references that it took are given up again. */
export function orForget<T>(actor: Actor, descriptor: IOMemoryDescriptor, attempt: () => T | null): T | null {
  const fresh = descriptor.wired.filter(({ backing }) => backing.reference === null);
  const made = attempt();
  if (made === null) for (const one of fresh) one.backing.dropReference(actor);
  return made;
}
