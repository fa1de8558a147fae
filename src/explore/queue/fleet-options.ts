/** What exploring by a fleet can be told, checked. */
import { UsageError } from '../../machine/errors.ts';
import type { ExploreOptions } from '../options.ts';
import { lanes } from '../rounds.ts';

export interface Fleet {
  readonly url: string;
  readonly shards: number;
  /** Milliseconds. */
  readonly timeout: number;
}

const defaultShards = 8;
export const defaultQueueTimeout = 60_000;

/** Null without a queue. Throws UsageError. */
export function fleetOf({ queue, shards, queueTimeout }: ExploreOptions, timeout: number): Fleet | null {
  if (queue !== undefined) return { url: redisUrl(queue), shards: shards ?? defaultShards, timeout: patience(timeout) };
  const alone = shards !== undefined ? 'shards' : queueTimeout !== undefined ? 'queueTimeout' : null;
  if (alone !== null) throw new UsageError(`${alone}: only exploring by a queue takes it`);
  return null;
}

/** Throws UsageError. */
export function redisUrl(text: unknown): string {
  const isOne = typeof text === 'string' && URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol);
  if (isOne) return text;
  throw new UsageError(`queue: expected the URL of a Redis, as redis://localhost:6379, got ${JSON.stringify(text)}`);
}

/** Throws UsageError. */
export function patience(milliseconds: number): number {
  if (milliseconds >= 1000 && milliseconds <= 3_600_000) return milliseconds;
  throw new UsageError(`queueTimeout: expected a time from 1s to 1h, got ${milliseconds} ms`);
}

/** As many as can be. */
export const mostShards = lanes;
