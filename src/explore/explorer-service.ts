/**
 * What an explorer's worker does: it keeps one explorer, made by its first job, and serves jobs on it. Everything that crosses
 * is plain data; errors cross as their name and message, because classes do not survive.
 */
import type { ActorInfo } from '../detect/finding.ts';
import type { MemoryModel } from '../hardware/configuration.ts';
import { ScenarioError, UsageError } from '../machine/errors.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { NotDeterministic } from '../machine/operation-log.ts';
import { loadScenario, scenarioNames } from '../machine/scenario-loader.ts';
import { RandomStrategy } from '../schedule/random.ts';
import { type Runs, runsOf } from '../schedule/runs.ts';
import { decodeToken, digestIn, type Token } from '../schedule/token.ts';
import { allowedOutcomes } from '../task/scenario.ts';
import { actorsOf } from './actors-of.ts';
import { attempt } from './attempts.ts';
import { Estimator } from './estimator.ts';
import { Explainer, type Pair } from './explain.ts';
import { baseHash, type ChunkJob, type ChunkResult, type ExecutionSettings, Explorer, flag } from './explorer.ts';
import { Minimiser } from './minimise.ts';
import { NearestSearch } from './nearest.ts';
import { Reproducer } from './reproducer.ts';
import type { Failure, Replay, TraceEstimate } from './results.ts';
import { readingsOf } from './token-reading.ts';

export interface Target {
  readonly url: string;
  readonly scenario: string | null;
  readonly settings: ExecutionSettings;
}

/** What everybody else needs to know of a scenario. */
export interface Description {
  readonly name: string;
  readonly allowed: readonly string[] | null;
  readonly memoryModel: MemoryModel;
  readonly threads: readonly string[];
  readonly actors: readonly ActorInfo[];
  readonly digest: string;
}

/** Execution 1, which every carrier must repeat exactly. */
export interface Probe {
  readonly runs: Runs;
  readonly hash: string;
}

export type Job =
  | { kind: 'names' }
  | { kind: 'load' }
  | { kind: 'probe' }
  | { kind: 'estimate'; probes: number }
  | { kind: 'chunk'; chunk: ChunkJob }
  | { kind: 'proof' | 'probes'; chunk: ChunkJob }
  | { kind: 'replay'; token: string; bestEffort: boolean }
  | { kind: 'minimise'; token: string; rule: string | null; points: readonly number[] };

/** A job with what it is about; `flags` are shared words (explorer.ts). */
export interface Request {
  readonly job: Job;
  readonly target: Target;
  readonly flags: Int32Array;
}

export interface Reproduced {
  readonly replay: Replay;
  readonly runs: Runs;
  readonly seed: number;
}

export type Answer = string[] | Description | Probe | TraceEstimate | ChunkResult | Reproduced;

/** What a job of type J answers. */
export type AnswerTo<J extends Job> = J extends { kind: 'names' }
  ? string[]
  : J extends { kind: 'load' }
    ? Description
    : J extends { kind: 'probe' }
      ? Probe
      : J extends { kind: 'estimate' }
        ? TraceEstimate
        : J extends { kind: 'chunk' | 'proof' | 'probes' }
          ? ChunkResult
          : Reproduced;

/** An answer, or the error that a job ended with. */
export type Reply =
  | { ok: true; value: Answer }
  | { ok: false; error: { name: string; message: string; stack: string | undefined } };

export class ExplorerService {
  private loaded: LoadedScenario | null = null;
  private explorer: Explorer | null = null;

  async serve(request: Request): Promise<Reply> {
    try {
      return { ok: true, value: await this.answer(request) };
    } catch (error) {
      const known = error instanceof NotDeterministic ? new ScenarioError(error.message) : error;
      if (!(known instanceof Error))
        return { ok: false, error: { name: 'Error', message: String(known), stack: undefined } };
      return { ok: false, error: { name: known.name, message: known.message, stack: known.stack } };
    }
  }

  private async answer({ job, target, flags }: Request): Promise<Answer> {
    if (job.kind === 'names') return scenarioNames(target.url);
    const loaded = (this.loaded ??= await loadScenario(
      target.url,
      target.scenario,
      target.settings.memoryModel ?? null,
    ));
    Atomics.store(flags, flag.heartbeat, 0);
    const { settings } = target;
    switch (job.kind) {
      case 'load':
        return describe(loaded);
      case 'probe':
        return this.probe(loaded, settings, flags);
      case 'estimate':
        return new Estimator(loaded, settings).estimate(job.probes, flags);
      case 'chunk':
        return this.explorerFor(loaded, settings).explore(job.chunk, flags);
      case 'proof':
      case 'probes':
        return attempt(job.kind, loaded, settings, job.chunk, flags);
      case 'replay': {
        if (job.bestEffort) return nearest(loaded, settings, flags, job.token);
        const token = decode(loaded, job.token);
        return reproduced(new Reproducer(loaded, { ...settings, seed: token.seed }, flags), token.runs, token);
      }
      case 'minimise':
        return this.minimise(loaded, settings, flags, job);
    }
  }

  private explorerFor(loaded: LoadedScenario, settings: ExecutionSettings): Explorer {
    this.explorer ??= new Explorer(loaded, settings);
    return this.explorer;
  }

