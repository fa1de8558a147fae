/**
 * How a campaign's executions are cut into chunks. A round ends with a barrier, at which what is shared is widened; rounds
 * double, so that barriers cost nothing in the long run. Cuts depend on execution numbers alone, never on the number of
 * workers: that is what makes a seed mean the same on any machine.
 *
 * In the common beginning every execution teaches all that come in later rounds. After it the executions are dealt to lanes, each of
 * which learns from its own executions alone: so lanes can be explored on different machines, and give what one machine would have
 * found. (Rejected: learning nothing any more after the beginning, since a page may turn out to be shared very late.)
 *
 * Where a proof is attempted (attempts.ts), a short attempt and probes are a round between the first ones, and each round that is larger than all before
 * may begin with an attempt. Attempts belong to no lane.
 */
import type { Attempts } from './attempts.ts';
import type { Share } from './surveys.ts';

export interface Chunk {
  readonly from: number;
  readonly to: number;
  /** From 0; null in the common beginning. */
  readonly lane: number | null;
  /** An attempt at a proof: `dpor:reads-from` decides, from its beginning. Or probes, which estimate how much there is to prove. */
  readonly kind?: 'proof' | 'probes';
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
/**
 * The chunks of each round after the prologue, up to execution `limit`; with attempts at a proof, if there are any, which learn between the
 * rounds how long they are to be.
 */
export function* rounds(limit: number, attempts: Attempts | null = null): Generator<Chunk[]> {
  let from = prologue + 1;
  let largest = 0;
  for (const { size, length, inLanes } of shapes()) {
    if (from > limit) return;
    let drawn = from;
    if (attempts !== null && size > largest && largest > 0) drawn += attempts.begin(size, limit - from + 1);
    yield [
      ...cut(from, Math.min(drawn - 1, limit), drawn - from, () => ({ lane: null, kind: 'proof' })),
      ...cut(drawn, Math.min(drawn + size - 1, limit), length, (index) => ({ lane: inLanes ? index : null })),
    ];
    from = drawn + size;
    if (attempts !== null && largest === 0 && from <= limit) {
      const probed = from + attempts.first;
      const next = probed + attempts.probes;
      yield [
        ...cut(from, Math.min(probed - 1, limit), attempts.first, () => ({ lane: null, kind: 'proof' })),
        ...cut(probed, Math.min(next - 1, limit), attempts.probes, () => ({ lane: null, kind: 'probes' })),
      ];
      from = next;
    }
    largest = Math.max(largest, size);
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
