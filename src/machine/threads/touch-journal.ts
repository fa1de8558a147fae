/**
 * What a worker keeps of its stores: not the words, whose order among threads nobody knows, but which frames were touched. The
 * coordinator restores those, so that a reset costs what an execution changed.
 *
 * Shared words: a count, a list of frames, and a mark a frame.
 */
import { cacheLine } from '../../hardware/data-cache.ts';
import type { HardwareBuffers } from '../../hardware/hardware.ts';
import { Journal } from '../../hardware/journal.ts';

export const touchBytes = (frames: number): number => 4 * (1 + 2 * frames);

export class TouchJournal extends Journal {
  override recording = true;
  private readonly list: Int32Array;
  private readonly marks: Int32Array;
  private readonly wordsOfFrame: number;
  private readonly linesOfFrame: number;

  constructor(
    touched: SharedArrayBuffer,
    private readonly buffers: HardwareBuffers,
  ) {
    super();
    const { physicalMemory, pageSize } = buffers.configuration;
    const frames = physicalMemory / pageSize;
    this.list = new Int32Array(touched, 0, 1 + frames);
    this.marks = new Int32Array(touched, 4 * (1 + frames), frames);
    this.wordsOfFrame = pageSize / 4;
    this.linesOfFrame = pageSize / cacheLine;
  }

  override save(array: Int32Array, index: number): void {
    const frame = this.frameOf(array.buffer, index);
    if (frame < 0) return;
    if (this.marks[frame] !== 0 || Atomics.exchange(this.marks, frame, 1) !== 0) return;
    this.list[1 + Atomics.add(this.list, 0, 1)] = frame;
  }

  /** Words of memory and lines of the data cache tell their frame; the dirty marks are indexed by it. -1: restored otherwise. */
  private frameOf(buffer: ArrayBufferLike, index: number): number {
    const { memory, cache } = this.buffers;
    if (buffer === memory) return Math.floor(index / this.wordsOfFrame);
    if (cache === null) return index;
    if (buffer === cache.states) return Math.floor(index / this.linesOfFrame);
    return buffer === cache.registers ? -1 : index;
  }

  /** Calls `restore` for each touched frame, once, and forgets them. Only while no task runs. */
  drain(restore: (frame: number) => void): void {
    const count = this.list[0]!;
    for (let i = 1; i <= count; i++) {
      const frame = this.list[i]!;
      restore(frame);
      this.marks[frame] = 0;
    }
    this.list[0] = 0;
  }
}
