/**
 * The start that all executions share, and what ends them: the kernel after `setup`, its threads, what `setup` returned. Both
 * carriers build it in the same way, which is why a schedule found on one fits the other.
 */
import { KernelPanic } from '../hardware/errors.ts';
import { machineHolder } from '../kernel/handle-table.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { enterTask } from '../task/current.ts';
import { holdsBytes, packPlain, unpackPlain } from '../task/plain-data.ts';
import type { Outcome } from '../task/scenario.ts';
import type { SwapStore } from '../vm/swap-store.ts';
import type { LoadedScenario } from './loaded-scenario.ts';
import { ScenarioMachine } from './scenario-machine.ts';
import { textOf } from './thrown.ts';

export class ExecutionState {
  readonly machine: ScenarioMachine;
  readonly kernel: Kernel;
  readonly threads: readonly KernelThread[];
  /** What `setup` returned, as words. */
  readonly shared: Float64Array;
  /** Whether the scenario has a `check` or an `outcome`. */
  readonly isJudged: boolean;
  private readonly frozen: unknown;
  private readonly hasBytes: boolean;
  private readonly end: Outcome<unknown>;
  private returned: readonly unknown[] = [];

  /**
   * Builds the machine and runs `setup`. Whatever that throws passes through.
   *
   * @param swap where pages go that are paged out; in memory unless given
   */
  constructor(
    readonly loaded: LoadedScenario,
    swap: SwapStore | null = null,
  ) {
    const { scenario, plans } = loaded;
    this.isJudged = scenario.check !== undefined || scenario.outcome !== undefined;
    this.machine = new ScenarioMachine(scenario.machine, Object.keys(scenario.tasks), swap);
    this.kernel = this.machine.kernelState;
    for (const plan of plans) if (plan.device) this.kernel.addTask(plan.task, true);
    this.threads = plans.map((plan) => {
      const task = this.kernel.tasks.find((candidate) => candidate.name === plan.task)!;
      return this.kernel.addThread(plan.name, task, plan.daemon, plan.privileged);
    });
    const value = this.during(() => scenario.setup?.(this.machine));
    if (value instanceof Promise) throw new TypeError('setup returned a promise; scenarios are synchronous');
    const { words, handles } = packPlain(value, 'what setup returned');
    this.shared = words;
    for (const id of handles) {
      const object = this.kernel.handles.lookup(id, null, this.machineThread());
      for (const thread of this.threads) this.kernel.handles.grant(object, thread);
    }
    this.frozen = unpackPlain(words, true);
    this.hasBytes = holdsBytes(this.frozen);
    const state = this;
    this.end = {
      machine: this.machine,
      get shared() {
        return state.sharedFor();
      },
      results: this.resultsByName(),
    };
    this.kernel.hardware.frames.partition(this.threads.length);
    this.kernel.journal.base();
  }

  /** What `setup` returned, for one run of one function: frozen, and fresh where bytes cannot be. */
  sharedFor(): unknown {
    return this.hasBytes ? unpackPlain(this.shared, true) : this.frozen;
  }

  /** Runs `check`; returns the message it failed with, or null. */
  check(): string | null {
    const check = this.loaded.scenario.check;
    if (check === undefined) return null;
    try {
      this.during(() => check.call(this.loaded.scenario, this.machine, this.sharedFor()));
      return null;
    } catch (error) {
      return textOf(error);
    }
  }

  /**
   * The outcome's label, or null when the scenario has none. Throws what `outcome` throws.
   *
   * @param results what the threads' functions returned, by number
   */
  outcome(results: readonly unknown[]): string | null {
    const { scenario } = this.loaded;
    if (scenario.outcome === undefined) return null;
    this.returned = results;
    const before = enterTask(this.machine.kernel);
    const label = scenario.outcome(this.end);
    enterTask(before);
    return String(label);
  }

  /** What tasks still hold of what they made themselves, in words, with the thread to blame. */
  leaks(): { thread: KernelThread; text: string }[] {
    const found: { thread: KernelThread; text: string }[] = [];
    const seen = new Set<number>();
    for (const thread of this.threads) {
      if (seen.has(thread.task.number) || thread.task.dead) continue;
      seen.add(thread.task.number);
      for (const [object, held] of this.kernel.handles.held(thread.holder)) {
        found.push({
          thread,
          text: `${thread.task.name} still holds ${held === 1 ? 'a reference' : `${held} references`} to ${describe(object)}`,
        });
      }
    }
    for (const { holder, text } of this.kernel.iokit.unbalancedPrepares()) {
      const thread = this.threads.find((candidate) => candidate.holder === holder);
      if (holder !== machineHolder && thread !== undefined && !thread.task.dead) found.push({ thread, text });
    }
    return found;
  }

  /** What the functions returned, by thread. One for all executions: building it would take longer than most outcomes. */
  private resultsByName(): Readonly<Record<string, unknown>> {
    const results = {};
    for (const { name, number } of this.threads)
      Object.defineProperty(results, name, { enumerable: true, get: () => this.returned[number] });
    return Object.freeze(results);
  }

  private machineThread(): KernelThread {
    return this.kernel.machineThread(this.kernel.kernelTask);
  }

  private during<R>(body: () => R): R {
    const before = enterTask(this.machine.kernel);
    try {
      return body();
    } catch (error) {
      if (error instanceof KernelPanic) throw new Error(`the kernel panicked: ${error.message}`);
      throw error;
    } finally {
      enterTask(before);
    }
  }
}

function describe(object: { kind: string }): string {
  return `an ${object.kind} that it made or was given`.replace('an Mem', 'a Mem').replace('an Task', 'a Task');
}
