/**
 * `explore` by a queue: asks for the shards of a campaign, gathers what workers record of them, and puts it together as `merge` does. What
 * came once stays known here, whatever becomes of Redis; what it forgot is asked for again.
 */
import { relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../machine/errors.ts';
import { Campaign, perSecond } from '../campaign.ts';
import { CampaignRecord, headingOf } from '../campaign-record.ts';
import { ExplorerPool } from '../explorer-pool.ts';
import { type Description, raise, type Target } from '../explorer-service.ts';
import type { Settings, WithPartial } from '../options.ts';
import type { Exploration } from '../results.ts';
import type { Fleet } from './fleet-options.ts';
import { atMost, type ShardJob, ShardQueue } from './shard-queue.ts';

/** Milliseconds. */
const pollInterval = 500;
const longestFarewell = 2000;

/** Throws as `explore`; UsageError when Redis or all workers stay away for too long, with what came until then as `exploration`. */
export async function exploreByFleet(target: Target, settings: Settings, fleet: Fleet): Promise<Exploration> {
  const started = Date.now();
  const queue = await ShardQueue.open(fleet.url, fleet.timeout);
  const record = new CampaignRecord();
  const onProgress: Settings['onProgress'] = ({ executions, failures }) =>
    settings.onProgress?.({
      executions: Math.max(executions, record.executions),
      elapsed: Date.now() - started,
      failures,
    });
  const together = async (options: Partial<Settings>): Promise<Exploration> => {
    const exploration = await new Campaign(target, { ...settings, onProgress, ...options }, record).run();
    const elapsed = Date.now() - started;
    return { ...exploration, elapsed, executionsPerSecond: perSecond(exploration.executions, elapsed) };
  };
  try {
    const heading = headingOf(target, settings, await describe(target, settings));
    record.begin(heading);
    const file = relative(process.cwd(), fileURLToPath(target.url));
    const jobs = Array.from({ length: fleet.shards }, (_, i) => ({ file, shard: `${i + 1}/${fleet.shards}`, heading }));
    await new Gathering(queue, jobs, record, fleet).run({ ...settings, onProgress });
  } catch (error) {
    if (record.executions > 0) {
      const partial = together({ signal: AbortSignal.abort(), estimate: null });
      // Of two errors the first one is the cause.
      await partial.then((exploration) => Object.assign(error as WithPartial, { exploration })).catch(() => undefined);
    }
    throw error;
  } finally {
    await queue.close();
  }
  return together({ timeBudget: Math.max(1, started + settings.timeBudget - Date.now()) });
}

async function describe(target: Target, { stallTimeout }: Settings): Promise<Description> {
  const pool = new ExplorerPool(target, 1, stallTimeout);
  try {
    return await pool.run({ kind: 'load' });
  } finally {
    await pool.destroy();
  }
}

/** The records of the jobs of one campaign, as they come in. */
class Gathering {
  /** Jobs that are not done → lines of their records that are known. */
  private readonly open: Map<ShardJob, number>;
  private connections: number;
  private attended = Date.now();
  private isOver = false;

  constructor(
    private readonly queue: ShardQueue,
    jobs: readonly ShardJob[],
    private readonly record: CampaignRecord,
    private readonly fleet: Fleet,
  ) {
    this.open = new Map(jobs.map((job) => [job, 0]));
    this.connections = queue.connections;
  }

  /** Until all is there, the time is up or somebody says so. */
  async run({ signal, timeBudget, onProgress }: Settings): Promise<void> {
    const end = new AbortController();
    const onAbort = (): void => end.abort();
    if (signal?.aborted) end.abort();
    signal?.addEventListener('abort', onAbort);
    const timer = Number.isFinite(timeBudget) ? setTimeout(onAbort, timeBudget) : undefined;
    const ended = new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve()));
    try {
      if (!end.signal.aborted) await Promise.race([this.gather(end.signal, onProgress), ended]);
    } finally {
      this.isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      await atMost(longestFarewell, this.withdraw());
    }
  }

  private async gather(signal: AbortSignal, onProgress: Settings['onProgress']): Promise<void> {
    // What failed in an earlier campaign gets another chance.
    for (const job of this.open.keys()) if ((await this.queue.state(job)) === 'failed') await this.queue.remove(job);
    while (!this.isOver) {
      // A Redis that was away may have forgotten lines, and been given others in their place: so all are read again.
      if (this.connections !== this.queue.connections) for (const job of this.open.keys()) this.open.set(job, 0);
      this.connections = this.queue.connections;
      for (const job of this.open.keys()) await this.look(job);
      const { executions, failures } = this.record;
      onProgress?.({ executions, failures, elapsed: 0 });
      if (this.open.size === 0) return;
      await this.refuseIfUnattended();
      await wait(pollInterval, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(job: ShardJob): Promise<void> {
    // In this order: when it was done before, its record is whole now.
    const state = await this.queue.state(job);
    if (state === null) {
      this.open.set(job, 0);
      return this.queue.ask(job);
    }
    this.open.set(job, await this.queue.read(job, this.open.get(job)!, this.record));
    if (state === 'completed') this.open.delete(job);
    if (state === 'failed') await this.fail(job);
  }

  private async fail(job: ShardJob): Promise<never> {
    const reason = await this.queue.reasonOf(job);
    const [, name = 'ScenarioError', message = reason] = /^(\w+): (.*)$/s.exec(reason) ?? [];
    raise({ name, message: `shard ${job.shard}: ${message}`, stack: undefined });
  }

  /** Throws UsageError when no worker has been there for too long. */
  private async refuseIfUnattended(): Promise<void> {
    if (await this.queue.hasWorkers()) this.attended = Date.now();
    const { timeout, url } = this.fleet;
    if (Date.now() - this.attended > timeout)
      throw new UsageError(
        `queue: no worker has been there for ${timeout / 1000} s, start some with: wiredown worker ${url}`,
      );
  }

  /** Nobody is to begin what nobody waits for. What a worker is at goes on, and is kept for whoever asks again. */
  private async withdraw(): Promise<void> {
    for (const job of this.open.keys()) if ((await this.queue.state(job)) === 'waiting') await this.queue.remove(job);
  }
}
