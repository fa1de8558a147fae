/** The coordinator of a scenario: replays and explorations with a baton, stress without one. */
import { Status } from '../../kernel/call.ts';
import { stateHash } from '../../kernel/state-hash.ts';
import { text } from '../../kernel/wire.ts';
import { Malformed, Words } from '../../kernel/words.ts';
import { encodePlain } from '../../task/plain-data.ts';
import type { ExecutionState } from '../execution-state.ts';
import type { Reach } from '../reach.ts';
import type { Strategy } from '../schedule.ts';
import { ControlledRun } from './controlled-run.ts';
import type { Audit, Service } from './coordinator.ts';
import { type Control, Head, Own, Phase } from './layout.ts';
import { Command } from './requests.ts';
import type { SlotServer } from './slot-server.ts';
import type { Snapshot } from './snapshot.ts';
import { StressRun } from './stress-run.ts';

/** What the main thread writes, as JSON. */
export interface ReplayCommand {
  readonly seed: number;
  readonly maximumSteps: number;
  /** A strategy goes on where nothing is written. */
  readonly strategy: {
    readonly name: string;
    readonly execution: number;
    readonly options: StrategyBounds;
  } | null;
  /** Frames that become scheduling points first. */
  readonly points: readonly number[];
}

export interface StressCommand {
  /** 0: no limit. */
  readonly iterations: number;
  readonly timeBudget: number;
}

interface StrategyBounds {
  readonly preemptions: number | null;
  readonly delays: number | null;
  readonly depth?: number;
}

export type StrategyFactory = (name: string, options: StrategyBounds & { readonly seed: number }) => Strategy;

const main = 0;

export class ScenarioService implements Service {
  private readonly controlled: ControlledRun;
  private readonly stress: StressRun;
  private waiting: ReplayCommand | null = null;
  private replaying: ReplayCommand | null = null;
  private strategy: Strategy | null = null;
  private strategyKey = '';
  private exhausted = false;
  private readonly words = new Words();

  constructor(
    private readonly state: ExecutionState,
    private readonly control: Control,
    private readonly server: SlotServer,
    private readonly snapshot: Snapshot,
    private readonly reach: Reach,
    private readonly makeStrategy: StrategyFactory,
    private readonly audit: Audit,
  ) {
    this.controlled = new ControlledRun(state, control, server, reach);
    this.stress = new StressRun(state, control, server, snapshot, audit);
  }

  fromTask(thread: number, call: number, words: Words): void {
    if (this.stress.active) this.stress.fromTask(thread, call, words);
    else this.controlled.fromTask(thread, call, words);
  }

  fromMain(call: number, words: Words): void {
    if (call === Command.Replay) {
      this.waiting = JSON.parse(text.decode(words)) as ReplayCommand;
    } else if (call === Command.Stress) {
      const { iterations, timeBudget } = JSON.parse(text.decode(words)) as StressCommand;
      this.stress.begin(iterations === 0 ? Number.POSITIVE_INFINITY : iterations, timeBudget);
    } else if (call === Command.Hash) {
      // Of the state that executions start from.
      this.reset();
      this.answer(stateHash(this.state.kernel));
    } else {
      throw new Malformed(`there is no command ${call}`);
    }
  }

  died(thread: number): void {
    if (this.stress.active) this.stress.died(thread);
    else this.controlled.died(thread);
  }

  progress(): boolean {
    this.admit();
    if (this.stress.active) {
      const worked = this.stress.progress();
      if (!this.stress.active) this.answerStress();
      return worked;
    }
    if (this.waiting !== null && this.allIdle()) {
      this.begin(this.waiting);
      this.waiting = null;
      return true;
    }
    if (!this.controlled.active) return false;
    const worked = this.controlled.rescueBaton();
    if (!this.controlled.settled()) return worked;
    this.end();
    return true;
  }

  patience(): number {
    return this.stress.active ? this.stress.patience() : 500;
  }

  close(): void {
    if (this.stress.active) this.stress.close();
    else this.audit(this.state.kernel);
  }

  /** A worker that died and was looked after may be replaced. */
  private admit(): void {
    for (const { number } of this.state.threads) {
      const at = this.control.own(number, Own.Phase);
      if (this.control.phase(number) === Phase.Buried && !this.controlled.active)
        Atomics.store(this.control.words, at, Phase.Absent);
    }
  }

  private begin(command: ReplayCommand): void {
    this.replaying = command;
    this.reset();
    for (const frame of command.points) this.reach.points[frame] = 1;
    this.exhausted = false;
    const strategy = this.strategyFor(command);
    if (this.exhausted) {
      this.answer({ exhausted: true });
      return;
    }
    this.controlled.begin({
      seed: command.seed,
      maximumSteps: command.maximumSteps,
      always: strategy === null,
      strategy,
    });
  }

  /** Everything as after `setup`. */
  private reset(): void {
    this.audit(this.state.kernel);
    // The kernel's journal first: it may bring back words that a task's stores came between.
    this.state.kernel.journal.rollback();
    this.snapshot.restore();
  }

  private strategyFor(command: ReplayCommand): Strategy | null {
    const wanted = command.strategy;
    if (wanted === null) return null;
    const key = JSON.stringify([wanted.name, wanted.options, command.seed]);
    if (key !== this.strategyKey) {
      this.strategy = this.makeStrategy(wanted.name, { ...wanted.options, seed: command.seed });
      this.strategyKey = key;
    } else if (command.points.length > 0) {
      this.strategy!.restart();
    }
    if (!this.strategy!.begin(wanted.execution)) this.exhausted = true;
    return this.strategy;
  }

  private end(): void {
    const { controlled } = this;
    const { execution, error } = controlled;
    const command = this.replaying!;
    controlled.finish();
    if (command.strategy !== null) {
      this.strategy!.end(this.control.head(Head.TraceSteps));
      this.strategy!.lessons?.adopt();
    }
    if (error !== null) {
      this.server.refuse(main, error.name, error.message);
      return;
    }
    let outcome: string | null = null;
    try {
      if (execution.notes.texts.size === 0) outcome = execution.judge();
    } catch (thrown) {
      this.server.refuse(main, 'Error', `outcome throws: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return;
    }
    const { logs, results } = execution;
    const parted = this.control.head(Head.LaneParted);
    const part = command.strategy === null ? null : (this.strategy!.part ?? null);
    this.answer({
      texts: [...execution.notes.texts],
      logs,
      results,
      outcome,
      parted,
      shared: [...controlled.shared],
      part,
    });
  }

  private answerStress(): void {
    const { elapsed, tally } = this.stress;
    const { iterations, outcomes, failures } = tally;
    this.answer({
      iterations,
      elapsed,
      outcomes: [...outcomes],
      failures: [...failures.values()].map((failure) => ({ ...failure })),
    });
  }

  private answer(value: unknown): void {
    this.words.clear();
    encodePlain(this.words, value, [], 'result');
    this.server.answer(main, Status.Done, this.words);
  }

  private allIdle(): boolean {
    return this.state.threads.every(({ number }) => this.control.phase(number) === Phase.Idle);
  }
}
