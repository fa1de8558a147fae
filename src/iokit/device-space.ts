/**
 * Which device addresses are taken. Each actor has a part of them of its own, so that the addresses it is given do not depend on
 * what others map (execution.md, rule 5); the machine itself has the upper half. Device page 0 is never given: 0 means "none".
 *
 * An address is not used again until the part is exhausted, so that a stale one is refused for as long as possible.
 */
import type { Journal } from '../hardware/journal.ts';
import type { Actor } from '../vm/steps.ts';
import type { DeviceWindow } from './device-map.ts';

/** Actors with a part of their own; those beyond it share everything, a declared conflict. */
const parts = 256;

export class DeviceSpace {
  /** In the order of their addresses. */
  readonly windows: DeviceWindow[] = [];
  /** Actor's pool → where its next window goes. */
  private readonly next = new Map<number, number>();

  /** @param pages how many device pages there are */
  constructor(
    private readonly journal: Journal,
    private readonly pages: number,
  ) {}

  /** Takes `count` pages that begin at a multiple of `alignment` (in pages) and end at `limit` at the latest; null when none are free. */
  take(actor: Actor, count: number, alignment: number, limit: number, backed: boolean): DeviceWindow | null {
    const end = Math.min(limit, this.pages);
    const part = this.partOf(actor.pool);
    const before = this.next.get(actor.pool);
    const first =
      this.gap(before ?? part.start, Math.min(part.end, end), count, alignment) ||
      this.gap(part.start, Math.min(part.end, end), count, alignment) ||
      this.gap(1, end, count, alignment);
    if (first === 0) return null;
    if (first >= part.start && first < part.end) {
      this.next.set(actor.pool, first + count);
      this.journal.undo(() =>
        before === undefined ? this.next.delete(actor.pool) : this.next.set(actor.pool, before),
      );
    }
    const window = { first, pages: count, backed };
    this.insert(window);
    this.journal.undo(() => this.drop(window));
    return window;
  }

  give(window: DeviceWindow): void {
    this.drop(window);
    this.journal.undo(() => this.insert(window));
  }

  /** The window that holds device page `page`, or null. */
  at(page: number): DeviceWindow | null {
    return this.windows.find(({ first, pages }) => page >= first && page < first + pages) ?? null;
  }

  private insert(window: DeviceWindow): void {
    const at = this.windows.findIndex(({ first }) => first > window.first);
    this.windows.splice(at < 0 ? this.windows.length : at, 0, window);
  }

  private drop(window: DeviceWindow): void {
    this.windows.splice(this.windows.indexOf(window), 1);
  }

  private partOf(pool: number): { start: number; end: number } {
    const half = Math.floor(this.pages / 2);
    if (pool === 0) return { start: half, end: this.pages };
    const share = Math.floor((half - 1) / parts);
    if (pool > parts || share === 0) return { start: 1, end: this.pages };
    return { start: 1 + (pool - 1) * share, end: 1 + pool * share };
  }

  /** The first page of the first gap between `from` and `end`, or 0. */
  private gap(from: number, end: number, count: number, alignment: number): number {
    let first = Math.ceil(from / alignment) * alignment;
    for (const window of this.windows) {
      if (window.first + window.pages <= first) continue;
      if (window.first >= first + count) break;
      first = Math.ceil((window.first + window.pages) / alignment) * alignment;
    }
    return first + count <= end ? first : 0;
  }
}
