/** One entry of an address space: a range of whole pages that shows a window of a memory object, or is kept free as a guard. */
import type { AccessGate } from './access-gate.ts';
import type { MemoryObject } from './memory-object.ts';

export const VM_PROT_NONE = 0;
export const VM_PROT_READ = 1;
export const VM_PROT_WRITE = 2;

export class MapEntry {
  /** Shut while the map that made this entry is redirected to nothing. Set by `shut` and `open` of the address space. */
  gate: AccessGate | null = null;
  /** Whoever made it to take it away again: an IOMemoryMap. Null for memory of the task's own. */
  owner: object | null = null;
  /** The entry that it was divided from, or itself: the same for all that came by one allocation or mapping. */
  origin: MapEntry = this;

  /**
   * @param object what is shown, counted as a reference; null for a guard, which nothing may access
   * @param offset byte of the object that `start` shows, a multiple of the page size
   * @param protection VM_PROT bits that hold now
   * @param maxProtection the most that `protect` may grant
   * @param needsCopy others see the object too and must not see what is stored here: the first store shadows it
   */
  constructor(
    public start: number,
    public end: number,
    public object: MemoryObject | null,
    public offset: number,
    public protection: number,
    readonly maxProtection: number,
    public needsCopy = false,
  ) {}
}
