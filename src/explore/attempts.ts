/**
 * Where a campaign whose strategy draws lots attempts a proof by the way, and how many executions each attempt gets.
 *
 * After a first one, which is over soon, probes estimate how many traces there are. If so many executions are left, the next attempt
 * gets what it takes, at once; where only the time is limited, nobody knows how many are, and it waits for a round of as many. Else attempts are
 * blind, and have an eighth of their rounds' executions more: the part stays the same, however far a campaign comes. (Rejected: to make none where
 * there are too many traces. There may be far fewer ways for reads to read from writes; but where these are not told apart, none is made.)
 *
 * An attempt begins anew, so that it depends on its numbers alone and any worker can make it; what the shorter ones before it did is done again.
 * (Rejected: one that goes on from round to round, since it would live in one worker, and die with it.)
 */
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { Probes } from '../schedule/estimate/probes.ts';
import { whyNoEstimate } from './estimator.ts';
import { type ChunkJob, type ChunkResult, type ExecutionSettings, Explorer } from './explorer.ts';
import type { Description } from './explorer-service.ts';
import type { Settings } from './options.ts';

/** Steps of the longest execution with which a proof is attempted: looking for its races takes time with their square, and there are too many orders. */
const longestProved = 2000;
/** A quarter of these only teach (schedule/estimate/probes.ts). */
const probes = 64;
/** So many standard errors from an estimate the number of traces lies hardly ever. */
const errors = 3;
/** More executions than this nobody has while others wait. */
const longestAttempt = 65_536;
/** A blind attempt has one of so many of its round's executions. More would keep eight workers waiting for the one that makes it. */
const partOfAttempt = 8;

export class Attempts {
  /** Executions of the first one. */
  readonly first = 64;
  /** Those of the probes beside it. */
  readonly probes: number;
  /** Executions of the longest one so far. */
  private longest = this.first;
  /** How many executions an attempt takes, if the estimate is right: at least if it goes by traces, and at most. */
  private fewest = 0;
  private most = Number.POSITIVE_INFINITY;
  /** Whether it has turned out that reads do not tell what can happen (schedule/dpor/reads-from). */
  private goesByTraces = false;

  private constructor({ actors, memoryModel }: Pick<Description, 'actors' | 'memoryModel'>) {
    this.probes = whyNoEstimate(actors, memoryModel) === null ? probes : 0;
  }

  /** Null where the campaign attempts no proof. @param steps of the longest execution of its beginning */
  static of(
    { strategy }: Pick<Settings, 'strategy'>,
    description: Pick<Description, 'actors' | 'memoryModel'>,
    steps: number,
  ): Attempts | null {
    const isMade = strategy === 'portfolio' && steps <= longestProved;
    return isMade ? new Attempts(description) : null;
  }

  learn(results: readonly ChunkResult[]): void {
    for (const { by, estimate } of results) {
      if (by === 'dpor') this.goesByTraces = true;
      if (estimate === undefined || estimate.traces === null) continue;
      const error = estimate.standardError!;
      // An error as large as that is itself too small.
      if (error > estimate.traces / 2) continue;
      this.fewest = estimate.traces - errors * error;
      this.most = Math.ceil(estimate.traces + errors * error);
    }
  }

  /**
   * The next attempt begins a round of `size`, which is larger than all before, when `left` executions are left. → how many it has; 0 where none is
   * made, since it would be no longer than one that was
   */
  begin(size: number, left: number): number {
    const length = this.suits(Number.isFinite(left) ? left : size)
      ? this.generously(size, left)
      : this.blindly(size, left);
    if (length <= this.longest) return 0;
    this.longest = length;
    return length;
  }

  private suits(room: number): boolean {
    return this.most > this.longest && this.most <= Math.min(room, longestAttempt);
  }

  /** In doubt twice as many, if that leaves as many for others: those that it does not need it does not take. */
  private generously(size: number, left: number): number {
    const spare = Math.min(Number.isFinite(left) ? Math.floor(left / 2) : size, longestAttempt);
    return Math.max(this.most, Math.min(2 * this.most, spare));
  }

  private blindly(size: number, left: number): number {
    const isHopeless = this.goesByTraces && this.fewest > Math.min(left, longestAttempt);
    return isHopeless ? 0 : size / partOfAttempt;
  }
}

/** An attempt at a proof, or probes: by an explorer of its own, which knows nothing of other chunks. */
export function attempt(
  kind: 'proof' | 'probes',
  loaded: LoadedScenario,
  settings: ExecutionSettings,
  chunk: ChunkJob,
  flags: Int32Array,
): ChunkResult {
  if (kind === 'proof')
    return new Explorer(loaded, { ...settings, strategy: 'dpor', equivalence: 'reads-from' }).explore(chunk, flags);
  const probes = new Probes(settings.seed);
  const result = new Explorer(loaded, settings, probes).explore(chunk, flags);
  return { ...result, estimate: probes.estimate(result.cut) };
}