  /** Runs `setup` twice and execution 1 twice: both must come out the same. */
  private probe(loaded: LoadedScenario, settings: ExecutionSettings, flags: Int32Array): Probe {
    const one = new Reproducer(loaded, settings, flags);
    const two = new Reproducer(loaded, settings, flags);
    if (baseHash(one.machine) !== baseHash(two.machine)) {
      throw new ScenarioError(
        `${loaded.scenario.name}: setup is not deterministic: run twice, it leaves different states`,
      );
    }
    const hashes = [one, two].map((reproducer) => {
      const strategy = new RandomStrategy(settings.seed);
      strategy.begin(1);
      reproducer.attempt(strategy);
      return reproducer.machine.trace.hash();
    });
    if (hashes[0] !== hashes[1]) {
      throw new ScenarioError(`${loaded.scenario.name} is not deterministic: ${firstDifference(one, two)}`);
    }
    return { runs: runsOf(one.machine.trace), hash: hashes[0]! };
  }

  private minimise(
    loaded: LoadedScenario,
    settings: ExecutionSettings,
    flags: Int32Array,
    job: Job & { kind: 'minimise' },
  ): Reproduced {
    const { points } = job;
    const token = decode(loaded, job.token);
    const seeded = { ...settings, seed: token.seed };
    const reproducer = new Reproducer(loaded, seeded, flags);
    const explorer = new Explorer(loaded, { ...seeded, stopAtFirst: false });
    // A few executions find out what is shared, where nobody says so.
    explorer.explore({ from: 1, to: points.length > 0 ? 0 : 16, points, widenAtOnce: true }, flags);
    const before = reproducer.reproduce(token.runs, token);
    const wanted = job.rule ?? before.replay.failure?.rule ?? before.replay.notes[0]?.rule;
    if (wanted === undefined) return { replay: before.replay, runs: token.runs, seed: token.seed };
    const runs = new Minimiser(reproducer, explorer).minimise(token.runs, wanted as never);
    const pairs = new Explainer(reproducer).explain(runs, wanted as never);
    const { replay, ...rest } = reproduced(reproducer, runs, null, token.seed);
    return { replay: explained(replay, wanted, pairs), ...rest };
  }
}

function describe(loaded: LoadedScenario): Description {
  return {
    name: loaded.scenario.name,
    allowed: allowedOutcomes(loaded.scenario) ?? null,
    memoryModel: loaded.scenario.machine?.memoryModel ?? 'sc',
    threads: loaded.plans.map((plan) => plan.name),
    actors: actorsOf(loaded),
    digest: loaded.digest,
  };
}

function decode(loaded: LoadedScenario, text: string): Token {
  if (digestIn(text) !== loaded.digest) {
    throw new ScenarioError(
      `the token belongs to another scenario than ${JSON.stringify(loaded.scenario.name)} (or to an earlier form of it, with other threads or another machine: replay --best-effort tries it all the same)`,
    );
  }
  return decodeToken(text, actorsOf(loaded).length - 1);
}

/** The replay with what makes the failures under `rule` vanish. */
function explained(replay: Replay, rule: string, pairs: readonly Pair[]): Replay {
  const explanation = pairs.map(([first, second]) => ({ first: replay.trace[first]!, second: replay.trace[second]! }));
  const explain = (failure: Failure): Failure =>
    failure.rule === rule && pairs.length > 0 ? { ...failure, explanation } : failure;
  return {
    ...replay,
    failure: replay.failure === null ? null : explain(replay.failure),
    others: replay.others.map(explain),
    notes: replay.notes.map(explain),
  };
}

/** Follows a token also where it does not fit. */
function nearest(loaded: LoadedScenario, settings: ExecutionSettings, flags: Int32Array, text: string): Reproduced {
  const readings = readingsOf(text, loaded);
  const { seed } = readings[0]!.token;
  const reproducer = new Reproducer(loaded, { ...settings, seed }, flags);
  const { runs, parted } = new NearestSearch(reproducer, loaded).run(readings);
  const { replay, ...rest } = reproduced(reproducer, runs, null, seed);
  return { replay: { ...replay, parted }, ...rest };
}

function reproduced(reproducer: Reproducer, runs: Runs, token: Token | null, seed = token?.seed ?? 0): Reproduced {
  const { replay } = reproducer.reproduce(runs, token);
  return { replay, runs: runsOf(reproducer.machine.trace), seed };
}

function firstDifference(one: Reproducer, two: Reproducer): string {
  const a = one.reproduce(runsOf(one.machine.trace), null).replay.trace;
  const b = two.reproduce(runsOf(one.machine.trace), null).replay.trace;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const left = a[i] === undefined ? 'the end' : `${a[i]!.thread}: ${a[i]!.description}`;
    const right = b[i] === undefined ? 'the end' : `${b[i]!.thread}: ${b[i]!.description}`;
    if (left !== right) return `run twice with one schedule, step ${i + 1} was ${left}, then ${right}`;
  }
  return 'run twice with one schedule, its trace differs';
}

/** Rebuilds the error of a reply. */
export function raise(error: { name: string; message: string; stack: string | undefined }): never {
  if (error.name === 'UsageError') throw new UsageError(error.message);
  if (error.name === 'ScenarioError') throw new ScenarioError(error.message);
  throw Object.assign(new Error(error.message), { name: error.name, stack: error.stack });
}
