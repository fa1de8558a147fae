/** Page frames in the hands of the kernel: their life, and their bytes without any mapping. */
import { calls } from '../../kernel/calls/index.ts';
import { type Branded, handleId } from '../handle.ts';
import type { Task } from '../task.ts';

/**
 * For whom the kernel reaches a frame: the rule `permission-outrun` looks whether that task could do it itself right then. With `force`,
 * as a debugger stores: what its mapping may be given counts (`maxProtection`).
 */
export interface FrameAccess {
  onBehalfOf?: { readonly task: Branded; readonly address: number; readonly force?: boolean };
}

export class PrivilegedFrames {
  constructor(private readonly task: Task) {}

  /** A frame full of zeroes. Throws RangeError when memory is used up. */
  allocate(): number {
    const frame = this.task.invoke(calls.frameAllocate);
    if (frame === 0) throw new RangeError('frames.allocate: memory is used up');
    return frame;
  }

  /** Gives up one owner of the frame: what `allocate` gave, or an object's. Panics when it is free already. */
  free(frame: number): void {
    this.task.invoke(calls.frameFree, frame);
  }

  /** Keeps the frame from being free, once for each call. */
  wire(frame: number): void {
    this.task.invoke(calls.frameWire, frame);
  }

  unwire(frame: number): void {
    this.task.invoke(calls.frameUnwire, frame);
  }

  /**
   * Marks the frame as stored to, which the stores here do not: without it, a page that has been in swap is taken for clean, and
   * what was stored is lost when it goes there again (`lost-write`).
   */
  setModified(frame: number): void {
    this.task.invoke(calls.frameSetModified, frame);
  }

  /** Takes the mark away. With `lateShootdown`, threads that have stored to it go on without setting it, until `shootDown`. */
  clearModified(frame: number): void {
    this.task.invoke(calls.frameClearModified, frame);
  }

  // `offset` in bytes from the frame's first; the access lies within the frame. Loads are unsigned, stores wrap.

  load8(frame: number, offset: number, access?: FrameAccess): number {
    return this.load(frame, offset, 1, access).getUint8(0);
  }

  load16(frame: number, offset: number, access?: FrameAccess): number {
    return this.load(frame, offset, 2, access).getUint16(0, true);
  }

  load32(frame: number, offset: number, access?: FrameAccess): number {
    return this.load(frame, offset, 4, access).getUint32(0, true);
  }

  load64(frame: number, offset: number, access?: FrameAccess): bigint {
    return this.load(frame, offset, 8, access).getBigUint64(0, true);
  }

  store8(frame: number, offset: number, value: number, access?: FrameAccess): void {
    this.store(frame, offset, 1, access, (view) => view.setUint8(0, value));
  }

  store16(frame: number, offset: number, value: number, access?: FrameAccess): void {
    this.store(frame, offset, 2, access, (view) => view.setUint16(0, value, true));
  }

  store32(frame: number, offset: number, value: number, access?: FrameAccess): void {
    this.store(frame, offset, 4, access, (view) => view.setUint32(0, value, true));
  }

  store64(frame: number, offset: number, value: bigint, access?: FrameAccess): void {
    this.store(frame, offset, 8, access, (view) => view.setBigUint64(0, value, true));
  }

  private load(frame: number, offset: number, width: number, { onBehalfOf }: FrameAccess = {}): DataView {
    const bytes = new Uint8Array(width);
    const task = handleId(onBehalfOf?.task, 'Task', 'onBehalfOf.task');
    this.task.transfer(
      calls.frameRead,
      bytes,
      frame,
      offset,
      width,
      task,
      onBehalfOf?.address ?? 0,
      onBehalfOf?.force ?? false,
    );
    return new DataView(bytes.buffer);
  }

  private store(
    frame: number,
    offset: number,
    width: number,
    { onBehalfOf }: FrameAccess = {},
    fill: (view: DataView) => void,
  ): void {
    const bytes = new Uint8Array(width);
    fill(new DataView(bytes.buffer));
    const task = handleId(onBehalfOf?.task, 'Task', 'onBehalfOf.task');
    this.task.transfer(
      calls.frameWrite,
      bytes,
      frame,
      offset,
      width,
      task,
      onBehalfOf?.address ?? 0,
      onBehalfOf?.force ?? false,
    );
  }
}
