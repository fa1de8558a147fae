/** Who is told what happens inside calls: the carrier, which writes it into the trace. */
import type { KernelObject } from '../vm/kernel-object.ts';
import type { RuleName } from './rules.ts';
import type { KernelThread } from './thread.ts';

export interface Observer {
  /** `thread` takes over what happened before the release of `key`. */
  acquire(thread: KernelThread, key: number): void;
  /** What `thread` did so far happens before every later acquire of `key`. */
  release(thread: KernelThread, key: number): void;
  /** `thread` used an object in a way that the caller must serialise. */
  touch(thread: KernelThread, object: KernelObject): void;
  /** `thread` was given a page frame that had another use before. */
  recycled(thread: KernelThread, frame: number): void;
  /** `thread` copied a page from one frame to another: what happened to its words happened before. */
  moved(thread: KernelThread, from: number, to: number): void;
  /** `thread` had a page paged out; what happened to it goes with `key`. */
  pagedOut(thread: KernelThread, frame: number, key: number): void;
  /** `thread` had it brought back. */
  pagedIn(thread: KernelThread, frame: number, key: number): void;
  /** A page is taken away from whoever reaches it, or rights to it: paged out, dropped, unmapped, protected, or by hand. */
  reclaimed(frame: number): void;
  /** `thread` had the lines of `length` bytes written back or dropped: bits of Maintain. */
  maintained(thread: KernelThread, physical: number, length: number, operation: number): void;
  /** `about` is a handle, minus a frame, or 0 (rules.ts); `address` is where the thread, or whom it acts for, has the page, or 0. */
  violation(thread: KernelThread, rule: RuleName, text: string, about: number, address: number): void;
  /** `thread` can run again. */
  woken(thread: KernelThread): void;
}

/** Hears of nothing. */
export const silent: Observer = {
  acquire() {},
  release() {},
  touch() {},
  recycled() {},
  moved() {},
  pagedOut() {},
  pagedIn() {},
  reclaimed() {},
  maintained() {},
  violation() {},
  woken() {},
};
