/**
 * A view: what a mapping of (part of) a descriptor has to show, page by page, before anybody has settled where. General
 * descriptors take it from their memory reference, composite ones put it together from those of their parts.
 */
import { VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE } from '../vm/map-entry.ts';
import type { MemoryObject } from '../vm/memory-object.ts';
import type { MemoryReference } from './memory-reference.ts';

/** A window of an object, in whole pages. */
export interface ViewPiece {
  /** Null for pages that nobody may access. */
  readonly object: MemoryObject | null;
  readonly objectOffset: number;
  readonly size: number;
  /** Bytes from the first page of the view to the first of the piece. */
  readonly at: number;
  /** VM_PROT bits. */
  readonly protection: number;
  /** The object is a snapshot: whoever stores through the map gets pages of his own. */
  readonly needsCopy: boolean;
}

export interface View {
  readonly pieces: readonly ViewPiece[];
  /** Where in its first page the memory begins. */
  readonly pageOffset: number;
  /** Bytes, whole pages. */
  readonly size: number;
}

/** What is asked for: bytes of a descriptor, and how they are to be mapped. */
export interface ViewRequest {
  readonly offset: number;
  readonly length: number;
  readonly readOnly: boolean;
  /** As kIOMapCacheMask numbers them; 0 is the default. */
  readonly cacheMode: number;
}

/**
 * The view through a memory reference; null when that does not allow it. With `silently`, as in the sources, the view is reduced
 * to what the reference allows instead.
 */
export function viewThrough(
  reference: MemoryReference,
  request: ViewRequest,
  silently: boolean,
  pageSize: number,
  needsCopy: boolean,
): View | null {
  const wanted = request.readOnly ? VM_PROT_READ : VM_PROT_READ | VM_PROT_WRITE;
  const protection = silently || reference.widen(wanted) ? wanted & reference.access : VM_PROT_NONE;
  return protection === VM_PROT_NONE ? null : viewOf(reference, request, protection, pageSize, needsCopy);
}

/** Each entry goes to the page after the one before it. */
function viewOf(
  reference: MemoryReference,
  { offset, length }: ViewRequest,
  protection: number,
  pageSize: number,
  needsCopy: boolean,
): View {
  const pieces: ViewPiece[] = [];
  let start = 0;
  let at = 0;
  for (const { object, objectOffset, pageOffset, offset: begin, length: bytes } of reference.entries) {
    const from = Math.max(offset, begin) - begin;
    const to = Math.min(offset + length, begin + bytes) - begin;
    if (from >= to) continue;
    const first = Math.floor((pageOffset + from) / pageSize);
    const size = Math.ceil((pageOffset + to) / pageSize) * pageSize - first * pageSize;
    if (pieces.length === 0) start = (pageOffset + from) % pageSize;
    pieces.push({ object, objectOffset: objectOffset + first * pageSize, size, at, protection, needsCopy });
    at += size;
  }
  return { pieces, pageOffset: start, size: at };
}

/**
 * Views one after the other: the next begins at the byte where the one before it ended. Null when that is no page boundary;
 * with `overlapping`, as in the sources, it begins in the page of that byte then, and overwrites its neighbour.
 */
export function joinViews(
  parts: readonly { readonly view: View; readonly length: number }[],
  pageSize: number,
  overlapping: boolean,
): View | null {
  const pieces: ViewPiece[] = [];
  const pageOffset = parts[0]?.view.pageOffset ?? 0;
  let end = 0;
  let byte = pageOffset;
  for (const { view, length } of parts) {
    const base = Math.floor(byte / pageSize) * pageSize;
    if (!overlapping && (base !== end || view.pageOffset !== byte - base)) return null;
    for (const piece of view.pieces) pieces.push({ ...piece, at: base + piece.at });
    end = Math.max(end, base + view.size);
    byte += length;
  }
  return { pieces, pageOffset, size: end };
}
