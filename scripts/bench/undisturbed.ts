/**
 * Rounds of a measurement, and which of them had the core to themselves.
 *
 * A core of a virtual machine is often one of two hardware threads that share its arithmetic units; while a neighbour uses the
 * other one, everything here takes up to twice as long, for seconds on end, and neither load nor clock rate shows it. A loop of
 * independent additions does, since it needs all of the units: it is timed before and after each round, and the rounds between
 * its fastest times are the ones that say something about this code. Chosen by the loop alone, never by what the round took.
 */
import { median } from './measure.ts';

/** Medians by column of what rounds returned. */
export interface Medians {
  /** Over the rounds that were disturbed least, a third of `count`. */
  readonly quiet: readonly number[];
  readonly all: readonly number[];
}

/** Up to so many times its fastest, the loop counts as undisturbed. */
const tolerance = 1.15;
/** While too few rounds were undisturbed, more are taken: up to so many times as many. */
const patience = 4;

/**
 * @param count rounds, at least
 * @param round returns one or more numbers, always as many
 */
export async function undisturbed(
  count: number,
  round: () => readonly number[] | Promise<readonly number[]>,
): Promise<Medians> {
  const wanted = Math.ceil(count / 3);
  const taken: { values: readonly number[]; disturbance: number }[] = [];
  const enough = () => taken.filter(({ disturbance }) => disturbance < fastest * tolerance).length >= wanted;
  while (taken.length < count || (taken.length < count * patience && !enough())) {
    const before = additions();
    const values = await round();
    taken.push({ values, disturbance: Math.max(before, additions()) });
  }
  taken.sort((a, b) => a.disturbance - b.disturbance);
  const medians = (rounds: typeof taken) =>
    taken[0]!.values.map((_, i) => median(rounds.map(({ values }) => values[i]!)));
  return { quiet: medians(taken.slice(0, wanted)), all: medians(taken) };
}

let sum = 0;
/** What `additions` took at best, of all the calls of this process. */
let fastest = Number.POSITIVE_INFINITY;

/** Milliseconds for a fixed number of additions, six at a time. */
function additions(): number {
  const start = performance.now();
  let [a, b, c, d, e, f] = [sum, 2, 3, 4, 5, 6];
  for (let i = 0; i < 1_000_000; i++) {
    a = (a + i) | 0;
    b = (b ^ i) | 0;
    c = (c + 7) | 0;
    d = (d ^ 77) | 0;
    e = (e + 3) | 0;
    f = (f - i) | 0;
  }
  sum = a ^ b ^ c ^ d ^ e ^ f;
  const taken = performance.now() - start;
  fastest = Math.min(fastest, taken);
  return taken;
}
