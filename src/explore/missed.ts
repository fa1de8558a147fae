/**
 * With what probability a campaign has missed a bug, where its strategy guarantees anything about that: PCT hits a bug of depth d (d orderings are
 * enough to cause it) in each execution with a probability of at least 1 / (n · kᵈ⁻¹), of n threads and k steps (Burckhardt et al., ASPLOS 2010).
 * So N executions miss it with one of at most (1 − 1 / (n · kᵈ⁻¹))ᴺ. A run for d finds what needs fewer orderings at least as well.
 *
 * The other strategies give no such number, and none is made up for them.
 */

/** Depths that are told, as far as the strategy goes. */
const depths = [2, 3];

export interface Explored {
  readonly strategy: string;
  /** Orderings that the strategy looks for. */
  readonly depth: number;
  readonly actors: number;
  /** Steps of the longest execution. */
  readonly longest: number;
  readonly executions: number;
}

/** Depth → the largest probability with which a bug of that depth was missed; null where nothing is guaranteed. */
export function missed({ strategy, depth, actors, longest, executions }: Explored): Record<string, number> | null {
  const told = depths.filter((one) => one <= depth);
  if (strategy !== 'pct' || told.length === 0 || longest === 0) return null;
  const hit = 1 / (actors * longest ** (depth - 1));
  // The first execution only measures.
  const miss = Math.exp(Math.max(0, executions - 1) * Math.log1p(-hit));
  return Object.fromEntries(told.map((one) => [one, miss]));
}
