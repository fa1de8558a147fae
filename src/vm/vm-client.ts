/**
 * Whom the VM works for: what it must ask, and whom it tells what it does. Threads, traces and watched invariants are the kernel's, and
 * a VM without a kernel has nobody to tell.
 */
import type { MemoryObject } from './memory-object.ts';
import type { Actor, WaitQueue } from './steps.ts';

export interface VMClient {
  /** Whether a thread waits on a word of the frame, by its physical address. */
  isWaitedOn(frame: number): boolean;
  /** Wakes everybody in a queue. */
  wakeAll(actor: Actor, queue: WaitQueue): void;

  // Where pages are.

  /** A frame that had another use before is given out. */
  recycled(actor: Actor, frame: number): void;
  /** A frame holds this page from now on. */
  resident(object: MemoryObject, index: number, frame: number): void;
  /** A page was copied from one frame to another. */
  moved(actor: Actor, from: number, to: number): void;
  /** A page went to swap. Returns the key under which what happened to it is to be found again. */
  pagedOut(actor: Actor, frame: number): number;
  pagedIn(actor: Actor, frame: number, key: number): void;
  /** A page is taken away from whoever reaches it, or rights to it: paged out, dropped, unmapped, protected. */
  reclaimed(frame: number): void;
  /** Lines of the data cache that have these bytes were written back or dropped: bits of Maintain. */
  maintained(actor: Actor, physical: number, length: number, operation: number): void;

  // What may be wrong with it.

  /** The contents of a frame are about to be put elsewhere, or dropped, under whoever has it. */
  displaced(actor: Actor, frame: number): void;
  /** A frame is about to be given back. */
  freed(actor: Actor, frame: number): void;
  /** From now on nobody may store to these pages of an object as they are: somebody has a copy of them. */
  copied(object: MemoryObject, first: number, end: number): void;
  /**
   * Contents are looked at that were dropped under pressure.
   *
   * @param frame where they were; of what had gone to swap, where it is missed
   * @param address what is read, 0 where it is a device that is given them
   */
  lost(actor: Actor, frame: number, address: number): void;
  /** A page goes whose contents are nowhere else, since it counts as clean. */
  lostWrite(actor: Actor, frame: number): void;
  /** A purgeable object is lined up (or not) though it is not volatile (or is). */
  misplaced(actor: Actor, isQueued: boolean): void;
}

export const noClient: VMClient = {
  isWaitedOn: () => false,
  wakeAll() {},
  recycled() {},
  resident() {},
  moved() {},
  pagedOut: () => 0,
  pagedIn() {},
  reclaimed() {},
  maintained() {},
  displaced() {},
  freed() {},
  copied() {},
  lost() {},
  lostWrite() {},
  misplaced() {},
};
