/**
 * Memory as it was after `setup`, for executions whose stores no single journal has seen in order. Frames that were in use are
 * kept by value; all others were zero, and are made so again.
 */
import type { Hardware } from '../../hardware/hardware.ts';
import { TouchJournal, touchBytes } from './touch-journal.ts';

export class Snapshot {
  /** What workers mark the frames in that they touch. */
  readonly touched: SharedArrayBuffer;
  private readonly journal: TouchJournal;
  private readonly kept = new Map<number, Int32Array>();
  private readonly dirty = new Set<number>();
  private readonly referenced = new Set<number>();

  /** Taken now. */
  constructor(private readonly hardware: Hardware) {
    const { frames, memory, pageSize, buffers } = hardware;
    this.touched = new SharedArrayBuffer(touchBytes(frames.frames));
    this.journal = new TouchJournal(this.touched, buffers);
    // Everything below the first pool's fresh frames was handed out before; a dirty frame beyond was written to by its address.
    const used = frames.frontier(1);
    const words = pageSize / 4;
    for (let frame = 0; frame < frames.frames; frame++) {
      const isDirty = frames.isDirty(frame);
      if (isDirty) this.dirty.add(frame);
      if (frames.referenced[frame] !== 0) this.referenced.add(frame);
      if (frame < used || isDirty) this.kept.set(frame, memory.words.slice(frame * words, (frame + 1) * words));
    }
  }

  /** Undoes what tasks stored. The kernel's own changes are the business of its journal, which goes first. */
  restore(): void {
    const { frames, memory, tables, pageSize, caches } = this.hardware;
    const words = pageSize / 4;
    let changed = false;
    this.journal.drain((frame) => {
      const kept = this.kept.get(frame);
      if (kept === undefined) memory.words.fill(0, frame * words, (frame + 1) * words);
      else memory.words.set(kept, frame * words);
      caches?.forget(frame);
      const dirty = this.dirty.has(frame) ? 1 : 0;
      const referenced = this.referenced.has(frame) ? 1 : 0;
      if (frames.dirty[frame] !== dirty || frames.referenced[frame] !== referenced) changed = true;
      frames.dirty[frame] = dirty;
      frames.referenced[frame] = referenced;
    });
    caches?.restored();
    if (changed) tables.invalidate();
  }
}
