/**
 * Translations that privileged code makes and takes away by hand, and what follows: I1, a page that is free is reached by nobody,
 * processors' and devices' caches included; and I5, nobody uses a translation that is over.
 *
 * A translation that was taken away may be used until its page is given up, or the thread that took it away has come to its end,
 * as a system call that returns: an access before that is one that came before the change. (Rejected: until the map lock is let go, or
 * until whoever uses it knows of the change by a message. Those that flush after it, before they free, do no harm.)
 */
import { hex } from '../hardware/errors.ts';
import { takesAway } from '../hardware/late-translations.ts';
import { deviceSpace } from '../hardware/page-fate.ts';
import { pteFrameShift } from '../hardware/page-table.ts';
import { accessRead, accessWrite } from '../hardware/translation-cache.ts';
import type { Kernel } from './kernel.ts';
import { aboutFrame } from './rules.ts';
import type { KernelThread } from './thread.ts';

export class TranslationWatch {
  /** The frame whose release is being reported already, or -1. */
  private reported = -1;

  constructor(private readonly kernel: Kernel) {}

  /** `thread` has put `after` in the place of `before` in a page table, and no processor was told. */
  changed(thread: KernelThread, space: number, page: number, before: number, after: number): void {
    const { byHand, hardware, observer } = this.kernel;
    byHand.touchPage(space, page);
    if (!takesAway(before, after)) return;
    observer.reclaimed(before >>> pteFrameShift);
    if (hardware.late !== null)
      byHand.setChange(space, page, { by: thread, frame: before >>> pteFrameShift, freed: false });
  }

  /** Every processor has forgotten these pages. */
  shotDown(space: number, first: number, end: number): void {
    const { late } = this.kernel.hardware;
    if (late === null) return;
    for (let page = first; page < end; page++) {
      late.forget(space, page);
      this.kernel.byHand.setChange(space, page, null);
    }
  }

  /** `thread` is about to use a translation that its processor alone has. */
  check(thread: KernelThread, address: number, physical: number, access: number): void {
    const { kernel } = this;
    if (access === accessWrite)
      kernel.snapshotWatch.stored(thread, Math.floor(physical / kernel.hardware.pageSize), thread.task.space, address);
    const page = Math.floor(address / kernel.hardware.pageSize);
    const change = kernel.byHand.changeOf(thread.task.space.number, page);
    if (change === null || !(change.freed || change.by.ended)) return;
    const over = change.freed ? 'and the page has been freed since' : 'and has ended';
    const verb = access === accessRead ? 'reads' : 'writes';
    kernel.violation(
      thread,
      'stale-translation',
      `${thread.name} ${verb} at ${hex(address)} through a translation to frame ${change.frame} that ${change.by.name} took away; its processor was not told to forget it, ${over}`,
      aboutFrame(Math.floor(physical / kernel.hardware.pageSize)),
      address,
    );
  }

  /** Privileged code gives up the last owner of a frame. Reads every table: only it pays for that. */
  released(thread: KernelThread, frame: number): void {
    const { frames, tables } = this.kernel.hardware;
    const found: string[] = frames.wires(frame) > 0 ? ['it is wired'] : [];
    for (const { space } of this.kernel.tasks)
      for (const [page, entry] of tables.translations(space.number))
        if (entry >>> pteFrameShift === frame) found.push(this.reach(space.name, page));
    this.report(thread, frame, [...found, ...this.cached(frame)]);
    this.kernel.observer.reclaimed(frame);
    this.reported = frame;
    this.kernel.vm.disown(thread, frame);
    this.reported = -1;
  }

  /** A frame is given back, whoever did it. What the VM knows of is gone; what was done by hand may not be. */
  freed(thread: KernelThread, frame: number): void {
    const { byHand } = this.kernel;
    if (!byHand.isUsed) return;
    if (frame !== this.reported) {
      const found: string[] = [];
      for (const { space } of this.kernel.tasks)
        for (const page of byHand.pagesOf(space.number))
          if (this.kernel.hardware.tables.entry(space.number, page) >>> pteFrameShift === frame)
            found.push(this.reach(space.name, page));
      this.report(thread, frame, [...found, ...this.cached(frame)]);
    }
    byHand.changedFrameFreed(frame);
  }

  /** Who reaches a frame past the page tables of tasks: processors that were not told, and devices. */
  private cached(frame: number): string[] {
    const found: string[] = [];
    const { late, iommu, pageSize } = this.kernel.hardware;
    for (const { processor, page } of late?.holders(frame) ?? [])
      found.push(`${this.kernel.threads[processor]?.name} has it in its translation cache at ${hex(page * pageSize)}`);
    if (iommu === null) return found;
    for (const page of this.kernel.byHand.pagesOf(deviceSpace))
      for (const [physicalPage, where] of iommu.reached(page))
        if (Math.floor((physicalPage * iommu.pageSize) / pageSize) === frame)
          found.push(`devices reach it at ${hex(page * iommu.pageSize)}${where}`);
    return found;
  }

  private reach(name: string, page: number): string {
    return `${name} reaches it at ${hex(page * this.kernel.hardware.pageSize)}`;
  }

  private report(thread: KernelThread, frame: number, found: readonly string[]): void {
    if (found.length === 0) return;
    const text = `${thread.name} frees frame ${frame}, but ${found.join(', and ')}`;
    this.kernel.violation(thread, 'freed-page-reachable', text, aboutFrame(frame));
  }
}
