/**
 * The explorers: a piscina pool of workers, a core each, with a watchdog. A task that computes for ever without an operation
 * cannot be stopped from inside its thread; so each job shows a pulse in shared memory, and one that stands still has its
 * worker ended.
 */
import { Piscina } from 'piscina';
import { ScenarioError } from '../machine/errors.ts';
import { beatThread } from '../machine/inline-machine.ts';
import { workerExecArgv, workerUrl } from '../machine/packaging.ts';
import { flag, starting } from './explorer.ts';
import {
  type Answer,
  type AnswerTo,
  type Description,
  type Job,
  type Reply,
  type Request,
  raise,
  type Target,
} from './explorer-service.ts';

const watchInterval = 200;
/** Milliseconds that a worker may take to start and to load the scenario: a busy machine is no loop. */
const longestStart = 30_000;

export class ExplorerPool {
  private readonly pool: Piscina<Request, Reply>;
  private readonly running = new Set<Int32Array>();
  private stopped = false;
  /** Names of the threads, once a worker has loaded the scenario. */
  private threads: readonly string[] = [];

  /** @param atOnce workers that are there from the start; the others come when there is work for them */
  constructor(
    private readonly target: Target,
    readonly workers: number,
    private readonly stallTimeout: number,
    readonly atOnce = workers,
  ) {
    this.pool = new Piscina({
      filename: workerUrl('explorer').href,
      execArgv: workerExecArgv(),
      minThreads: atOnce,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    });
  }

  /** Executions done by the jobs that are under way. */
  get underWay(): number {
    let sum = 0;
    for (const flags of this.running) sum += flags[flag.executions]!;
    return sum;
  }

  /**
   * Does one job. Throws what it throws; ScenarioError when a task stalls, or when the worker ends and so does the next one that is
   * given the job: whatever ended the first may have had nothing to do with the scenario.
   */
  async run<J extends Job>(job: J): Promise<AnswerTo<J>> {
    let reply = await this.attempt(job);
    if (reply instanceof Error) reply = await this.attempt(job);
    if (reply instanceof Error)
      throw new ScenarioError(`the worker that explored the scenario ended before it was done: ${reply.message}`);
    if (!reply.ok) raise(reply.error);
    if (job.kind === 'load') this.threads = (reply.value as Description).threads;
    return reply.value as Answer as AnswerTo<J>;
  }

  /** The reply; an Error when the worker ended. */
  private async attempt(job: Job): Promise<Reply | Error> {
    const flags = new Int32Array(new SharedArrayBuffer(4 * flag.words));
    flags[flag.heartbeat] = starting;
    if (this.stopped) flags[flag.stop] = 1;
    this.running.add(flags);
    const abort = new AbortController();
    const watch = this.watch(flags, abort);
    try {
      return await this.pool.run({ job, target: this.target, flags }, { signal: abort.signal });
    } catch (error) {
      if (!abort.signal.aborted) return error as Error;
      const message = String(abort.signal.reason);
      return { ok: false, error: { name: 'ScenarioError', message, stack: undefined } };
    } finally {
      clearInterval(watch);
      this.running.delete(flags);
    }
  }

  /** Asks every chunk that is under way, and all later ones, to end after its present execution. */
  stop(): void {
    this.stopped = true;
    for (const flags of this.running) Atomics.store(flags, flag.stop, 1);
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  /** Lets jobs run again after `stop`. */
  resume(): void {
    this.stopped = false;
  }

  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  private watch(flags: Int32Array, abort: AbortController): NodeJS.Timeout {
    let last: number = starting;
    let since = Date.now();
    return setInterval(() => {
      const beat = Atomics.load(flags, flag.heartbeat);
      const limit = beat === starting ? Math.max(this.stallTimeout, longestStart) : this.stallTimeout;
      if (beat !== last) {
        last = beat;
        since = Date.now();
      } else if (Date.now() - since > limit) {
        abort.abort(this.stallMessage(beat, limit));
      }
    }, watchInterval);
  }

  private stallMessage(beat: number, limit: number): string {
    if (beat === starting)
      return `the scenario was not loaded after ${limit} ms: does its module do more than declare it?`;
    const thread = beat & beatThread;
    const who = thread === 0 ? 'setup, check or outcome' : `thread ${this.threads[thread - 1] ?? thread - 1}`;
    return `${who} ran for ${limit} ms without an operation: a loop that waits must do something that others can change (load, atomic, receive), or raise stallTimeout`;
  }
}
