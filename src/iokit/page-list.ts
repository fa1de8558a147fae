/**
 * Page lists: what wiring produces. A list covers a stretch of the descriptor that lies in one place, and holds the frames of
 * its pages. Segments of physical memory never cross from one list to the next (xnu-reference 3.2).
 */
import type { MemoryObject } from '../vm/memory-object.ts';
import type { Actor } from '../vm/steps.ts';
import type { IOReturn } from './return-codes.ts';

/** Bytes of one list at most; longer stretches are divided. */
export const pageListLimit = 64 * 2 ** 20;

/** A page that is to be wired. */
export interface PagePlace {
  readonly object: MemoryObject;
  readonly index: number;
}

/** A stretch of bytes that becomes one page list. */
export interface Stretch {
  /** Where in the descriptor it begins. */
  readonly offset: number;
  readonly length: number;
  /** Where in its first page it begins. */
  readonly pageOffset: number;
  /** Where its page `page` is found, or why it cannot be wired for `write` or only for reading. */
  locate(page: number, write: boolean, actor: Actor): PagePlace | IOReturn;
}

export class PageList {
  readonly frames: number[] = [];
  readonly objects: MemoryObject[] = [];
  /** Of pages that a device is to fill: page of the list → page of its object. */
  readonly absent = new Map<number, number>();

  constructor(
    readonly offset: number,
    readonly length: number,
    readonly pageOffset: number,
  ) {}
}

/** A stretch of physical memory; address 0 and length 0 mean that there is none. */
export interface Segment {
  readonly address: number;
  readonly length: number;
}

export const noSegment: Segment = { address: 0, length: 0 };

/** The physical memory from byte `offset` of the descriptor as far as it goes on without a gap; null when no list holds it. */
export function segmentAt(lists: readonly PageList[], offset: number, pageSize: number): Segment | null {
  for (const list of lists) {
    const inside = offset - list.offset;
    if (inside < 0 || inside >= list.length) continue;
    const at = list.pageOffset + inside;
    let page = Math.floor(at / pageSize);
    const frame = list.frames[page];
    if (frame === undefined) return null;
    const inPage = at - page * pageSize;
    const { frames } = list;
    const most = list.length - inside;
    let length = pageSize - inPage;
    for (let next = frame + 1; length < most && frames[++page] === next; next++) length += pageSize;
    return { address: frame * pageSize + inPage, length: Math.min(length, most) };
  }
  return null;
}

/** As `segmentAt`, but no further than the page that holds the byte: cheap when a long copy asks page by page. */
export function fragmentAt(lists: readonly PageList[], offset: number, pageSize: number): Segment | null {
  for (const list of lists) {
    const inside = offset - list.offset;
    if (inside < 0 || inside >= list.length) continue;
    const at = list.pageOffset + inside;
    const page = Math.floor(at / pageSize);
    const frame = list.frames[page];
    if (frame === undefined) return null;
    const inPage = at - page * pageSize;
    return { address: frame * pageSize + inPage, length: Math.min(pageSize - inPage, list.length - inside) };
  }
  return null;
}
