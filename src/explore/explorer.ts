/**
 * One explorer: a scenario loaded once, its machine after `setup`, and executions of it, one after the other. It runs in a
 * worker of the pool; what it is given and what it returns are plain data.
 */
import { Detectors } from '../detect/detectors.ts';
import type { ActorInfo, ExecutionRecord, Finding } from '../detect/finding.ts';
import { PartialOrder } from '../detect/partial-order.ts';
import { stateHash } from '../kernel/state-hash.ts';
import type { Trace } from '../kernel/trace.ts';
import { ScenarioError } from '../machine/errors.ts';
import { InlineMachine } from '../machine/inline-machine.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { NotDeterministic } from '../machine/operation-log.ts';
import { formatOperation } from '../machine/operations.ts';
import type { Reach } from '../machine/reach.ts';
import type { Measured, Schedule, Strategy } from '../machine/schedule.ts';
import { RunsSchedule, runsOf } from '../schedule/runs.ts';
import { isIndependent, makeStrategy, titleOf } from '../schedule/strategies.ts';
import { tokenOf } from '../schedule/token.ts';
import { actorsOf } from './actors-of.ts';
import { Distinct, type Seen } from './distinct.ts';
import { inlineFar } from './inlining.ts';
import type { Settings } from './options.ts';
import { ReachedPages } from './reached-pages.ts';
import type { TraceEstimate } from './results.ts';
import { type Share, Surveys } from './surveys.ts';

/** The part of the settings that an execution depends on. */
export type ExecutionSettings = Pick<
  Settings,
  'strategy' | 'seed' | 'preemptions' | 'rules' | 'maximumSteps' | 'stopAtFirst'
> &
  Partial<Pick<Settings, 'depth' | 'equivalence' | 'delays' | 'memoryModel'>>;

/** A stretch of executions for one explorer. */
export interface ChunkJob {
  readonly from: number;
  readonly to: number;
  /** Frames whose accesses are scheduling points. */
  readonly points: readonly number[];
  /** What the strategy has learned from all executions before the round. */
  readonly measured?: Measured;
  /** Discoveries and lessons take effect at the next execution already: the first few of a campaign. */
  readonly widenAtOnce: boolean;
  /** Of a strategy that enumerates, only this part of the tree; it ends where a page turns out to be shared, since then it is another tree. */
  readonly share?: Share;
}

/** A group of failures, as its first execution showed it. */
export interface Found {
  readonly key: number;
  readonly rule: Finding['rule'];
  readonly level: 'fail' | 'note';
  readonly message: string;
  readonly execution: number;
  readonly token: string;
  /** What decided that execution: the strategy, or a part of it. */
  readonly by: string;
  occurrences: number;
}

export interface ChunkResult {
  readonly executions: number;
  /** Executions that were run and do not count, since another one stands for each (results.ts). */
  readonly repeated: number;
  readonly steps: number;
  /** Steps of the longest execution. */
  readonly longest: number;
  /** Hashes of the partial orders of its executions. */
  readonly traces: Seen;
  readonly outcomes: [string, number][];
  readonly found: Found[];
  /** Frames that are no points yet, with 1 + the only actor that reached them, or 0 for several. */
  readonly reached: [frame: number, actor: number][];
  /** What the strategy has learned so far, for the next round. */
  readonly measured: Measured;
  /** Whether loops that wait by looking were cut short. */
  readonly cut: boolean;
  /** Whether actors meet, and how: a value of Meeting. */
  readonly meeting: number;
  /** Whether anything could have happened in another order. */
  readonly branched: boolean;
  /** Which strategy, or part of it, would decide the next one. */
  readonly by: string;
  /** The same, if it has nothing left; null where there may be more. */
  readonly exhausted: string | null;
  /** Of a share: the tier that comes after its own; null where it leaves nothing for one. */
  readonly nextTier: number | null;
  /** First execution that failed, or null. */
  readonly failedAt: number | null;
  /** Of probes: what they say. */
  readonly estimate?: TraceEstimate;
}

/** Words of a job's shared flags: the machine's heartbeat, executions done, a request to stop. */
export const flag = { heartbeat: 0, executions: 1, stop: 2, words: 3 } as const;
/** In place of a heartbeat: the worker has not loaded the scenario yet. */
export const starting = -1;

