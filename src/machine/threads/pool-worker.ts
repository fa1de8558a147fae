/**
 * One worker in a piscina pool of its own, for one job that lasts as long as the machine. A pool each, because a worker that
 * fails to load takes its whole pool down, and because the job says which simulated thread it is.
 */
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { workerExecArgv, workerUrl } from '../packaging.ts';
import type { TaskSetup } from './setup.ts';

export class PoolWorker {
  private readonly pool: Piscina<TaskSetup, void>;
  private readonly abort = new AbortController();
  private ended = false;

  /** Starts the worker; it loads `entry` while the rest of the machine does. `heap` in MiB bounds what it may keep. */
  constructor(entry: 'scenario' | 'script', heap: number | null) {
    this.pool = new Piscina({
      filename: workerUrl(entry).href,
      execArgv: workerExecArgv(),
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      ...(heap === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: heap } }),
    });
    // A worker that ends between jobs reports here; the job's own promise says the same.
    this.pool.on('error', () => {});
  }

  /** Runs the job; calls `died` once when it ends in whatever way. */
  start(setup: TaskSetup, died: (reason: string) => void): void {
    const transferList = setup.port === null ? [] : [setup.port as MessagePort];
    const end = (reason: string): void => {
      if (this.ended) return;
      this.ended = true;
      died(reason);
    };
    this.pool.run(setup, { signal: this.abort.signal, transferList: transferList as never }).then(
      () => end('it ended'),
      (error: unknown) => end(error instanceof Error ? error.message : String(error)),
    );
  }

  /** Lets the process end while the worker lives. */
  unref(): void {
    for (const worker of this.pool.threads) worker.unref();
  }

  /** Ends the thread, wherever it is. */
  terminate(): void {
    for (const worker of this.pool.threads) void worker.terminate();
  }

  async destroy(): Promise<void> {
    await this.pool.destroy().catch(() => {});
  }
}
