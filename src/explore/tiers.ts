/**
 * How the tree of a strategy that enumerates is explored. Most are small: one explorer has all of it. One that has not come to its end after a
 * number of executions begins anew in shares (schedule/shares.ts), a lane each, for all explorers and shards; what the first one did
 * counts no longer, so that nothing counts twice. Tiers come one after the other: a failure of the first has cost less than any of the next.
 *
 * Executions are numbered as if one explorer had taken share after share. Where a page turns out to be shared the tree is another one, and all
 * shares begin anew.
 */
import { titleOf } from '../schedule/strategies.ts';
import type { ChunkRunner } from './chunk-runner.ts';
import type { Settings } from './options.ts';
import { type Chunk, lanes } from './rounds.ts';
import { isOf } from './shard.ts';

/** A tree of no more executions is not worth the survey. */
export const smallTree = 4096;

export async function exploreTree(runner: ChunkRunner, settings: Settings): Promise<void> {
  const { executions: limit, shard, equivalence } = settings;
  // Which ways to read there are at a point is only known when all behind it was explored: no part of them can be had by itself.
  const isOne = equivalence === 'reads-from';
  const whole = isOne ? limit : Math.min(smallTree, limit);
  const [first] = await runner.round([{ from: 1, to: whole, lane: isOne ? 0 : null }], true);
  if (runner.isDecided || whole === limit || first === undefined || first.executions < whole) return;
  runner.beginAnew();
  for (let tier: number | null = 0; tier !== null; ) {
    const chunks = sharesOf(tier, limit);
    const known = runner.points.length;
    const results = await runner.round(chunks, false);
    if (runner.isDecided) return;
    if (runner.points.length > known) {
      runner.beginAnew();
      tier = 0;
      continue;
    }
    const asked = shard === null ? chunks : chunks.filter((chunk) => isOf(shard, chunk));
    if (results.length < asked.length || results.some(({ exhausted }) => exhausted === null)) return;
    tier = results.reduce<number | null>((next, { nextTier }) => least(next, nextTier), null);
  }
  if (shard === null) runner.tally.exhausted = titleOf(settings);
}

const sharesOf = (tier: number, limit: number): Chunk[] =>
  Array.from({ length: lanes }, (_, index) => ({
    from: 1,
    to: limit,
    lane: index,
    share: { tier, index, count: lanes },
  }));

const least = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
