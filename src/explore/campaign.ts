/**
 * A campaign: executions of one scenario spread over the explorers, until something says enough. What it finds is a function of
 * scenario, settings and seed (with a time budget, of how far it came), whatever the number of workers.
 */
import { ScenarioError } from '../machine/errors.ts';
import { isIndependent, titleOf } from '../schedule/strategies.ts';
import { type CampaignRecord, headingOf } from './campaign-record.ts';
import type { ChunkResult } from './explorer.ts';
import { ExplorerPool } from './explorer-pool.ts';
import type { Description, Target } from './explorer-service.ts';
import { Knowledge, type Lesson } from './knowledge.ts';
import { missed } from './missed.ts';
import type { Settings, WithPartial } from './options.ts';
import { attemptsProof, proofOf } from './proof.ts';
import { recordOf } from './record-file.ts';
import type { Exploration, Failure, TraceEstimate } from './results.ts';
import { type Chunk, lanes, prologue, rounds } from './rounds.ts';
import { isOf } from './shard.ts';
import { Tally } from './tally.ts';
import { tell } from './telling.ts';
import { ThreadCheck } from './thread-check.ts';
import { exploreOnThreads } from './thread-rounds.ts';

/** Groups that are minimised and told in full; a campaign that finds more has one cause in many forms. */
const mostFailures = 16;
const mostNotes = 8;
/** Executions after which one trace alone is no accident. */
const enoughToJudge = 100;

export class Campaign {
  private readonly pool: ExplorerPool;
  /** Of the common beginning, and once that is over of each lane. */
  private readonly common = new Knowledge();
  private readonly lanes: Knowledge[] = [];
  private readonly tally = new Tally();
  private readonly record: CampaignRecord;
  /** Executions that were found in the record. */
  private recalled = 0;
  private started = Date.now();
  private elapsed = 0;
  private interrupted = false;
  /** Executions of chunks that are done and not merged yet; and the most that was reported. */
  private unmerged = 0;
  private reported = 0;
  private description: Description | null = null;
  private estimate: TraceEstimate | null = null;

  constructor(
    private readonly target: Target,
    private readonly settings: Settings,
    record: CampaignRecord | null = null,
  ) {
    this.record = record ?? recordOf(settings.record === null ? [] : [settings.record], settings.record);
    const alone = settings.carrier === 'threads' || !isIndependent(settings.strategy);
    const workers = alone ? 1 : settings.workers;
    this.pool = new ExplorerPool(target, workers, settings.stallTimeout);
  }

  async run(): Promise<Exploration> {
    const onThreads = this.settings.carrier === 'threads';
    const threads = this.settings.threadCheck || onThreads ? new ThreadCheck(this.target) : null;
    try {
      // Every worker loads the scenario before the first execution, so that all of them begin together.
      const loaded = await Promise.all(
        Array.from({ length: this.pool.workers }, () => this.pool.run({ kind: 'load' })),
      );
      this.description = loaded[0]!;
      this.record.begin(headingOf(this.target, this.settings, this.description));
      const checked = onThreads ? Promise.resolve() : this.check(threads);
      checked.catch(() => this.pool.stop());
      await this.explore(onThreads ? () => this.allOnThreads(threads!) : () => this.allRounds());
      this.elapsed = Date.now() - this.started;
      await checked;
      this.refuseIfNothingToExplore();
      if (!this.settings.tells) return this.result([], []);
      this.pool.resume();
      const { points } = Knowledge.union([this.common, ...this.lanes]).lesson();
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
    const { executions: limit, estimate } = this.settings;
    if (estimate !== null) this.estimate = await this.pool.run({ kind: 'estimate', probes: estimate });
    let done = await this.round([{ from: 1, to: Math.min(prologue, limit), lane: null }], true);
    // After the prologue, which every shard runs: so all of them decide alike.
    const proving = attemptsProof(this.settings, this.description!.actors, this.tally.longest);
    for (const chunks of rounds(limit, proving)) {
      // When there is no time for more, what is on record still counts.
      if (this.isDecided || (this.pool.isStopped && done === 0)) return;
      done = await this.round(chunks, !isIndependent(this.settings.strategy));
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
      isOver: () => this.isDecided || this.pool.isStopped,
    });
  }

  private get isDecided(): boolean {
    return this.tally.exhausted || (this.settings.stopAtFirst && this.tally.failedAt !== null);
  }

