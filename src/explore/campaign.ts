/**
 * A campaign: executions of one scenario spread over the explorers, until something says enough. What it finds is a function of
 * scenario, settings and seed (with a time budget, of how far it came), whatever the number of workers.
 */
import { ScenarioError } from '../machine/errors.ts';
import { isIndependent, titleOf } from '../schedule/strategies.ts';
import { Attempts } from './attempts.ts';
import { type CampaignRecord, headingOf } from './campaign-record.ts';
import { ChunkRunner } from './chunk-runner.ts';
import { ExplorerPool } from './explorer-pool.ts';
import type { Description, Target } from './explorer-service.ts';
import { missed } from './missed.ts';
import { refuseNothingExplored } from './nothing-explored.ts';
import type { Settings, WithPartial } from './options.ts';
import { proofOf } from './proof.ts';
import { recordOf } from './record-file.ts';
import type { Exploration, Failure, TraceEstimate } from './results.ts';
import { prologue, rounds } from './rounds.ts';
import type { Tally } from './tally.ts';
import { tell } from './telling.ts';
import { ThreadCheck } from './thread-check.ts';
import { exploreOnThreads } from './thread-rounds.ts';
import { exploreTree } from './tiers.ts';

/** Groups that are minimised and told in full; a campaign that finds more has one cause in many forms. */
const mostFailures = 16;
const mostNotes = 8;

export class Campaign {
  private readonly pool: ExplorerPool;
  private readonly record: CampaignRecord;
  private readonly runner: ChunkRunner;
  private started = Date.now();
  private elapsed = 0;
  private interrupted = false;
  /** Whether it was over before it had done all. */
  private isShort = false;
  /** The most executions that were reported. */
  private reported = 0;
  private description: Description | null = null;
  private estimate: TraceEstimate | null = null;

  constructor(
    private readonly target: Target,
    private readonly settings: Settings,
    record: CampaignRecord | null = null,
  ) {
    this.record = record ?? recordOf(settings.record === null ? [] : [settings.record], settings.record);
    const workers = settings.carrier === 'threads' ? 1 : settings.workers;
    // Most trees are small, and one explorer has all of them.
    const atOnce = isIndependent(settings.strategy) ? workers : 1;
    this.pool = new ExplorerPool(target, workers, settings.stallTimeout, atOnce);
    this.runner = new ChunkRunner(this.pool, this.record, settings);
  }

  async run(): Promise<Exploration> {
    const onThreads = this.settings.carrier === 'threads';
    const threads = this.settings.threadCheck || onThreads ? new ThreadCheck(this.target) : null;
    try {
      // Every worker that is there loads the scenario before the first execution, so that all of them begin together.
      const loaded = await Promise.all(Array.from({ length: this.pool.atOnce }, () => this.pool.run({ kind: 'load' })));
      this.description = loaded[0]!;
      this.record.begin(headingOf(this.target, this.settings, this.description));
      const checked = onThreads ? Promise.resolve() : this.check(threads);
      checked.catch(() => this.pool.stop());
      await this.explore(onThreads ? () => this.allOnThreads(threads!) : () => this.allRounds());
      this.elapsed = Date.now() - this.started;
      this.isShort = this.pool.isStopped;
      await checked;
      await refuseNothingExplored(this.description.name, this.settings.strategy, this.tally, () =>
        this.sharesNothing(),
      );
      if (!this.settings.tells) return this.result([], []);
      this.pool.resume();
      const { points } = this.runner;
      const failures = await tell(this.pool, this.tally.groups('fail').slice(0, mostFailures), points);
      const notes = await tell(this.pool, this.tally.groups('note').slice(0, mostNotes), points);
      for (const failure of failures)
        failure.failure.confirmed = threads === null ? null : await threads.confirms(failure.reproduced);
      return this.result(
        failures.map((told) => told.failure),
        notes.map((told) => told.failure),
      );
    } catch (error) {
      if (error instanceof ScenarioError && this.description !== null)
        (error as WithPartial).exploration = this.result([], []);
      throw error;
    } finally {
      await Promise.all([this.pool.destroy(), threads?.shutdown()]);
    }
  }

  /** Execution 1, twice inline and once on threads: refuses what does not come out the same. */
  private async check(threads: ThreadCheck | null): Promise<void> {
    const probe = await this.pool.run({ kind: 'probe' });
    await threads?.probe(this.description!, probe);
  }

