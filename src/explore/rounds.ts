/**
 * How a campaign's executions are cut into chunks. A round ends with a barrier, at which what is shared is widened; rounds
 * double, so that barriers cost nothing in the long run. Cuts depend on execution numbers alone, never on the number of
 * workers: that is what makes a seed mean the same on any machine.
 *
 * In the common beginning every execution teaches all that come in later rounds. After it the executions are dealt to lanes, each of
 * which learns from its own executions alone: so lanes can be explored on different machines, and give what one machine would have
 * found. (Rejected: learning nothing any more after the beginning, since a page may turn out to be shared very late.)
 */
export interface Chunk {
  readonly from: number;
  readonly to: number;
  /** From 0; null in the common beginning. */
  readonly lane: number | null;
}

/** Executions before the first round, each of which may widen what the next one sees. */
export const prologue = 16;
export const lanes = 64;
const firstRound = 256;
/** Rounds of at most so many executions belong to the common beginning. */
const largestCommonRound = 2048;
const smallestChunk = 128;
const largestChunk = 8192;

/** The chunks of each round after the prologue, up to execution `limit`. */
export function* rounds(limit: number): Generator<Chunk[]> {
  let from = prologue + 1;
  for (let size = firstRound; size <= largestCommonRound && from <= limit; from += size, size *= 2)
    yield cut(from, Math.min(from + size - 1, limit), Math.max(size / 8, smallestChunk), () => null);
  for (let length = smallestChunk; from <= limit; from += lanes * length, length = Math.min(length * 2, largestChunk))
    yield cut(from, Math.min(from + lanes * length - 1, limit), length, (index) => index);
}

/** Executions `from` to `to` in chunks of `length`. */
function cut(from: number, to: number, length: number, laneOf: (index: number) => number | null): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = from; start <= to; start += length)
    chunks.push({ from: start, to: Math.min(start + length - 1, to), lane: laneOf(chunks.length) });
  return chunks;
}
