/**
 * How a campaign's executions are cut into chunks. A round ends with a barrier, at which what is shared is widened; rounds
 * double, so that barriers cost nothing in the long run. Cuts depend on execution numbers alone, never on the number of
 * workers: that is what makes a seed mean the same on any machine.
 */
export interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** Executions before the first round, each of which may widen what the next one sees. */
export const prologue = 16;
const firstRound = 256;
const largestRound = 2 ** 18;
const smallestChunk = 128;
const largestChunk = 8192;

/** The chunks of each round after the prologue, up to execution `limit`. */
export function* rounds(limit: number): Generator<Chunk[]> {
  for (
    let from = prologue + 1, size = firstRound;
    from <= limit;
    from += size, size = Math.min(size * 2, largestRound)
  ) {
    const end = Math.min(from + size - 1, limit);
    const length = Math.min(Math.max(size / 8, smallestChunk), largestChunk);
    const chunks: Chunk[] = [];
    for (let start = from; start <= end; start += length)
      chunks.push({ from: start, to: Math.min(start + length - 1, end) });
    yield chunks;
  }
}
