/**
 * I2: a page that somebody wired is where it is, and what it is, until the last of them lets it go. The kernel's own pager and
 * purger look at the count of wirings, so it takes privileged code to break this: by unwiring what others wired, or by showing
 * another page in its place. Whoever takes a page away is asked only after the former.
 */
import { hex } from '../hardware/errors.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { wirersOf } from './balance.ts';
import type { Kernel } from './kernel.ts';
import { aboutFrame } from './rules.ts';
import type { KernelThread } from './thread.ts';

export class PageWatch {
  constructor(private readonly kernel: Kernel) {
    kernel.vm.onMove = (actor, frame) => this.moved(actor as KernelThread, frame);
  }

  /** `thread` shows another frame at `address`, where `frame` was (0: nothing). */
  replaced(thread: KernelThread, space: AddressSpace, address: number, before: number, after: number): void {
    const { hardware } = this.kernel;
    const frame = before === 0 ? shownBy(space, address, hardware.pageSize) : before;
    if (frame === 0 || frame === after || hardware.frames.wires(frame) === 0) return;
    const where = `frame ${frame} at ${hex(address)} of ${space.name}`;
    const text = `${thread.name} puts frame ${after} in the place of ${where}, though ${wirersOf(this.kernel, frame)}`;
    this.kernel.violation(thread, 'wired-page-moved', text, aboutFrame(frame));
  }

  /** The contents of a frame that nobody is known to wire go elsewhere, or are dropped. */
  private moved(thread: KernelThread, frame: number): void {
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
