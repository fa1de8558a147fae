/** The inline carrier on scenarios written in the test itself, without files, pool or detectors. */
import { type RuleName, ruleNames } from '../../src/kernel/rules.ts';
import { firstNonStep, Kind } from '../../src/kernel/trace.ts';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import type { LoadedScenario } from '../../src/machine/loaded-scenario.ts';
import { formatOperation } from '../../src/machine/operations.ts';
import type { Reach } from '../../src/machine/reach.ts';
import type { Schedule } from '../../src/machine/schedule.ts';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import { RandomStrategy } from '../../src/schedule/random.ts';
import { type Runs, RunsSchedule, runsOf } from '../../src/schedule/runs.ts';
import { defineScenario, planThreads, type Scenario } from '../../src/task/scenario.ts';

export interface InlineSettings {
  seed?: number;
  maximumSteps?: number;
  everyOperation?: boolean;
}

/** One execution, as plain data. */
export interface Ended {
  readonly hash: string;
  readonly runs: Runs;
  readonly steps: number;
  readonly violations: readonly { rule: RuleName; thread: string; text: string }[];
  readonly results: Readonly<Record<string, unknown>>;
  readonly logs: readonly string[];
  /** Outcome's label; null when there is none, or a rule was broken that says more than that something was left. */
  readonly outcome: string | null;
}

export function load<S>(scenario: Partial<Scenario<S>> & Pick<Scenario<S>, 'tasks'>): LoadedScenario {
  const defined = defineScenario({ name: 'test', machine: { physicalMemory: 2 ** 20 }, ...scenario }) as Scenario;
  const plans = planThreads(defined);
  return { scenario: defined, plans, functions: plans.map((plan) => plan.run), yielding: null, digest: 'abc123' };
}

export class Inline {
  readonly machine: InlineMachine;
  readonly reach: Reach;
  private readonly discovered = new Set<number>();

  constructor(
    readonly loaded: LoadedScenario,
    { seed = 1, maximumSteps = 20_000, everyOperation = false }: InlineSettings = {},
  ) {
    const frames = 2 ** 20 / 4096;
    this.reach = { first: new Int32Array(frames), points: new Uint8Array(frames) };
    const onShared = (frame: number) => this.discovered.add(frame);
    this.machine = new InlineMachine(loaded, { seed, maximumSteps, everyOperation, reach: this.reach, onShared });
  }

  /** One execution. */
  run(schedule: Schedule): Ended {
    this.machine.run(schedule);
    return this.describe();
  }

  /** Execution `number` of a random campaign with `seed`. */
  random(number: number, seed = 1): Ended {
    const strategy = new RandomStrategy(seed);
    strategy.begin(number);
    return this.run(strategy);
  }

  /** The execution again, by its runs. */
  replay(runs: Runs): Ended {
    return this.run(new RunsSchedule(runs));
  }

  /** Pages found to be shared are scheduling points from now on. Returns whether there are new ones. */
  widen(): boolean {
    let wider = false;
    for (const frame of this.discovered) {
      if (this.reach.points[frame] === 0) wider = true;
      this.reach.points[frame] = 1;
    }
    this.discovered.clear();
    return wider;
  }

  /** Every execution with at most `preemptions` of them, each once; what is shared is found out first. */
  all(preemptions: number | null = null): Ended[] {
    for (;;) {
      const strategy = new DepthFirstStrategy(preemptions);
      const ended: Ended[] = [];
      let wider = false;
      while (!wider && strategy.begin()) {
        const one = this.run(strategy);
        const { repeated } = strategy;
        strategy.end();
        if (!repeated) ended.push(one);
        wider = this.widen();
        if (ended.length > 50_000) throw new Error('this scenario has too many schedules for a test');
      }
      if (!wider) return ended;
    }
  }

  /** The steps of the last execution: 'a load8(0x1000) = 0'. */
  steps(): string[] {
    const { trace } = this.machine;
    const steps: string[] = [];
    for (let at = 0; at < trace.length; at = trace.after(at)) {
      if (trace.kindAt(at) >= firstNonStep) continue;
      steps.push(`${this.loaded.plans[trace.actorAt(at)]?.name ?? 'clock'} ${formatOperation(trace, at)}`);
    }
    return steps;
  }

  /** The execution in hand. */
  describe(): Ended {
    const { machine } = this;
    const { trace } = machine;
    const violations: { rule: RuleName; thread: string; text: string }[] = [];
    for (let at = 0; at < trace.length; at = trace.after(at)) {
      if (trace.kindAt(at) !== Kind.Violation) continue;
      const thread = this.loaded.plans[trace.actorAt(at)]?.name ?? 'machine';
      violations.push({ rule: ruleNames[trace.words[at + 2]!]!, thread, text: machine.texts.get(at)! });
    }
    return {
      hash: trace.hash(),
      runs: runsOf(trace),
      steps: trace.steps,
      violations,
      results: Object.fromEntries(this.loaded.plans.map((plan, i) => [plan.name, machine.results[i]])),
      logs: machine.logs.map(({ thread, text }) => `${thread}: ${text}`),
      outcome:
        violations.every(({ rule }) => rule === 'leak') && machine.state.check() === null
          ? machine.state.outcome(machine.results)
          : null,
    };
  }
}

/** A scenario that is loaded and carried inline in one go. */
export function inline<S>(
  scenario: Partial<Scenario<S>> & Pick<Scenario<S>, 'tasks'>,
  settings: InlineSettings = {},
): Inline {
  return new Inline(load(scenario), settings);
}

/** Runs threads in the order of `actors`, an entry a step; then whoever can, lowest first. */
export function inOrder(...actors: number[]): Schedule {
  let at = 0;
  return {
    pick(runnable, count, current) {
      while (at < actors.length) {
        const wanted = actors[at++]!;
        for (let i = 0; i < count; i++) if (runnable[i] === wanted) return wanted;
      }
      return current >= 0 ? current : runnable[0]!;
    },
    choose: () => 0,
  };
}

/** The thread that runs goes on as long as it can, then the lowest. */
export const straight: Schedule = {
  pick: (runnable, _count, current) => (current >= 0 ? current : runnable[0]!),
  choose: () => 0,
};
