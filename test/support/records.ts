/** Records of shards that tests write, and what explorations have in common whoever did them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MergedExploration, merge } from '../../src/explore/merge.ts';
import { within } from '../machine/support/bounded.ts';

export const scenarios = fileURLToPath(new URL('../fixtures/shard-scenarios.ts', import.meta.url));
/** Milliseconds that an exploration or a merge may take. */
export const limit = 90_000;

const folder = mkdtempSync(join(tmpdir(), 'wiredown-shards-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A file that is not there yet. */
export const newRecord = (): string => join(folder, `${files++}.jsonl`);

export const together = (records: string[]): Promise<MergedExploration> =>
  within(limit, 'merge', merge(scenarios, records, { threadCheck: false, workers: 1 }));

/** All that does not depend on how fast it went, nor on what was on record. */
export function lasting({
  elapsed: _,
  executionsPerSecond: __,
  recalled: ___,
  told: ____,
  ...rest
}: Partial<MergedExploration>): unknown {
  return rest;
}
