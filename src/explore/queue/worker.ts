/** `worker`: takes shards from the queue, one at a time, and explores each with all of its cores. */
import { hostname } from 'node:os';
import type { Job } from 'bullmq';
import { UsageError } from '../../machine/errors.ts';
import { Campaign } from '../campaign.ts';
import { CampaignRecord, settledAs } from '../campaign-record.ts';
import { targetOf, toUrl } from '../explore.ts';
import { type ExploreOptions, milliseconds, settle } from '../options.ts';
import { readShard } from '../shard.ts';
import { defaultQueueTimeout, patience, redisUrl } from './fleet-options.ts';
import { atMost, connectionTo, loadBullMQ, prefix, queueName, type ShardJob, ShardQueue } from './shard-queue.ts';

/** What became of a shard. */
export interface ShardReport {
  scenario: string;
  /** '2/8'. */
  shard: string;
  /** Executions that were run here, without those that another worker had recorded. */
  executions: number;
  /** Whether it is whole now; otherwise it was given back, for another worker. */
  finished: boolean;
  /** Why it was refused, or null. */
  problem: string | null;
}

export interface WorkOptions extends Pick<ExploreOptions, 'workers' | 'stallTimeout' | 'queueTimeout' | 'signal'> {
  onShard?: (report: ShardReport) => void;
}

/** What a worker did in its life. */
export interface Worked {
  /** Shards that were finished here. */
  shards: number;
  refused: number;
  executions: number;
}

/** Workers that a shard may take along before it is given up. */
const mostStalls = 10;
const longestFarewell = 10_000;

/**
 * Takes shards that `explore({ queue })` asks for from the queue at `url` until `options.signal` is aborted; it then gives back the one in hand.
 * Scenarios are read here, by the path that the explorer was given, from this working directory; one that is not the explorer's is refused.
 *
 * @param options.queueTimeout how long Redis may be away, and after how long without a sign of life from here the shard in hand goes to
 *   another worker: 1 s to 1 h, default 1 min
 * @throws UsageError for bad options, without BullMQ, or when Redis cannot be reached or stays away
 * @since 0.1.0
 */
export async function work(url: string, options: WorkOptions = {}): Promise<Worked> {
  const { onShard = () => undefined, queueTimeout, signal, workers, stallTimeout, ...unknown } = options;
  for (const name of Object.keys(unknown))
    throw new UsageError(`${name}: there is no such option (workers, stallTimeout, queueTimeout, signal, onShard)`);
  const local = {
    ...(workers === undefined ? {} : { workers }),
    ...(stallTimeout === undefined ? {} : { stallTimeout }),
  };
  settle({ ...local, ...(signal === undefined ? {} : { signal }) });
  const connection = connectionTo(redisUrl(url));
  const timeout = patience(milliseconds(queueTimeout ?? defaultQueueTimeout, 'queueTimeout'));
  const worked: Worked = { shards: 0, refused: 0, executions: 0 };
  const { Worker, WaitingError } = await loadBullMQ();
  const queue = await ShardQueue.open(url, timeout);
  const stop = new AbortController();
  const explore = async (job: Job<ShardJob>, token: string | undefined): Promise<void> => {
    const report = await new ShardRun(queue, job, local, stop.signal).run();
    worked.executions += report.executions;
    if (report.finished) worked.shards++;
    if (report.problem !== null) worked.refused++;
    onShard(report);
    if (report.problem !== null) throw new Error(report.problem);
    if (report.finished) return;
    await queue.answer(job.moveToWait(token));
    throw new WaitingError();
  };
  const worker = new Worker<ShardJob>(queueName, explore, {
    prefix,
    connection,
    lockDuration: timeout,
    stalledInterval: timeout / 2,
    maxStalledCount: mostStalls,
  });
  // A connection that breaks is the queue's matter; a lock that was lost is that of the worker who has it now.
  worker.on('error', () => undefined);
  try {
    await Promise.race([aborted(signal), queue.lost]);
  } finally {
    const closed = worker.close();
    stop.abort();
    await atMost(longestFarewell, closed);
    await atMost(longestFarewell, worker.disconnect());
    await queue.close();
  }
  return worked;
}

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });

/** As BullMQ keeps it, and the explorer tells it (fleet.ts). */
const problemOf = ({ name, message }: Error): string => `${name}: ${hostname()} refused it: ${message}`;

/** One shard: goes on where its record ends, and writes down what comes. */
class ShardRun {
  private readonly stop = new AbortController();
  private readonly writes: Promise<unknown>[] = [];

  constructor(
    private readonly queue: ShardQueue,
    private readonly job: Job<ShardJob>,
    private readonly local: Pick<ExploreOptions, 'workers' | 'stallTimeout'>,
    private readonly outer: AbortSignal,
  ) {}

  async run(): Promise<ShardReport> {
    const { file, shard, heading } = this.job.data;
    const report: ShardReport = { scenario: heading.scenario, shard, executions: 0, finished: false, problem: null };
    try {
      const record = new CampaignRecord((line) => this.write(line));
      record.head(heading, 'the job');
      await this.queue.read(this.job.data, 0, record);
      const signal = AbortSignal.any([this.stop.signal, this.outer]);
      const settled = settledAs(heading, { ...this.local, threadCheck: false, signal });
      const settings = { ...settled, shard: readShard(shard), tells: false };
      const campaign = new Campaign(targetOf(toUrl(file), heading.scenario, settings), settings, record);
      const { executions, recalled = 0, interrupted } = await campaign.run();
      report.executions = executions - recalled;
      await Promise.all(this.writes);
      report.finished = !interrupted;
    } catch (error) {
      if (!this.stop.signal.aborted && !this.outer.aborted) report.problem = problemOf(error as Error);
    }
    return report;
  }

  /** What cannot be written down is not worth going on for: Redis is gone, or has forgotten the job. */
  private write(line: string): void {
    const write = this.queue.answer(this.job.log(line));
    write.catch(() => this.stop.abort());
    this.writes.push(write);
  }
}