/** Of executions that are drawn by lot these are told apart by their traces: a hash of one takes a quarter as long as running it. */
const isLookedAt = (number: number): boolean => number <= 4096 || number % 16 === 0;

export class Explorer {
  readonly machine: InlineMachine;
  readonly actors: readonly ActorInfo[];
  readonly detectors: Detectors;
  readonly record: ExecutionRecord;
  private readonly pages: ReachedPages;
  private readonly surveys: Surveys;
  private readonly order: PartialOrder;
  private readonly traces = new Distinct();

  constructor(
    readonly loaded: LoadedScenario,
    private readonly settings: ExecutionSettings,
    private readonly strategy: Strategy = makeStrategy(settings.strategy, settings),
  ) {
    inlineFar();
    this.actors = actorsOf(loaded);
    this.pages = new ReachedPages(machineFrames(loaded));
    this.machine = buildMachine(loaded, settings, this.pages.reach, false, this.pages.onShared);
    this.detectors = new Detectors(settings.rules, this.actors);
    this.record = { trace: this.machine.trace, actors: this.actors, texts: this.machine.texts };
    this.surveys = new Surveys(settings, this.machine, this.pages);
    this.order = new PartialOrder(this.actors, this.pages.shared, this.machine.state.kernel.hardware.pageSize);
  }

  /** Runs a chunk. `flags` shows how far it is, and asks it to stop. */
  explore(job: ChunkJob, flags: Int32Array): ChunkResult {
    this.machine.heartbeat = flags;
    const { lessons } = this.strategy;
    // Not what it has learned in other chunks, nor which pages they found to be shared: which chunks those were is chance.
    lessons?.reset(job.measured ?? []);
    const independent = isIndependent(this.settings.strategy);
    if (independent) this.pages.forget();
    // One that enumerates its tree as a whole does every chunk itself, and must see a page become shared in the execution where it does: it forgets nothing.
    this.pages.begin(job.points);
    const isStopped = (): boolean => flags[flag.stop] !== 0;
    const share = job.share === undefined ? null : this.surveys.share(job.points, job.share, isStopped);
    const strategy = share?.tree ?? this.strategy;
    const outcomes = new Map<string, number>();
    const found = new Map<number, Found>();
    let executions = 0;
    let repeated = 0;
    let steps = 0;
    let longest = 0;
    const { traces } = this;
    traces.clear();
    let exhausted = false;
    let failedAt: number | null = null;
    for (let number = job.from; number <= job.to && !isStopped(); number++) {
      if (share !== null && this.pages.hasDiscovered) break;
      if (!(share ?? strategy).begin(number)) {
        exhausted = true;
        break;
      }
      this.machine.run(strategy);
      // The detectors have read it in the round in which it was new: they count executions.
      if (strategy.repeated) {
        strategy.end(this.machine.trace.steps);
        repeated++;
        number--;
        continue;
      }
      this.detectors.scan(this.record);
      executions++;
      steps += this.machine.trace.steps;
      longest = Math.max(longest, this.machine.trace.steps);
      if (!independent || isLookedAt(number)) traces.add(this.order.hash(this.machine.trace));
      flags[flag.executions] = flags[flag.executions]! + 1;
      const label = this.judge();
      const decided = strategy.part ?? titleOf(this.settings);
      strategy.end(this.machine.trace.steps);
      if (label !== null) outcomes.set(label, (outcomes.get(label) ?? 0) + 1);
      const { fresh } = this.detectors.sink;
      if (fresh.length > 0) {
        const token = this.token();
        for (const finding of fresh) found.set(finding.key, describe(finding, number, token, decided));
      }
      if (this.detectors.sink.failed) failedAt ??= number;
      if (number === job.from) this.repeatAsWritten();
      if (failedAt !== null && this.settings.stopAtFirst) break;
      if (!job.widenAtOnce) continue;
      lessons?.adopt();
      this.widen();
    }
    for (const entry of found.values()) entry.occurrences = this.detectors.sink.occurrences(entry.key);
    this.detectors.sink.forget();
    const by = strategy.part ?? titleOf(this.settings);
    return {
      executions,
      repeated,
      steps,
      longest,
      traces: traces.seen(),
      outcomes: [...outcomes],
      found: [...found.values()],
      reached: this.pages.entries(),
      measured: lessons?.measured() ?? [],
      cut: this.machine.spins.cut,
      meeting: this.order.meetings.sort,
      branched: this.machine.branched,
      by,
      exhausted: exhausted ? by : null,
      nextTier: share?.nextTier ?? null,
      failedAt,
    };
  }

