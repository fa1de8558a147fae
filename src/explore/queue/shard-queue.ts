/**
 * The queue of shards: BullMQ on Redis. A job is a shard of a campaign and its id says which, so that asking for it twice is asking once;
 * its log is the shard's record, a line a chunk. Redis may go and come back: whoever waits for its answer waits a bounded time.
 */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { UsageError } from '../../machine/errors.ts';
import type { CampaignRecord, Heading } from '../campaign-record.ts';

/** What a worker is told. */
export interface ShardJob {
  /** Path of the scenario's module, from the working directory. */
  readonly file: string;
  /** '2/3'. */
  readonly shard: string;
  readonly heading: Heading;
}

export const queueName = 'shards';
export const prefix = 'wiredown';
/** Milliseconds. */
const longestConnect = 10_000;
const longestFarewell = 2000;
/** Seconds that a finished job and its record are kept for whoever asks again. */
const keptFor = 24 * 3600;
/** A line may take 80 KiB. */
const linesAtOnce = 64;

/** Throws UsageError when it is not installed. */
export async function loadBullMQ(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError('queue: BullMQ is not installed, and the queue stands on it: npm install bullmq@5');
  }
}

/** How all connect: commands wait for a Redis that is away, and `ShardQueue.answer` bounds that. */
export const connectionTo = (url: string) => ({
  url,
  maxRetriesPerRequest: null,
  connectTimeout: longestConnect,
  retryStrategy: (times: number) => Math.min(100 * times, 1000),
});

export class ShardQueue {
  /** Rejected with UsageError when Redis has been away for too long. */
  readonly lost: Promise<never>;
  /** How often Redis was there anew: each time it may have forgotten what it knew. */
  connections = 1;
  private giveUp!: (error: UsageError) => void;
  private away: NodeJS.Timeout | null = null;
  private closed = false;

  private constructor(
    private readonly queue: Queue<ShardJob>,
    private readonly shown: string,
    private readonly patience: number,
  ) {
    this.lost = new Promise((_, reject) => {
      this.giveUp = reject;
    });
    this.lost.catch(() => undefined);
  }

  /**
   * @param url as `redisUrl` passes it
   * @param patience milliseconds that Redis may be away later on
   * @throws UsageError when BullMQ is not installed, or Redis cannot be reached now
   */
  static async open(url: string, patience: number): Promise<ShardQueue> {
    const { Queue } = await loadBullMQ();
    const shown = withoutPassword(url);
    const queue = new Queue<ShardJob>(queueName, { prefix, connection: connectionTo(url) });
    const failed = new Promise<never>((_, reject) => queue.on('error', reject));
    failed.catch(() => undefined);
    try {
      const client = await Promise.race([queue.waitUntilReady(), failed]);
      const opened = new ShardQueue(queue, shown, patience);
      client.on('close', () => opened.onClose());
      client.on('ready', () => opened.onReady());
      return opened;
    } catch (error) {
      await atMost(longestFarewell, queue.disconnect());
      const { message, code } = error as NodeJS.ErrnoException;
      throw new UsageError(`queue: ${shown} cannot be reached: ${message || code}`);
    }
  }

  /** Null where Redis knows no such job, or has forgotten it. */
  async state(job: ShardJob): Promise<string | null> {
    const state = await this.answer(this.queue.getJobState(idOf(job)));
    return state === 'unknown' ? null : state;
  }

  async ask(job: ShardJob): Promise<void> {
    const finished = { age: keptFor };
    await this.answer(
      this.queue.add('shard', job, { jobId: idOf(job), removeOnComplete: finished, removeOnFail: finished }),
    );
  }

  /** Why it failed. */
  async reasonOf(job: ShardJob): Promise<string> {
    const known = await this.answer(this.queue.getJob(idOf(job)));
    return known?.failedReason ?? 'nothing is known of it any more';
  }

  /** Takes it back, with its record, unless a worker has it. */
  async remove(job: ShardJob): Promise<void> {
    await this.answer(this.queue.remove(idOf(job)));
  }

  /** Reads the job's record from line `from` (0 is the first) on. A garbled line is none. → the line to go on with. */
  async read(job: ShardJob, from: number, record: CampaignRecord): Promise<number> {
    for (let next = from; ; ) {
      const { logs } = await this.answer(this.queue.getJobLogs(idOf(job), next, next + linesAtOnce - 1));
      for (const line of logs) record.read(line);
      next += logs.length;
      if (logs.length < linesAtOnce) return next;
    }
  }

  async hasWorkers(): Promise<boolean> {
    return (await this.answer(this.queue.getWorkersCount())) > 0;
  }

  /** What Redis answers. Throws UsageError when it is away for too long, or refuses. */
  async answer<T>(asked: Promise<T>): Promise<T> {
    try {
      return await Promise.race([asked, this.lost]);
    } catch (error) {
      if ((error as Error).name !== 'ReplyError') throw error;
      throw new UsageError(`queue: ${this.shown} refuses: ${(error as Error).message}`);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.onReady();
    await atMost(longestFarewell, this.queue.close());
    await atMost(longestFarewell, this.queue.disconnect());
  }

  private onClose(): void {
    if (this.closed || this.away !== null) return;
    const seconds = this.patience / 1000;
    this.away = setTimeout(
      () => this.giveUp(new UsageError(`queue: ${this.shown} has been away for ${seconds} s, which ends it here`)),
      this.patience,
    );
  }

  private onReady(): void {
    if (this.away !== null) clearTimeout(this.away);
    this.away = null;
    this.connections++;
  }
}

/** Waits for a farewell, but not for ever: a Redis that is gone takes none. */
export async function atMost(milliseconds: number, farewell: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  const late = wait(milliseconds, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([farewell.catch(() => undefined), late]);
  enough.abort();
}

/** The same for whoever asks for the same: so it is asked for, and explored, once. */
function idOf({ shard, heading }: ShardJob): string {
  const campaign = createHash('sha256').update(JSON.stringify(heading)).digest('hex').slice(0, 16);
  return `${campaign}-${shard.replace('/', '-of-')}`;
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}
