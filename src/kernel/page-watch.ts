/**
 * I2: a page that somebody wired is where it is, and what it is, until the last of them lets it go. The kernel's own pager and
 * purger look at the count of wirings, so it takes privileged code to break this: by unwiring what others wired, or by showing
 * another page in its place. Whoever takes a page away is asked only after the former.
 *
 * Besides, what pages lose on their way: I7, the last store to a page; I11, contents that were volatile; I13, their queue.
 */
import { hex } from '../hardware/errors.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { wirersOf } from './balance.ts';
import type { Kernel } from './kernel.ts';
import { aboutFrame } from './rules.ts';
import type { KernelThread } from './thread.ts';

export class PageWatch {
  constructor(private readonly kernel: Kernel) {}

  /** `thread` shows another frame at `address`, where `frame` was (0: nothing). */
  replaced(thread: KernelThread, space: AddressSpace, address: number, before: number, after: number): void {
    const { hardware } = this.kernel;
    const frame = before === 0 ? shownBy(space, address, hardware.pageSize) : before;
    if (frame === 0 || frame === after || hardware.frames.wires(frame) === 0) return;
    const where = `frame ${frame} at ${hex(address)} of ${space.name}`;
    const text = `${thread.name} puts frame ${after} in the place of ${where}, though ${wirersOf(this.kernel, frame)}`;
    this.kernel.violation(thread, 'wired-page-moved', text, aboutFrame(frame));
  }

  /**
   * I11: contents that may vanish are vouched for by nobody until their owner has asked, and what is lost is written anew.
   *
   * @param frame where they were; of what had gone to swap, where it is missed
   * @param address what was read, 0 where it is a device that is given them
   */
  lost(thread: KernelThread, frame: number, address: number): void {
    const where = address === 0 ? `in frame ${frame}` : `at ${hex(address)} of ${thread.task.name}`;
    const text = `${thread.name} reads what was ${where}: it was dropped while it was volatile, and nobody has written it since`;
    this.kernel.violation(thread, 'purgeable-contract', text, aboutFrame(frame), address);
  }

  /** I7: what was stored is not lost because a mark is missing. */
  lostWrite(thread: KernelThread, frame: number): void {
    const text = `a page is paged out from frame ${frame} as if it were clean, and what was stored to it last is lost: it was not marked as modified`;
    this.kernel.violation(thread, 'lost-write', text, aboutFrame(frame));
  }

  /** I13. Nothing that scenarios can do brings it about: it watches this kernel. */
  misplaced(thread: KernelThread, isQueued: boolean): void {
    const text = isQueued
      ? 'a purgeable object is lined up to be emptied, but is not volatile'
      : 'a purgeable object is volatile, but is not lined up to be emptied';
    this.kernel.violation(thread, 'wrong-queue', text);
  }

  /** The contents of a frame that nobody is known to wire go elsewhere, or are dropped. */
  displaced(thread: KernelThread, frame: number): void {
    const { byHand, iokit } = this.kernel;
    if (!byHand.hasUnwired) return;
    const isPrepared = [...iokit.descriptors].some(
      ({ wiring }) => wiring.wireCount > 0 && wiring.lists.some(({ frames }) => frames.includes(frame)),
    );
    if (!isPrepared) return;
    const text = `a page is taken out of frame ${frame}, though ${wirersOf(this.kernel, frame)}`;
    this.kernel.violation(thread, 'wired-page-moved', text, aboutFrame(frame));
  }
}

/** The frame that an access to `address` would find, 0 for none. */
function shownBy(space: AddressSpace, address: number, pageSize: number): number {
  const entry = space.lookup(address);
  if (entry === null || entry.object === null) return 0;
  const found = entry.object.find(Math.floor((address - entry.start + entry.offset) / pageSize));
  return found?.object.pages.get(found.index) ?? 0;
}