  /** Explores until it is over, the time is up, or somebody says so. */
  private async explore(all: () => Promise<void>): Promise<void> {
    const { signal, timeBudget } = this.settings;
    this.started = Date.now();
    const timer = Number.isFinite(timeBudget) ? setTimeout(() => this.pool.stop(), timeBudget) : undefined;
    const onAbort = (): void => {
      this.interrupted = true;
      this.pool.stop();
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    const report = this.settings.onProgress === null ? null : setInterval(() => this.report(), 100);
    try {
      await all();
    } finally {
      clearTimeout(timer);
      if (report !== null) clearInterval(report);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private async allRounds(): Promise<void> {
    const { settings, runner, pool } = this;
    const { executions: limit, estimate, strategy } = settings;
    if (estimate !== null) this.estimate = await pool.run({ kind: 'estimate', probes: estimate });
    if (!isIndependent(strategy)) return exploreTree(runner, settings);
    let done = await runner.round([{ from: 1, to: Math.min(prologue, limit), lane: null }], true);
    // After the prologue, which every shard runs: so all of them decide alike.
    const attempts = Attempts.of(settings, this.description!, this.tally.longest);
    for (const chunks of rounds(limit, attempts)) {
      // When there is no time for more, what is on record still counts.
      if (runner.isDecided || (pool.isStopped && done.length === 0)) return;
      done = await runner.round(chunks, false);
      attempts?.learn(done);
    }
  }

  private async allOnThreads(threads: ThreadCheck): Promise<void> {
    const { actors, digest } = this.description!;
    const machine = await threads.machine;
    await exploreOnThreads({
      machine,
      actors,
      digest,
      settings: this.settings,
      tally: this.tally,
      isOver: () => this.runner.isDecided || this.pool.isStopped,
    });
  }

  private get tally(): Tally {
    return this.runner.tally;
  }

  private report(): void {
    const executions = Math.max(this.reported, this.runner.executions);
    this.reported = executions;
    this.settings.onProgress?.({
      executions,
      elapsed: Date.now() - this.started,
      failures: this.tally.groups('fail').length,
    });
  }

  /** Whether no two steps of different threads conflict: then dpor has nothing to try but one execution. */
  private async sharesNothing(): Promise<boolean> {
    if (this.settings.carrier === 'threads' || this.isShort) return false;
    const chunk = { from: 1, to: 2, points: [], widenAtOnce: true };
    const { exhausted, executions } = await this.pool.run({ kind: 'proof', chunk });
    return exhausted !== null && executions === 1;
  }

  private result(failures: Failure[], notes: Failure[]): Exploration {
    const elapsed = this.elapsed || Date.now() - this.started;
    // What began anew and was stopped early says less than what came before.
    const tally = this.isShort ? this.tally.furthest : this.tally;
    const outcomes = tally.histogram();
    const { executions, repeated, longest, traces, drawn } = tally;
    const exhausted = tally.exhausted !== null;
    const unseen = exhausted || !isIndependent(this.settings.strategy) ? null : drawn.unseen;
    return {
      scenario: this.description!.name,
      memoryModel: this.description!.memoryModel,
      threads: [...this.description!.threads],
      strategy: titleOf(this.settings),
      seed: this.settings.seed,
      executions,
      exhausted,
      proof: exhausted ? proofOf(this.settings, this.description!, tally) : null,
      elapsed,
      executionsPerSecond: perSecond(executions, elapsed),
      ...(repeated === 0 ? {} : { repeated }),
      steps: tally.steps,
      traces: { seen: traces.count, among: traces.draws, exact: traces.isExact, unseen },
      ...(this.estimate === null ? {} : { estimate: this.estimate }),
      missed: missed({ ...this.settings, actors: this.description!.actors.length - 1, longest, executions }),
      outcomes,
      unobserved: (this.description!.allowed ?? []).filter((label) => outcomes[label] === undefined),
      failures,
      notes,
      interrupted: this.interrupted,
      ...(this.settings.shard === null ? {} : { shard: `${this.settings.shard.index}/${this.settings.shard.count}` }),
      ...(this.runner.recalled === 0 ? {} : { recalled: this.runner.recalled }),
    };
  }
}

/** @param elapsed milliseconds */
export const perSecond = (executions: number, elapsed: number): number =>
  Math.round(executions / Math.max(elapsed / 1000, 0.001));
