/**
 * A scenario on real threads, as the floors above use it: replays of a written schedule, executions of a strategy, stress. Booted
 * once, it serves thousands of executions on the same workers.
 */

import { availableParallelism } from 'node:os';
import type { MemoryModel } from '../../hardware/configuration.ts';
import type { RuleName } from '../../kernel/rules.ts';
import { Words } from '../../kernel/words.ts';
import { ScenarioError } from '../errors.ts';
import type { LogLine } from '../execution.ts';
import { CoordinatorWorker } from './coordinator-worker.ts';
import { Crew } from './crew.ts';
import { Lane, type WrittenSchedule } from './lane.ts';
import { Control, Head } from './layout.ts';
import { MainClient } from './main-client.ts';
import { Command } from './requests.ts';
import type { ReplayCommand, StressCommand } from './scenario-service.ts';
import type { ScenarioReady } from './setup.ts';
import { Watchdog } from './watchdog.ts';

const mostThreads = 256;

export interface ThreadMachineOptions {
  /** More steps than this are a livelock. Default 100,000. */
  readonly maximumSteps?: number;
  /** What the threads share the machine with; decides who may spin. Default: all. */
  readonly cores?: number;
  /** Milliseconds without a step after which a worker is ended. Default 10,000. */
  readonly stallTimeout?: number;
  /** MiB that a task's worker may keep. */
  readonly heap?: number;
  /** In place of the scenario's own. */
  readonly memoryModel?: MemoryModel | null;
}

export interface ReplayOptions {
  readonly seed?: number;
  readonly maximumSteps?: number;
}

export interface ExploreOptions extends ReplayOptions {
  readonly preemptions?: number | null;
  readonly delays?: number | null;
  readonly depth?: number;
  /** Frames that become scheduling points before this execution; strategies that enumerate start over. */
  readonly points?: readonly number[];
}

/** What one controlled execution left. */
export interface ThreadExecution {
  readonly trace: Float64Array;
  readonly traceHash: string;
  /** Texts of Violation events, by place in the trace. */
  readonly texts: ReadonlyMap<number, string>;
  readonly logs: readonly LogLine[];
  /** What the threads' functions returned, by number. */
  readonly results: readonly unknown[];
  readonly outcome: string | null;
  /** The run at which it could not do what was written, or -1. */
  readonly parted: number;
  /** Frames that a second actor reached for the first time. */
  readonly shared: readonly number[];
  /** The part of the strategy that decided it; null where it has none. */
  readonly part: string | null;
}

export interface StressOptions {
  readonly iterations: number;
  /** Milliseconds. */
  readonly timeBudget: number;
  readonly signal?: AbortSignal | null;
  readonly onProgress?: ((progress: { executions: number; elapsed: number; failures: number }) => void) | null;
}

export interface StressResult {
  scenario: string;
  iterations: number;
  /** Milliseconds. */
  elapsed: number;
  iterationsPerSecond: number;
  /** Label of `outcome`, or 'failed: rule' → iterations. */
  outcomes: Record<string, number>;
  /** Labels in `allowed` that never occurred. */
  unobserved: string[];
  /** What free-running threads can show: asserts, faults, exceptions, panics, outcomes. */
  failures: { rule: RuleName; message: string; thread: string | null; occurrences: number }[];
  interrupted: boolean;
}

export class ThreadMachine {
  private readonly lane: Lane;
  private readonly watchdog: Watchdog;
  private stopping: Promise<void> | null = null;

  private constructor(
    private readonly options: ThreadMachineOptions,
    /** For tests that write into it what no worker would. */
    readonly control: Control,
    private readonly coordinator: CoordinatorWorker,
    readonly scenario: ScenarioReady,
    private readonly client: MainClient,
    private readonly crew: Crew,
  ) {
    this.lane = new Lane(control, { pick: (runnable) => runnable[0]!, choose: () => 0 });
    this.watchdog = new Watchdog(control, scenario, options.stallTimeout ?? 10_000, (thread) => crew.terminate(thread));
  }

  /** Loads the scenario everywhere. Throws ScenarioError or UsageError. */
  static async boot(url: string, name: string | null, options: ThreadMachineOptions = {}): Promise<ThreadMachine> {
    // Two boots: how many threads there are is known only when the scenario is loaded, so there is room for all there may be.
    const control = Control.create(mostThreads);
    const client = new MainClient(control);
    const cores = options.cores ?? availableParallelism();
    const { memoryModel = null } = options;
    const coordinator = new CoordinatorWorker(
      { control: control.buffer, threads: mostThreads, cores, machine: { kind: 'scenario', url, name, memoryModel } },
      control,
      (reason) => client.close(reason),
    );
    const scenario = (await coordinator.ready())!;
    const crew = new Crew(control, scenario, url, cores, options.heap ?? null);
    const machine = new ThreadMachine(options, control, coordinator, scenario, client, crew);
    try {
      await crew.boot();
    } catch (error) {
      await machine.shutdown();
      throw error;
    }
    return machine;
  }

