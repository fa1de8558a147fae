/**
 * How many different hashes there were among any number of them, in bounded memory: the k smallest are kept (Bar-Yossef, Jayram, Kumar,
 * Sivakumar and Trevisan, "Counting Distinct Elements in a Data Stream", RANDOM 2002). Up to k the count is exact; beyond, (k − 1) / v is
 * an unbiased estimate, v being the largest that is kept as a part of all there could be, with a standard error of about 1/√k: 1.6 %.
 *
 * Each is kept with how often it came, which is known exactly for those that are kept. The part of all draws that came just once estimates the
 * probability that the next draw is one never seen (Good, "The Population Frequencies of Species", Biometrika 1953); that supposes draws
 * that do not depend on each other, so it is an indication where a strategy learns.
 *
 * What several explorers have seen comes to the same in whatever order it is put together.
 */
const mostKept = 4096;
const range = 2 ** 53;

/** What one explorer has seen, as plain data. */
export interface Seen {
  /** The smallest hashes and how often each came, ascending. */
  readonly sample: readonly (readonly [hash: number, times: number])[];
  readonly draws: number;
  readonly limit: number;
}

const slots = 4 * mostKept;
const empty = -1;

export class Distinct {
  /** How many hashes came, the same ones included. */
  draws = 0;
  /** The hashes that are kept, at a place that follows from each or behind it; and how often each came. */
  private readonly hashes = new Float64Array(slots).fill(empty);
  private readonly times = new Float64Array(slots);
  private kept = 0;
  /** The largest hash that may be kept. */
  private limit = range;

  clear(): void {
    this.draws = 0;
    this.kept = 0;
    this.limit = range;
    this.hashes.fill(empty);
  }

  /** @param hash a whole number below 2^53, evenly spread */
  add(hash: number): void {
    this.draws++;
    if (hash <= this.limit) this.keep(hash, 1);
    // Room for as many again, so that sorting is rare.
    if (this.kept === 2 * mostKept) this.trim();
  }

  merge({ sample, draws, limit }: Seen): void {
    this.draws += draws;
    if (limit < this.limit) this.lower(limit);
    for (const [hash, times] of sample) if (hash <= this.limit) this.keep(hash, times);
    this.trim();
  }

  seen(): Seen {
    this.trim();
    return { sample: this.sample(), draws: this.draws, limit: this.limit };
  }

  /** Whether `count` is exact. */
  get isExact(): boolean {
    return this.limit === range;
  }

  get count(): number {
    this.trim();
    if (this.isExact) return this.kept;
    return Math.min(this.draws, Math.round((this.kept - 1) / (this.limit / range)));
  }

  /** The probability that the next draw is one that never came, as Good estimates it; null before the first. */
  get unseen(): number | null {
    if (this.draws === 0) return null;
    const { count } = this;
    const once = this.sample().filter(([, times]) => times === 1).length;
    return Math.min(1, ((once / this.kept) * count) / this.draws);
  }

  private keep(hash: number, times: number): void {
    const { hashes } = this;
    let slot = hash & (slots - 1);
    while (hashes[slot] !== empty && hashes[slot] !== hash) slot = (slot + 1) & (slots - 1);
    if (hashes[slot] === empty) {
      hashes[slot] = hash;
      this.times[slot] = 0;
      this.kept++;
    }
    this.times[slot]! += times;
  }

  private trim(): void {
    if (this.kept > mostKept) this.lower(this.sample()[mostKept - 1]![0]);
  }

  private lower(limit: number): void {
    const sample = this.sample();
    this.hashes.fill(empty);
    this.kept = 0;
    this.limit = limit;
    for (const [hash, times] of sample) if (hash <= limit) this.keep(hash, times);
  }

  private sample(): [hash: number, times: number][] {
    const sample: [number, number][] = [];
    this.hashes.forEach((hash, slot) => {
      if (hash !== empty) sample.push([hash, this.times[slot]!]);
    });
    return sample.sort(([a], [b]) => a - b);
  }
}
