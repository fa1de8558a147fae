/**
 * Replays written schedules inline, counting every operation, and tells the whole story: findings with their sites in the
 * user's source, each step in words, the outcome. Also what minimising tries its candidates on.
 */
import { Detectors } from '../detect/detectors.ts';
import type { ExecutionRecord, Finding } from '../detect/finding.ts';
import { missingStep } from '../detect/missing-step.ts';
import { isStep, Kind } from '../kernel/trace.ts';
import { ScenarioError } from '../machine/errors.ts';
import type { InlineMachine } from '../machine/inline-machine.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { formatOperation } from '../machine/operations.ts';
import type { Schedule } from '../machine/schedule.ts';
import { type Runs, RunsSchedule } from '../schedule/runs.ts';
import { type Token, tokenOf } from '../schedule/token.ts';
import { actorsOf } from './actors-of.ts';
import { buildMachine, type ExecutionSettings, judge, machineFrames } from './explorer.ts';
import { pastOf } from './history.ts';
import { partingOf } from './parting.ts';
import type { Failure, PastStep, Replay, Site, TraceStep } from './results.ts';
import { type SourcePlace, sourcePlace } from './source-place.ts';

/** A written schedule, carried out. */
export interface Reproduction {
  readonly replay: Replay;
  /** Runs as they really happened. */
  readonly token: string;
}

export class Reproducer {
  readonly machine: InlineMachine;
  readonly detectors: Detectors;
  readonly record: ExecutionRecord;
  /** By thread and operation: what is noted before a step moves its place in the trace. */
  private readonly places = new Map<number, SourcePlace>();

  constructor(
    private readonly loaded: LoadedScenario,
    private readonly settings: ExecutionSettings,
    flags: Int32Array,
  ) {
    const frames = machineFrames(loaded);
    const reach = { first: new Int32Array(frames), points: new Uint8Array(frames).fill(1) };
    this.machine = buildMachine(loaded, settings, reach, true, () => {});
    this.machine.heartbeat = flags;
    const actors = actorsOf(loaded);
    this.detectors = new Detectors(settings.rules, actors);
    this.record = { trace: this.machine.trace, actors, texts: this.machine.texts };
  }

  /** All but the machine itself: what tokens number. */
  get actors(): number {
    return this.record.actors.length - 1;
  }

  /** Runs `schedule` and returns the findings, without anything for people. */
  attempt(schedule: Schedule): readonly Finding[] {
    this.machine.run(schedule);
    this.detectors.sink.forget();
    this.detectors.scan(this.record);
    this.outcome = judge(this.machine, this.detectors, this.record);
    return this.detectors.sink.fresh;
  }

  /** The outcome of the last attempt. */
  outcome: string | null = null;

  /** Runs `runs` and tells its story. Throws ScenarioError naming the first switch at which it parts from `token`. */
  reproduce(runs: Runs, token: Token | null): Reproduction {
    this.places.clear();
    for (const task of this.machine.tasks)
      task.onStep = ({ number, recorded }) => this.places.set(placeKey(number, recorded), sourcePlace());
    let findings: readonly Finding[];
    this.machine.keepHistory(true);
    try {
      findings = this.attempt(new RunsSchedule(runs));
    } finally {
      this.machine.keepHistory(false);
      for (const task of this.machine.tasks) task.onStep = null;
    }
    if (token !== null) this.compare(token);
    const text = tokenOf(this.machine.trace, this.loaded.digest, this.settings.seed, this.actors);
    const trace = this.steps();
    // What led to a failure begins with the state after `setup`; all that came of it is in the trace.
    this.machine.state.kernel.journal.rollback();
    const failures = findings
      .map((finding) => this.failure(finding, text))
      .sort((a, b) => lastStep(a, this.stepNumbers) - lastStep(b, this.stepNumbers));
    const replay: Replay = {
      scenario: this.loaded.scenario.name,
      memoryModel: this.machine.loaded.scenario.machine?.memoryModel ?? 'sc',
      carrier: 'inline',
      token: text,
      parted: null,
      failure: failures.find((failure) => failure.level === 'fail') ?? null,
      others: failures.filter((failure) => failure.level === 'fail').slice(1),
      notes: failures.filter((failure) => failure.level === 'note'),
      threads: this.loaded.plans.map((plan) => plan.name),
      trace,
      traceHash: this.machine.trace.hash(),
      outcome: this.outcome,
      logs: this.machine.logs.map(({ thread, text: line }) => ({ thread, text: line })),
    };
    return { replay, token: text };
  }

