/**
 * Which pages the threads of one explorer have reached, and who: a page that a second actor reaches is shared, and a scheduling point from the
 * next execution on for which somebody says so.
 */
import type { Reach } from '../machine/reach.ts';

export class ReachedPages {
  readonly reach: Reach;
  /** Frame → 1 once several actors have reached it, also where that is no point yet. */
  readonly shared: Uint8Array;
  private readonly discovered = new Set<number>();

  constructor(frames: number) {
    this.reach = { first: new Int32Array(frames), points: new Uint8Array(frames) };
    this.shared = new Uint8Array(frames);
  }

  readonly onShared = (frame: number): void => {
    this.shared[frame] = 1;
    if (this.reach.points[frame] === 0) this.discovered.add(frame);
  };

  /** Nobody has reached anything. */
  forget(): void {
    this.reach.first.fill(0);
    this.reach.points.fill(0);
    this.shared.fill(0);
    this.discovered.clear();
  }

  /** Goes on from these discoveries, and no others. */
  begin(points: readonly number[]): void {
    this.discovered.clear();
    for (const frame of points) {
      this.reach.points[frame] = 1;
      this.shared[frame] = 1;
    }
  }

  /** Whether there are shared pages that are no points. */
  get hasDiscovered(): boolean {
    return this.discovered.size > 0;
  }

  /** Shared pages are points from now on. */
  widen(): void {
    for (const frame of this.discovered) this.reach.points[frame] = 1;
    this.discovered.clear();
  }

  /** Frames that are no points yet, with 1 + the only actor that reached them; those that are, or were discovered, with 0. */
  entries(): [frame: number, actor: number][] {
    const frames: [number, number][] = [];
    this.reach.first.forEach((actor, frame) => {
      if (this.reach.points[frame] === 1) frames.push([frame, 0]);
      else if (actor !== 0) frames.push([frame, this.discovered.has(frame) ? 0 : actor]);
    });
    return frames;
  }

  /** As it is now, for `putBack`. */
  copy(): ReachedPages {
    const copy = new ReachedPages(this.shared.length);
    copy.putBack(this);
    return copy;
  }

  /** Is as `pages` were. */
  putBack({ reach, shared, discovered }: ReachedPages): void {
    this.reach.first.set(reach.first);
    this.reach.points.set(reach.points);
    this.shared.set(shared);
    this.discovered.clear();
    for (const frame of discovered) this.discovered.add(frame);
  }
}
