/**
 * The past of what a broken rule is about, read off the trace: what happened to a page frame (where the execution kept that), and
 * the calls that a handle went through.
 */
import { Maintain } from '../hardware/data-cache.ts';
import { callTable } from '../kernel/calls/index.ts';
import { actorFactor, headerWords, isAccess, isStep, Kind, type Trace } from '../kernel/trace.ts';
import { handle as handleCodec } from '../kernel/wire.ts';
import { Words } from '../kernel/words.ts';
import { Sort, sortOf } from './access.ts';

/** Something that happened to a page frame. */
export interface PageNote {
  /** The step in which it happened; the note itself where there is none. */
  readonly at: number;
  /** 0 where it is about an entry. */
  readonly frame: number;
  /** A PageFate. */
  readonly fate: number;
  readonly space: number;
  readonly address: number;
  /** Whether that is the address that was asked for. */
  readonly isThere: boolean;
  readonly detail: number;
}

/**
 * What happened to `frame`, and to whatever page was mapped at `address` (0: none), before the event at `until`, in order.
 */
export function pastOfPage(trace: Trace, frame: number, address: number, until: number): PageNote[] {
  const notes: PageNote[] = [];
  const { words } = trace;
  for (let at = 0; at < until; at = trace.after(at)) {
    if (trace.kindAt(at) !== Kind.Page) continue;
    const pageSize = words[at + 4]!;
    const isEntry = words[at + 3]! < 0;
    const end = isEntry ? words[at + headerWords]! : words[at + 6]! + pageSize;
    const isThere = address > 0 && address >= words[at + 6]! && address < end && (isEntry || words[at + 6]! > 0);
    if (words[at + 3] !== frame * pageSize && !isThere) continue;
    notes.push({
      at: stepOfNote(trace, at),
      frame: isEntry ? 0 : words[at + 3]! / pageSize,
      fate: words[at + 2]!,
      space: words[at + 5]!,
      address: words[at + 6]!,
      isThere,
      detail: words[at + headerWords]!,
    });
  }
  return notes;
}

/** The step before the event at `until` that emptied the object which `frame` was of; null where none is known. */
export function lastPurge(trace: Trace, frame: number, until: number): number | null {
  const purges = pastOfPage(trace, frame, 0, until).filter(({ at }) => trace.kindAt(at) === Kind.Purge);
  return purges.at(-1)?.at ?? null;
}

/** The last store to `frame` before the event at `until`; null where none is known. */
export function lastStore(trace: Trace, frame: number, until: number): number | null {
  const { words } = trace;
  let pageSize = 0;
  for (let at = 0; at < until; at = trace.after(at)) if (trace.kindAt(at) === Kind.Page) pageSize = words[at + 4]!;
  let store: number | null = null;
  for (let at = 0; at < until; at = trace.after(at)) {
    const isIn = words[at + 3]! >= frame * pageSize && words[at + 3]! < (frame + 1) * pageSize;
    if (isIn && changesMemory(trace, at)) store = at;
  }
  return store;
}

function changesMemory({ words }: Trace, at: number): boolean {
  const sort = sortOf(words, at, words[at]! % actorFactor);
  return sort === Sort.Store || sort === Sort.AtomicStore;
}

/** Lines of the data cache that were written back or dropped. */
export interface LineNote {
  /** The step in which it happened. */
  readonly at: number;
  /** Physical addresses: the part of the page that was meant. */
  readonly from: number;
  readonly to: number;
  /** Bits of Maintain. */
  readonly operation: number;
}

