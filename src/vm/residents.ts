/**
 * Which page of which object each frame holds: the way back from a frame, which only the pager needs. It follows from the
 * objects' pages and is kept by them.
 */
import type { MemoryObject } from './memory-object.ts';

export class Residents {
  private readonly objects: (MemoryObject | null)[];
  private readonly indexes: Float64Array;

  constructor(frames: number) {
    this.objects = Array.from({ length: frames }, () => null);
    this.indexes = new Float64Array(frames);
  }

  add(object: MemoryObject, index: number, frame: number): void {
    if (!object.pageable) return;
    this.objects[frame] = object;
    this.indexes[frame] = index;
  }

  /** The frame is no page of `object` any more. Frames that are only lent are somebody else's, which stays known. */
  remove(object: MemoryObject, frame: number): void {
    if (object.pageable) this.objects[frame] = null;
  }

  /** The object of which the frame is a page; null while it is nobody's. */
  objectOf(frame: number): MemoryObject | null {
    return this.objects[frame]!;
  }

  indexOf(frame: number): number {
    return this.indexes[frame]!;
  }

  some(is: (object: MemoryObject, index: number, frame: number) => boolean): boolean {
    return this.objects.some((object, frame) => object !== null && is(object, this.indexes[frame]!, frame));
  }
}
