/** An address space in the hands of the kernel: the map lock, entries, and the translations below them. */
import { calls } from '../../kernel/calls/index.ts';
import { type Branded, handleId } from '../handle.ts';
import { MemoryObject } from '../iokit/memory-object.ts';
import type { Task } from '../task.ts';

const readWrite = 3;

/** An entry as it was when it was looked up. */
export interface MapEntrySnapshot {
  /** First byte, and the byte after the last one. */
  readonly start: number;
  readonly end: number;
  /** VM_PROT bits. */
  readonly protection: number;
  readonly maxProtection: number;
  /** What is shown, without a reference of its own; null for a guard. */
  readonly object: MemoryObject | null;
  /** Byte of the object that `start` shows. */
  readonly offset: number;
  /** Others see the object too, and must not see what is stored here: the first store gets it a copy. */
  readonly needsCopy: boolean;
  /** Accesses have to wait: it is redirected to nothing, or a device is still filling it. */
  readonly inTransition: boolean;
  /** How many of its pages are wired. */
  readonly wired: number;
}

export interface EnterOptions {
  /** First byte of the object that is shown. Default 0. */
  offset?: number;
  /** Bytes; default: to the end of the object. */
  size?: number;
  /** VM_PROT bits. Default: read and write. */
  protection?: number;
  maxProtection?: number;
  /** Replaces what is there. */
  overwrite?: boolean;
  /** Others see the object as well; what is stored here stays here, in a copy that the first store makes. */
  needsCopy?: boolean;
}

export class PrivilegedSpace {
  constructor(
    private readonly task: Task,
    private readonly id: number,
  ) {}

  /** Waits for the map lock and takes it. A thread that has it already waits for itself. */
  lock(): void {
    this.task.invoke(calls.mapLock, this.id);
  }

  /** Panics unless this thread has it. */
  unlock(): void {
    this.task.invoke(calls.mapUnlock, this.id);
  }

  /** Another number after every change of the entries. */
  get version(): number {
    return this.task.invoke(calls.mapVersion, this.id);
  }

  /** The entry at `address`, or null. Waits for nobody: who looks without the lock may be late. */
  lookup(address: number): MapEntrySnapshot | null {
    const { found, object, ...entry } = this.task.invoke(calls.mapLookup, this.id, address);
    return found ? { ...entry, object: object === 0 ? null : new MemoryObject(object) } : null;
  }

  // Each waits while another thread has the lock, and returns a Mach code: KERN_SUCCESS is 0.

  enter(address: number, object: Branded, options: EnterOptions = {}): number {
    return this.task.invoke(
      calls.mapEnter,
      this.id,
      address,
      handleId(object, 'MemoryObject', 'object'),
      options.offset ?? 0,
      options.size ?? 0,
      options.protection ?? readWrite,
      options.maxProtection ?? readWrite,
      options.overwrite ?? false,
      options.needsCopy ?? false,
    );
  }

  remove(address: number, size: number): number {
    return this.task.invoke(calls.mapRemove, this.id, address, size);
  }

  protect(address: number, size: number, protection: number): number {
    return this.task.invoke(calls.mapProtect, this.id, address, size, protection);
  }
}

export class PrivilegedTranslations {
  constructor(
    private readonly task: Task,
    private readonly id: number,
  ) {}

  /** Lets the task reach `frame` at the page at `address`, whatever its entries say. */
  set(address: number, frame: number, protection: number): void {
    this.task.invoke(calls.translationSet, this.id, address, frame, protection);
  }

  /**
   * Takes the translation of the page at `address` away; an access asks the entries again. Caches forget it at once, unless the
   * machine has `lateShootdown`: then threads that have used it go on doing so until `shootDown`. Returns the frame that was
   * shown, 0 when none was.
   */
  clear(address: number): number {
    return this.task.invoke(calls.translationClear, this.id, address);
  }
}
