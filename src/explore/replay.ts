/** `replay` and `minimise`: one schedule, exactly, from a token. */
import { ThreadMachine } from '../machine/threads/thread-machine.ts';
import { targetOf, toUrl } from './explore.ts';
import { ExplorerPool } from './explorer-pool.ts';
import type { Reproduced } from './explorer-service.ts';
import { type ReplayOptions, type Settings, settle, settleReplay } from './options.ts';
import type { Replay } from './results.ts';

/**
 * Runs the schedule of a token again: on real worker threads (default), or inline. Where the scenario was edited since and the
 * token no longer fits, `bestEffort` goes on as near to it as possible, and the result's `parted` says where they part.
 *
 * @throws UsageError for a malformed token; without `bestEffort`, ScenarioError for one of another scenario, or one that no
 *   longer fits, naming the first switch at which they part
 * @since 0.1.0
 */
export async function replay(file: string | URL, token: string, options: ReplayOptions = {}): Promise<Replay> {
  const settings = settleReplay(options);
  const { bestEffort, carrier, maximumSteps, memoryModel } = settings;
  const url = toUrl(file);
  const target = targetOf(url, settings.scenario, settings);
  const pool = new ExplorerPool(target, 1, settings.stallTimeout);
  const threads =
    carrier === 'threads' ? ThreadMachine.boot(url, settings.scenario, { maximumSteps, memoryModel }) : null;
  threads?.catch(() => {});
  try {
    // Inline first: it tells the story, and whether the token fits at all.
    await pool.run({ kind: 'load' });
    const reproduced = await pool.run({ kind: 'replay', token, bestEffort });
    if (threads === null) return reproduced.replay;
    return await onThreads(await threads, reproduced);
  } finally {
    const machine = await threads?.catch(() => null);
    await Promise.all([pool.destroy(), machine?.shutdown()]);
  }
}

/**
 * Shrinks the schedule of a token to fewest switches, then fewest steps, with the same failure.
 *
 * @throws as `replay` does
 * @since 0.1.0
 */
export async function minimise(
  file: string | URL,
  token: string,
  options: Omit<ReplayOptions, 'bestEffort'> = {},
): Promise<Replay> {
  const settings: Settings = settle(options);
  const pool = new ExplorerPool(targetOf(toUrl(file), settings.scenario, settings), 1, settings.stallTimeout);
  try {
    await pool.run({ kind: 'load' });
    return (await pool.run({ kind: 'minimise', token, rule: null, points: [] })).replay;
  } finally {
    await pool.destroy();
  }
}

/** The replay as it came out on threads; `confirmed` says whether that is the inline trace to the bit. */
async function onThreads(machine: ThreadMachine, { replay, runs, seed }: Reproduced): Promise<Replay> {
  const execution = await machine.replay(runs, { seed });
  const confirmed = execution.traceHash === replay.traceHash;
  const confirm = <F extends { confirmed: boolean | null; traceHash: string }>(failure: F): F => ({
    ...failure,
    confirmed,
  });
  return {
    ...replay,
    carrier: 'threads',
    traceHash: execution.traceHash,
    outcome: execution.outcome,
    failure: replay.failure === null ? null : confirm(replay.failure),
    others: replay.others.map(confirm),
    notes: replay.notes.map(confirm),
    logs: execution.logs.map(({ thread, text }) => ({ thread, text })),
  };
}
