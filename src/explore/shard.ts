/** A part of a campaign, for one machine of several: the lanes whose number leaves a certain rest. */
import { UsageError } from '../machine/errors.ts';
import { type Chunk, lanes } from './rounds.ts';

/** Shard `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** '2/3'. Throws UsageError. */
export function readShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(count >= 1 && count <= lanes && index >= 1 && index <= count))
    throw new UsageError(
      `shard: expected 1/3 for the first of three, up to ${lanes}/${lanes}, got ${JSON.stringify(text)}`,
    );
  return { index, count };
}

/**
 * The common beginning belongs to every shard: what it teaches is needed everywhere. So does an attempt at a proof, or the beginning of a tree,
 * which may end each of them.
 */
export const isOf = ({ index, count }: Shard, { lane }: Chunk): boolean => lane === null || lane % count === index - 1;
