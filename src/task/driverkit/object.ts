/** How dexts see objects that others made: the same handles under DriverKit's classes. */
import { type Branded, handleBrand, isHandle } from '../handle.ts';

interface DriverKitClass<T> {
  new (id: number): T;
  /** Whether objects of this kind are of the class. */
  accepts(kind: string): boolean;
}

/** DriverKit's view of a handle that was received or made with I/O Kit's classes; null when it is of another class. */
export function OSDynamicCast<T extends Branded>(kind: DriverKitClass<T>, object: unknown): T | null {
  return isHandle(object) && kind.accepts(object[handleBrand]) ? new kind(object.id) : null;
}