  private readonly stepNumbers = new Map<string, number>();
  /** Place in the trace → number of the step there. */
  private readonly numbers = new Map<number, number>();

  private compare(token: Token): void {
    const { text } = partingOf(this.machine.trace, token, this.record.actors);
    if (text !== null)
      throw new ScenarioError(
        `the token no longer fits: ${text}; the scenario (or its seed) has changed since, and replay --best-effort goes on all the same`,
      );
  }

  private failure(finding: Finding, token: string): Failure {
    const trace = this.machine.trace;
    const sites = finding.marks.map((mark): Site => {
      const place = this.placeOf(mark.at);
      return {
        thread: this.record.actors[trace.actorAt(mark.at)]!.name,
        operation: trace.words[mark.at + 1]!,
        role: mark.role,
        description: isStep(trace.kindAt(mark.at)) ? formatOperation(trace, mark.at) : '',
        file: place?.file ?? null,
        line: place?.line ?? null,
        column: place?.column ?? null,
      };
    });
    const missing = missingStep(trace, finding);
    return {
      rule: finding.rule,
      level: finding.level,
      message: finding.message,
      threads: [...new Set(sites.map((site) => site.thread))],
      sites,
      ...(missing === undefined ? {} : { missing }),
      ...this.history(finding),
      token,
      execution: null,
      occurrences: 1,
      steps: trace.steps,
      preemptions: this.machine.preemptions.length,
      traceHash: trace.hash(),
      confirmed: null,
    };
  }

  private placeOf(at: number): SourcePlace | undefined {
    const { trace } = this.machine;
    const actor = trace.actorAt(at);
    // A store that reaches memory is where its thread stored it.
    const thread = trace.kindAt(at) === Kind.Drain ? actor - this.machine.firstDrain : actor;
    return this.places.get(placeKey(thread, trace.words[at + 1]!));
  }

  /** What happened to the page or object that a finding is about, up to its last mark. */
  private history({ subject, marks }: Finding): { history?: PastStep[] } {
    const { trace, state } = this.machine;
    if (subject === undefined) return {};
    const lines = pastOf(trace, subject, marks.at(-1)!.at, state.kernel);
    if (lines === null) return {};
    return {
      history: lines.map(({ at, text }) => {
        const place = at === null ? undefined : this.placeOf(at);
        return {
          step: at === null ? null : (this.numbers.get(at) ?? null),
          thread: at === null ? null : this.record.actors[trace.actorAt(at)]!.name,
          description: text,
          file: place?.file ?? null,
          line: place?.line ?? null,
        };
      }),
    };
  }

  private steps(): TraceStep[] {
    const trace = this.machine.trace;
    const preempted = new Set(this.machine.preemptions);
    const steps: TraceStep[] = [];
    this.stepNumbers.clear();
    this.numbers.clear();
    for (let at = 0; at < trace.length; at = trace.after(at)) {
      if (!isStep(trace.kindAt(at))) continue;
      const place = this.placeOf(at);
      const thread = this.record.actors[trace.actorAt(at)]!.name;
      const operation = trace.words[at + 1]!;
      steps.push({
        step: steps.length + 1,
        thread,
        operation,
        description: formatOperation(trace, at),
        file: place?.file ?? null,
        line: place?.line ?? null,
        preemption: preempted.has(at),
      });
      this.numbers.set(at, steps.length);
      this.stepNumbers.set(`${thread}#${operation}`, steps.length);
    }
    return steps;
  }
}

const placeKey = (thread: number, operation: number): number => thread * 2 ** 32 + operation;

function lastStep(failure: Failure, numbers: ReadonlyMap<string, number>): number {
  const last = failure.sites.at(-1);
  return last === undefined ? 0 : (numbers.get(`${last.thread}#${last.operation}`) ?? 0);
}