  /** Runs chunks side by side; merges them in order, dropping what lies behind a failure that ends the campaign. → how many. */
  private async round(chunks: readonly Chunk[], widenAtOnce: boolean): Promise<number> {
    const lessons = chunks.map((chunk) => this.knowledgeFor(chunk).lesson());
    const { shard } = this.settings;
    const results = new Array<ChunkResult | undefined>(chunks.length);
    let next = 0;
    let last = chunks.length;
    const work = async (): Promise<void> => {
      while (next < last) {
        const index = next++;
        const chunk = chunks[index]!;
        if (shard !== null && !isOf(shard, chunk)) continue;
        const result = await this.resultOf(chunk, lessons[index]!, widenAtOnce);
        if (result === null) continue;
        results[index] = result;
        this.unmerged += result.executions;
        if ((result.failedAt !== null && this.settings.stopAtFirst) || result.exhausted)
          last = Math.min(last, index + 1);
      }
    };
    await Promise.all(Array.from({ length: this.pool.workers }, work));
    this.unmerged = 0;
    let merged = 0;
    for (let i = 0; i < last; i++) {
      const result = results[i];
      if (result === undefined) continue;
      merged++;
      this.tally.merge(result, chunks[i]!.proves);
      this.knowledgeFor(chunks[i]!).merge(result);
    }
    return merged;
  }

  /** As it was recorded, or by running it; null when it was not recorded and there is no time to. */
  private async resultOf(chunk: Chunk, lesson: Lesson, widenAtOnce: boolean): Promise<ChunkResult | null> {
    const recorded = this.record.find(chunk, lesson);
    if (recorded !== null) {
      this.recalled += recorded.executions;
      return recorded;
    }
    if (this.pool.isStopped) return null;
    const { from, to, proves = false } = chunk;
    const job = { from, to, ...lesson, widenAtOnce: widenAtOnce || proves };
    const result = await this.pool.run({ kind: proves ? 'proof' : 'chunk', chunk: job });
    const isWhole = result.executions === to - from + 1 || (result.failedAt !== null && this.settings.stopAtFirst);
    if (isWhole || result.exhausted) this.record.keep(chunk, lesson, result);
    return result;
  }

  private knowledgeFor({ lane }: Chunk): Knowledge {
    if (lane === null || !isIndependent(this.settings.strategy)) return this.common;
    while (this.lanes.length < lanes) this.lanes.push(this.common.copy());
    return this.lanes[lane]!;
  }

  private report(): void {
    const executions = Math.max(this.reported, this.tally.executions + this.unmerged + this.pool.underWay);
    this.reported = executions;
    this.settings.onProgress?.({
      executions,
      elapsed: Date.now() - this.started,
      failures: this.tally.groups('fail').length,
    });
  }

  /** Throws ScenarioError for an exploration that explored nothing: to pass would be to say that something was tried. */
  private refuseIfNothingToExplore(): void {
    const { tally } = this;
    if (tally.executions === 0 || tally.found.size > 0) return;
    const name = JSON.stringify(this.description!.name);
    if (!tally.branched)
      throw new ScenarioError(
        `nothing in ${name} can happen in another order: its threads share no memory that both reach, and make no kernel calls side by side`,
      );
    // Where somebody asked for everything to be tried, that there is one trace is a result.
    const isAnswer = tally.exhausted && !isIndependent(this.settings.strategy);
    const judged = !isAnswer && tally.executions >= enoughToJudge;
    if (judged && tally.met && tally.traces.isExact && tally.traces.count === 1)
      throw new ScenarioError(
        `nothing in ${name} came in another order: in all of ${tally.executions} executions its threads reached what they share one after the other in the same way, so they never overlap (if that is meant, --strategy dfs may prove it)`,
      );
  }

  private result(failures: Failure[], notes: Failure[]): Exploration {
    const elapsed = this.elapsed || Date.now() - this.started;
    const outcomes = this.tally.histogram();
    const { executions, longest, traces, drawn, exhausted } = this.tally;
    const unseen = exhausted || !isIndependent(this.settings.strategy) ? null : drawn.unseen;
    return {
      scenario: this.description!.name,
      memoryModel: this.description!.memoryModel,
      threads: [...this.description!.threads],
      strategy: titleOf(this.settings),
      seed: this.settings.seed,
      executions,
      exhausted,
      proof: exhausted ? proofOf(this.settings, this.description!, this.tally) : null,
      elapsed,
      executionsPerSecond: perSecond(executions, elapsed),
      steps: this.tally.steps,
      traces: { seen: traces.count, among: traces.draws, exact: traces.isExact, unseen },
      ...(this.estimate === null ? {} : { estimate: this.estimate }),
      missed: missed({ ...this.settings, actors: this.description!.actors.length - 1, longest, executions }),
      outcomes,
      unobserved: (this.description!.allowed ?? []).filter((label) => outcomes[label] === undefined),
      failures,
      notes,
      interrupted: this.interrupted,
      ...(this.settings.shard === null ? {} : { shard: `${this.settings.shard.index}/${this.settings.shard.count}` }),
      ...(this.recalled === 0 ? {} : { recalled: this.recalled }),
    };
  }
}

/** @param elapsed milliseconds */
export const perSecond = (executions: number, elapsed: number): number =>
  Math.round(executions / Math.max(elapsed / 1000, 0.001));