/** What was done, before the event at `until`, to cached lines of the page of `pageSize` bytes that begins at physical address `page`. */
export function pastOfLines(trace: Trace, page: number, pageSize: number, until: number): LineNote[] {
  const notes: LineNote[] = [];
  const { words } = trace;
  for (let at = 0; at < until; at = trace.after(at)) {
    const kind = trace.kindAt(at);
    if (kind !== Kind.Evict && kind !== Kind.Maintained) continue;
    const from = Math.max(words[at + 3]!, page);
    const to = Math.min(words[at + 3]! + words[at + 4]!, page + pageSize);
    if (from >= to) continue;
    if (kind === Kind.Maintained) notes.push({ at: stepOfNote(trace, at), from, to, operation: words[at + 2]! });
    else notes.push({ at, from, to, operation: Maintain.Drop | (words[at + 2] === 1 ? Maintain.WriteBack : 0) });
  }
  return notes;
}

/** A step in which something happened to a handle: a call that names it, or one inside which it changed hands or went. */
export interface HandleNote {
  readonly at: number;
  /** A HandleFate; 0 for a call that names it. */
  readonly fate: number;
  readonly holder: number;
  readonly held: number;
}

/** Calls that only look change no object's past. */
const onlyLooks = /^(get|is|have|readBytes|writeBytes|map(Lookup|Version|ToPhysical)|recursiveHave|objectPage)/;

/** Whether the call at `at` only looks. */
export const isLook = (trace: Trace, at: number): boolean =>
  onlyLooks.test(callTable[trace.words[at + 2]!]?.name ?? '');

/** What happened to the object before the event at `until`, in order. */
export function pastOfHandle(trace: Trace, handle: number, until: number): HandleNote[] {
  const notes: HandleNote[] = [];
  const { words } = trace;
  for (let at = 0; at < until; at = trace.after(at)) {
    const kind = trace.kindAt(at);
    if (kind === Kind.Call && names(trace, at, handle)) notes.push({ at, fate: 0, holder: 0, held: 0 });
    else if (kind === Kind.Handle && words[at + 5] === handle)
      notes.push({ at: stepOfNote(trace, at), fate: words[at + 2]!, holder: words[at + 6]!, held: words[at + 4]! });
  }
  return notes;
}

/** Whether the call at `at` is given the handle, and does more than look at it. */
function names(trace: Trace, at: number, handle: number): boolean {
  const entry = callTable[trace.words[at + 2]!];
  if (entry === undefined || onlyLooks.test(entry.name)) return false;
  const words = wordsAt(trace, at);
  return entry.parameters.some(({ codec }) => codec.decode(words) === handle && codec === handleCodec);
}

/** The name of the call at `at`. */
export const callName = (trace: Trace, at: number): string => callTable[trace.words[at + 2]!]?.name ?? '';

/**
 * The step that a note in the trace belongs to: one of the same operation, the last one up to there; or the one that comes, where
 * what was noted came first, as a page fault does before its access.
 */
export function stepOfNote(trace: Trace, at: number): number {
  const actor = trace.actorAt(at);
  const operation = trace.words[at + 1]!;
  let step = -1;
  for (let event = 0; event < trace.length; event = trace.after(event)) {
    const kind = trace.kindAt(event);
    if (!isStep(kind) || trace.actorAt(event) !== actor || trace.words[event + 1] !== operation) continue;
    const isPressure = kind === Kind.PageOut || kind === Kind.Purge;
    if (event > at) return step < 0 || isPressure ? event : step;
    step = event;
  }
  return step < 0 ? at : step;
}

/** The step, still to come, that the kernel noted something of in advance: an access it examined, a page that goes. Else null. */
export function stepAfter(trace: Trace, at: number): number | null {
  let next = trace.after(at);
  while (next < trace.length && !isStep(trace.kindAt(next))) next = trace.after(next);
  if (next >= trace.length) return null;
  const kind = trace.kindAt(next);
  const isNoted = isAccess(kind) || kind === Kind.PageOut || kind === Kind.Purge;
  const isSame = trace.actorAt(next) === trace.actorAt(at) && trace.words[next + 1] === trace.words[at + 1];
  return isNoted && isSame ? next : null;
}

function wordsAt(trace: Trace, at: number): Words {
  const words = new Words(trace.words);
  words.at = at + headerWords;
  words.length = words.at + trace.words[at + 7]!;
  return words;
}
