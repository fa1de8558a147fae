/**
 * What a worker keeps of its stores: not the words, whose order among threads nobody knows, but which frames were touched. The
 * coordinator restores those, so that a reset costs what an execution changed.
 *
 * Shared words: a count, a list of frames, and a mark a frame.
 */
import { Journal } from '../../hardware/journal.ts';

export const touchBytes = (frames: number): number => 4 * (1 + 2 * frames);

export class TouchJournal extends Journal {
  override recording = true;
  private readonly list: Int32Array;
  private readonly marks: Int32Array;
  private readonly shift: number;

  /**
   * @param memory the words of physical memory; any other array that is saved is indexed by frame (the dirty marks)
   */
  constructor(
    touched: SharedArrayBuffer,
    frames: number,
    private readonly memory: SharedArrayBuffer,
    pageSize: number,
  ) {
    super();
    this.list = new Int32Array(touched, 0, 1 + frames);
    this.marks = new Int32Array(touched, 4 * (1 + frames), frames);
    this.shift = Math.log2(pageSize / 4);
  }

  override save(array: Int32Array, index: number): void {
    const frame = array.buffer === this.memory ? Math.floor(index / 2 ** this.shift) : index;
    if (this.marks[frame] !== 0 || Atomics.exchange(this.marks, frame, 1) !== 0) return;
    this.list[1 + Atomics.add(this.list, 0, 1)] = frame;
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
