/**
 * Makes a failing schedule small: fewest switches first, then fewest steps. Two ways, one after the other, both within a bound
 * of executions:
 *
 * - runs of the same thread are pulled together, as long as the failure stays (greedy; works on any schedule);
 * - schedules with fewer preemptions are searched depth-first, fewest first, for the same failure: what is found there cannot
 *   be beaten, and where the search comes to its end the present one is known to be minimal.
 */
import type { Finding } from '../detect/finding.ts';
import { DepthFirstStrategy } from '../schedule/depth-first.ts';
import { type Run, type Runs, RunsSchedule, runsOf } from '../schedule/runs.ts';
import type { Explorer } from './explorer.ts';
import type { Reproducer } from './reproducer.ts';

/** Executions that the greedy part, and the search, may take. */
const greedyBound = 2000;
const searchBound = 5000;

interface Size {
  readonly preemptions: number;
  readonly switches: number;
  readonly steps: number;
}

export class Minimiser {
  private attempts = 0;

  constructor(
    private readonly reproducer: Reproducer,
    private readonly explorer: Explorer,
  ) {}

  /** The smallest schedule found that breaks `rule` among the same threads as `runs` does. */
  minimise(runs: Runs, rule: Finding['rule']): Runs {
    this.attempts = 0;
    const first = this.try(runs, rule, null);
    if (first === null) return runs;
    let best = { runs: first.runs, size: first.size };
    best = this.greedy(best, rule, first.threads);
    return this.search(best, rule, first.threads).runs;
  }

  private greedy(
    start: { runs: Runs; size: Size },
    rule: Finding['rule'],
    threads: readonly string[],
  ): { runs: Runs; size: Size } {
    let best = start;
    for (let improved = true; improved && this.attempts < greedyBound; ) {
      improved = false;
      for (const candidate of candidates(best.runs)) {
        if (this.attempts >= greedyBound) break;
        const result = this.try(candidate, rule, threads);
        if (result !== null && compare(result.size, best.size) < 0) {
          best = { runs: result.runs, size: result.size };
          improved = true;
          break;
        }
      }
    }
    return best;
  }

  private search(
    start: { runs: Runs; size: Size },
    rule: Finding['rule'],
    threads: readonly string[],
  ): { runs: Runs; size: Size } {
    if (start.size.preemptions === 0) return start;
    let best = start;
    const strategy = new DepthFirstStrategy(start.size.preemptions - 1);
    for (let executions = 0; executions < searchBound && strategy.begin(); executions++) {
      this.explorer.detectors.sink.forget();
      this.explorer.execute(strategy);
      strategy.end();
      this.explorer.judge();
      if (!this.explorer.detectors.sink.fresh.some((finding) => finding.rule === rule)) continue;
      const result = this.try(runsOf(this.explorer.machine.trace), rule, threads);
      if (result !== null && compare(result.size, best.size) < 0) {
        best = { runs: result.runs, size: result.size };
        // Later ones of the search have as many preemptions or more.
        break;
      }
    }
    this.explorer.detectors.sink.forget();
    return this.greedy(best, rule, threads);
  }

  /** Carries a schedule out. Null unless it breaks the rule among the same threads; `threads` null accepts any. */
  private try(
    runs: Runs,
    rule: Finding['rule'],
    threads: readonly string[] | null,
  ): { runs: Runs; size: Size; threads: string[] } | null {
    this.attempts++;
    const { machine } = this.reproducer;
    const findings = this.reproducer.attempt(new RunsSchedule(runs));
    for (const finding of findings) {
      if (finding.rule !== rule) continue;
      const involved = finding.marks.map((mark) => machine.tasks[machine.trace.actorAt(mark.at)]?.thread ?? '');
      if (threads !== null && involved.join() !== threads.join()) continue;
      const happened = runsOf(machine.trace);
      const size = {
        preemptions: machine.preemptions.length,
        switches: happened.runs.length,
        steps: machine.trace.steps,
      };
      return { runs: happened, size, threads: involved };
    }
    return null;
  }
}

function compare(a: Size, b: Size): number {
  return a.preemptions - b.preemptions || a.switches - b.switches || a.steps - b.steps;
}

/** Schedules next to this one that have fewer switches, or shorter runs before them; the boldest first. */
function* candidates({ runs, choices }: Runs): Generator<Runs> {
  // Cut the end off: what follows is then done without any switch that is not forced.
  for (let length = 1; length < runs.length; length *= 2) yield { runs: runs.slice(0, length), choices };
  for (let i = runs.length - 1; i > 0; i--) yield { runs: runs.slice(0, i), choices };
  for (let i = 0; i < runs.length; i++) {
    const next = runs.findIndex((run, j) => j > i && run.actor === runs[i]!.actor);
    if (next < 0) continue;
    // The thread does its next run at once, or its present one only then.
    yield { runs: joined(runs, i, next, i), choices };
    yield { runs: joined(runs, i, next, next), choices };
  }
  for (let i = 0; i + 1 < runs.length; i++)
    yield { runs: [...runs.slice(0, i), runs[i + 1]!, runs[i]!, ...runs.slice(i + 2)], choices };
  for (const [thread, answers] of choices) {
    for (let i = 0; i < answers.length; i++) {
      if (answers[i] === 0) continue;
      yield {
        runs,
        choices: new Map(choices).set(
          thread,
          answers.map((answer, j) => (j === i ? 0 : answer)),
        ),
      };
    }
  }
}

function joined(runs: readonly Run[], i: number, j: number, at: number): Run[] {
  const sum = { actor: runs[i]!.actor, steps: runs[i]!.steps + runs[j]!.steps };
  return runs.map((run, k) => (k === at ? sum : run)).filter((_, k) => k === at || (k !== i && k !== j));
}
