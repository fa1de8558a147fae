/**
 * How a campaign's executions are cut into chunks. A round ends with a barrier, at which what is shared is widened; rounds
 * double, so that barriers cost nothing in the long run. Cuts depend on execution numbers alone, never on the number of
 * workers: that is what makes a seed mean the same on any machine.
 *
 * In the common beginning every execution teaches all that come in later rounds. After it the executions are dealt to lanes, each of
 * which learns from its own executions alone: so lanes can be explored on different machines, and give what one machine would have
 * found. (Rejected: learning nothing any more after the beginning, since a page may turn out to be shared very late.)
 *
 * Where a proof is attempted, each round that is larger than all before begins with an attempt, which has an eighth of its executions more: the part
 * stays the same, however far a campaign comes. An attempt begins anew, so that it too depends on its numbers alone and any worker can make it;
 * what the shorter ones before it did is done again. (Rejected: one that goes on from round to round, since it would live in one worker, and
 * die with it.) Attempts belong to no lane.
 */
import type { Share } from './surveys.ts';

export interface Chunk {
  readonly from: number;
  readonly to: number;
  /** From 0; null in the common beginning. */
  readonly lane: number | null;
  /** An attempt at a proof: `dpor:reads-from` decides, from its beginning. */
  readonly proves?: true;
  /** A share of a tree (tiers.ts): its executions are numbered from 1, as in the tree none is before those of the shares before. */
  readonly share?: Share;
}

/** Executions before the first round, each of which may widen what the next one sees. */
export const prologue = 16;
export const lanes = 64;
const firstRound = 256;
/** Rounds of at most so many executions belong to the common beginning. */
const largestCommonRound = 2048;
const smallestChunk = 128;
const largestChunk = 8192;
/** An attempt has one of so many of its round's executions. More would keep eight workers waiting for the one that makes it. */
const partOfAttempt = 8;

/** The chunks of each round after the prologue, up to execution `limit`; with attempts at a proof where `proving`. */
export function* rounds(limit: number, proving = false): Generator<Chunk[]> {
  let from = prologue + 1;
  let largest = firstRound;
  for (const { size, length, inLanes } of shapes()) {
    if (from > limit) return;
    const attempt = proving && size > largest ? size / partOfAttempt : 0;
    const drawn = from + attempt;
    yield [
      ...cut(from, Math.min(drawn - 1, limit), attempt, () => ({ lane: null, proves: true })),
      ...cut(drawn, Math.min(drawn + size - 1, limit), length, (index) => ({ lane: inLanes ? index : null })),
    ];
    largest = Math.max(largest, size);
    from = drawn + size;
  }
}

/** What rounds consist of, without attempts: there is no last one. */
function* shapes(): Generator<{ size: number; length: number; inLanes: boolean }> {
  for (let size = firstRound; size <= largestCommonRound; size *= 2)
    yield { size, length: Math.max(size / 8, smallestChunk), inLanes: false };
  for (let length = smallestChunk; ; length = Math.min(length * 2, largestChunk))
    yield { size: lanes * length, length, inLanes: true };
}

/** Executions `from` to `to` in chunks of `length`. */
function cut(from: number, to: number, length: number, rest: (index: number) => Omit<Chunk, 'from' | 'to'>): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = from; start <= to; start += length)
    chunks.push({ from: start, to: Math.min(start + length - 1, to), ...rest(chunks.length) });
  return chunks;
}