  /**
   * Runs the execution in hand again, its functions as they were written: they, and the compiled ones, must be functions of the
   * same inputs. Throws NotDeterministic naming the step at which the two part. Once a chunk is enough to keep both honest.
   */
  private repeatAsWritten(): void {
    const { machine } = this;
    if (!machine.isCompiled) return;
    const { trace } = machine;
    const compiled = trace.copy();
    machine.run(new RunsSchedule(runsOf(compiled)), false);
    if (trace.hash() === compiled.hash()) return;
    const [before, now] = firstDifference(compiled, trace, this.actors);
    throw new NotDeterministic(
      `${this.loaded.scenario.name} is not deterministic: run again with one schedule, ${now} came where before it was ${before}. ` +
        'Use task.random() and task.now() for chance and time, keep no state outside the functions, or explore with --carrier threads',
    );
  }

  /** Runs one execution under `schedule` and lets the detectors read it. */
  execute(schedule: Schedule): void {
    this.machine.run(schedule);
    this.detectors.scan(this.record);
  }

  /** `check` and `outcome` of the execution in hand, unless it failed. Returns the label, or null. */
  judge(): string | null {
    return judge(this.machine, this.detectors, this.record);
  }

  private widen(): void {
    if (!this.pages.hasDiscovered) return;
    this.pages.widen();
    this.strategy.restart();
  }

  private token(): string {
    return tokenOf(this.machine.trace, this.loaded.digest, this.settings.seed, this.actors.length - 1);
  }
}

function describe(finding: Finding, execution: number, token: string, by: string): Found {
  const { rule, level, message, key } = finding;
  return { key, rule, level, message, execution, token, by, occurrences: 1 };
}

/** The first events that two traces do not share, in words. */
function firstDifference(one: Trace, other: Trace, actors: readonly ActorInfo[]): [string, string] {
  const told = (trace: Trace, at: number): string =>
    at < trace.length ? `${formatOperation(trace, at)} by ${actors[trace.actorAt(at)]!.name}` : 'the end';
  for (let at = 0; ; at = one.after(at)) {
    if (at >= one.length || told(one, at) !== told(other, at)) return [told(one, at), told(other, at)];
  }
}

export function machineFrames(loaded: LoadedScenario): number {
  const { physicalMemory = 16 * 2 ** 20, pageSize = 4096 } = loaded.scenario.machine ?? {};
  return physicalMemory / pageSize;
}

/** Runs `setup`; what it throws becomes a ScenarioError. */
export function buildMachine(
  loaded: LoadedScenario,
  settings: Pick<ExecutionSettings, 'seed' | 'maximumSteps'>,
  reach: Reach,
  everyOperation: boolean,
  onShared: (frame: number) => void,
): InlineMachine {
  try {
    return new InlineMachine(loaded, {
      seed: settings.seed,
      maximumSteps: settings.maximumSteps,
      everyOperation,
      reach,
      onShared,
    });
  } catch (error) {
    throw new ScenarioError(
      `${loaded.scenario.name}: setup throws: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
    );
  }
}

/** `check` and `outcome`, unless a rule was broken already. Returns the outcome's label, or null. */
export function judge(machine: InlineMachine, detectors: Detectors, record: ExecutionRecord): string | null {
  if (detectors.sink.failed || !machine.state.isJudged) return null;
  const before = machine.texts.size;
  try {
    return machine.judge();
  } catch (error) {
    throw new ScenarioError(
      `${machine.loaded.scenario.name}: outcome throws: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
    );
  } finally {
    if (machine.texts.size > before) detectors.scanLate(record);
  }
}

/** Hash of kernel and memory after `setup`: two of the same scenario must be equal. */
export const baseHash = (machine: InlineMachine): string => stateHash(machine.state.kernel);
