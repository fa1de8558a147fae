/** The workers of a scenario's threads, one each: launched, replaced where they die, waited for, destroyed. */
import { setTimeout as delay } from 'node:timers/promises';
import { ScenarioError } from '../errors.ts';
import { type Control, Phase } from './layout.ts';
import { PoolWorker } from './pool-worker.ts';
import type { ScenarioReady, TaskSetup } from './setup.ts';

/** How long workers may take to load the scenario, in milliseconds. */
const longestStart = 30_000;
/** A worker that does not even load is started again so often in all. */
const mostRelaunches = 10;

export class Crew {
  private readonly workers: PoolWorker[] = [];
  private closed = false;
  private loadFailure: string | null = null;
  private booted = false;
  /** Replacements that ended before they were ready. */
  private relaunches = 0;

  /** @param heap MiB that each worker may keep; null for Node's own limit */
  constructor(
    private readonly control: Control,
    private readonly scenario: ScenarioReady,
    private readonly url: string,
    private readonly cores: number,
    private readonly heap: number | null,
  ) {}

  /** Launches all of them. Throws ScenarioError where one does not load. */
  async boot(): Promise<void> {
    this.scenario.threads.forEach((_, number) => {
      this.launch(number);
    });
    await this.ready();
    this.booted = true;
  }

  /** Resolves once every worker is there and idle; those that died are replaced. */
  async ready(): Promise<void> {
    const deadline = performance.now() + longestStart;
    const { threads } = this.scenario;
    while (!threads.every(({ number }) => this.control.phase(number) === Phase.Idle)) {
      if (this.closed) throw new Error('the machine was shut down');
      if (this.loadFailure !== null) throw new ScenarioError(`a worker did not load the scenario: ${this.loadFailure}`);
      if (performance.now() > deadline)
        throw new ScenarioError(`the workers were not ready within ${longestStart / 1000} s`);
      await delay(1);
    }
  }

  /** Ends a thread's worker, as its death would. */
  terminate(thread: number): void {
    this.workers[thread]!.terminate();
  }

  /** Whoever waits for it need not any more. */
  close(): void {
    this.closed = true;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.destroy()));
  }

  private launch(number: number): void {
    const worker = new PoolWorker('scenario', this.heap);
    this.workers[number] = worker;
    const { name, touched, reach, shared, threads, buffers } = this.scenario;
    const setup: TaskSetup = {
      control: this.control.buffer,
      threads: this.control.threads,
      running: threads.length,
      cores: this.cores,
      url: this.url,
      thread: threads[number]!,
      buffers,
      scenario: { name, touched, reach, shared },
      port: null,
    };
    worker.start(setup, (reason) => {
      void worker.destroy();
      if (this.control.stopped) return;
      if (this.control.phase(number) !== Phase.Absent) void this.replace(number);
      else if (this.booted && this.relaunches++ < mostRelaunches) this.launch(number);
      else this.loadFailure ??= reason;
    });
  }

  /** Tells the coordinator of a death, and starts another worker once it has looked after it. */
  private async replace(number: number): Promise<void> {
    this.control.died(number);
    const deadline = performance.now() + longestStart;
    while (this.control.phase(number) >= Phase.Dead && !this.control.stopped) {
      if (performance.now() > deadline) return;
      await delay(2, undefined, { ref: false });
    }
    if (!this.control.stopped) this.launch(number);
  }
}
