/**
 * What lies between a controlled thread and memory: nothing (then there is no path), the data cache, or the thread's store buffer.
 * Accesses are done in ControlledTask, once; a path says on which bytes.
 */
import type { PhysicalMemory } from '../hardware/physical-memory.ts';

export interface MemoryPath {
  /** Where the bytes are that an access within one page reaches: what was translated just now. */
  reached(address: number, physical: number, width: number, write: boolean): PhysicalMemory;
  /** The same for what the second page of a scalar has: the Straddle event says how that uses the cache. */
  beyond(address: number, physical: number, width: number, write: boolean): PhysicalMemory;
  /** How accesses to the second page of a scalar use the data cache. */
  policyBeyond(address: number): number;
  /** The same as `reached` for an atomic. */
  atomic(address: number, physical: number, write: boolean): PhysicalMemory;
  /** The same for a copy within one page: the thread's own, at `address`, or (null) the kernel's on its behalf. */
  copied(address: number | null, physical: number, length: number, intoMemory: boolean): PhysicalMemory;
  /** Before a step of the thread. */
  settle(): void;
  /** Before a kernel call: all that the thread has stored is in memory after it. */
  fence(): void;
}