  /** Runs a written schedule, every operation a step of it. */
  async replay(schedule: WrittenSchedule, options: ReplayOptions = {}): Promise<ThreadExecution> {
    return (await this.execute(schedule, options, null, []))!;
  }

  /** Runs execution `number` of a strategy, asked at scheduling points. Null when it has had every schedule. */
  async explore(strategy: string, number: number, options: ExploreOptions = {}): Promise<ThreadExecution | null> {
    const { preemptions = null, delays = null, depth, points = [] } = options;
    return this.execute(
      { runs: [], choices: new Map() },
      options,
      {
        name: strategy,
        execution: number,
        options: { preemptions, delays, ...(depth === undefined ? {} : { depth }) },
      },
      points,
    );
  }

  /** Lets the threads run freely, again and again, and counts what comes out. */
  async stress(options: StressOptions): Promise<StressResult> {
    await this.ready();
    const { iterations, timeBudget, signal = null, onProgress = null } = options;
    const cancel = (): void => this.control.setHead(Head.Cancel, 1);
    const began = performance.now();
    let reported = began;
    if (signal?.aborted) return this.histogram({ iterations: 0, elapsed: 0, outcomes: [], failures: [] }, true);
    signal?.addEventListener('abort', cancel);
    this.watchdog.start();
    try {
      const command: StressCommand = {
        iterations: Number.isFinite(iterations) ? iterations : 0,
        timeBudget: Math.min(timeBudget, 2 ** 31),
      };
      const result = await this.client.askJson(Command.Stress, command, () => {
        if (signal?.aborted) cancel();
        this.watchdog.look();
        if (onProgress === null || performance.now() - reported < 100) return;
        reported = performance.now();
        onProgress({
          executions: this.control.head(Head.Iterations),
          elapsed: reported - began,
          failures: this.control.head(Head.Failed),
        });
      });
      return this.histogram(result as StressAnswer, signal?.aborted === true);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Resolves once every worker is there and idle; those that died are replaced. */
  ready(): Promise<void> {
    return this.crew.ready();
  }

  /** Hash of the kernel's state. */
  async stateHash(): Promise<string> {
    return (await this.client.ask(Command.Hash, new Words())) as string;
  }

  /** Ends the worker of a thread, as its death would: for tests. */
  terminate(thread: number): void {
    this.crew.terminate(thread);
  }

  /** Ends all threads. What is under way is rejected. */
  shutdown(): Promise<void> {
    this.stopping ??= this.stop();
    return this.stopping;
  }

  private async stop(): Promise<void> {
    this.crew.close();
    this.client.close(new Error('the machine was shut down'));
    try {
      await this.coordinator.stop();
    } finally {
      await this.crew.destroy();
    }
  }

  private async execute(
    schedule: WrittenSchedule,
    options: ReplayOptions,
    strategy: ReplayCommand['strategy'],
    points: readonly number[],
  ): Promise<ThreadExecution | null> {
    await this.ready();
    this.lane.write(schedule);
    this.watchdog.start();
    const command: ReplayCommand = {
      seed: options.seed ?? 1,
      maximumSteps: options.maximumSteps ?? this.options.maximumSteps ?? 100_000,
      strategy,
      points,
    };
    const answer = (await this.client.askJson(Command.Replay, command, () => this.watchdog.look())) as ReplayAnswer;
    if (this.watchdog.stalled !== null) throw new ScenarioError(this.watchdog.stalled);
    if (answer.exhausted === true) return null;
    const trace = this.control.trace().copy();
    const { texts, logs, results, outcome, parted } = answer;
    return {
      trace: trace.words,
      traceHash: trace.hash(),
      texts: new Map(texts),
      logs,
      results,
      outcome,
      parted,
      shared: answer.shared,
      part: answer.part,
    };
  }

  private histogram(answer: StressAnswer, interrupted: boolean): StressResult {
    const { iterations, elapsed } = answer;
    const outcomes = Object.fromEntries([...answer.outcomes].sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      scenario: this.scenario.name,
      iterations,
      elapsed,
      iterationsPerSecond: elapsed > 0 ? (iterations / elapsed) * 1000 : 0,
      outcomes,
      unobserved: (this.scenario.allowed ?? []).filter((label) => !(label in outcomes)),
      failures: answer.failures,
      interrupted,
    };
  }
}

interface ReplayAnswer {
  readonly exhausted?: boolean;
  readonly texts: [number, string][];
  readonly logs: LogLine[];
  readonly results: unknown[];
  readonly outcome: string | null;
  readonly parted: number;
  readonly shared: number[];
  readonly part: string | null;
}

interface StressAnswer {
  readonly iterations: number;
  readonly elapsed: number;
  readonly outcomes: [string, number][];
  readonly failures: StressResult['failures'];
}
