/**
 * A token that no longer fits, followed as near as possible. An edit changes a schedule in few ways: a thread does an operation
 * more or fewer in one of its runs, or there is a thread more or fewer. So what is tried is
 *
 * - the schedule as it is written, where the scenario has other threads once for each way in which they may be the former ones;
 * - the best of these, with a few of its runs a few steps longer or shorter.
 *
 * Of all that, the schedule wins under which a rule still breaks, then the one in which most runs do what they are to do, then
 * the one that was changed least. Bounded in executions; a function of token and scenario.
 */
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { type Runs, RunsSchedule, runsOf } from '../schedule/runs.ts';
import { type Parting, partingOf } from './parting.ts';
import type { Reproducer } from './reproducer.ts';
import type { Reading } from './token-reading.ts';

/** Readings that are tried, and executions in all. */
const mostReadings = 100;
const mostAttempts = 1000;
/** How many runs may be changed, and by how many steps each. */
const mostRepairs = 4;
const farthest = 4;

export interface Nearest {
  /** What happened, from beginning to end. */
  readonly runs: Runs;
  /** Where the token parts from the scenario; null where it fits. */
  readonly parted: string | null;
}

interface Attempt {
  readonly reading: Reading;
  readonly happened: Runs;
  readonly parting: Parting;
  /** 2 when a rule failed, 1 when one is worth a note. */
  readonly broken: number;
}

export class NearestSearch {
  private attempts = 0;

  constructor(
    private readonly reproducer: Reproducer,
    private readonly loaded: LoadedScenario,
  ) {}

  /** @param readings what the token may say here: `readingsOf` */
  run(readings: readonly Reading[]): Nearest {
    this.attempts = 0;
    let best = this.best(readings.slice(0, mostReadings))!;
    const parted = this.describe(best);
    for (let repairs = 0; repairs < mostRepairs && best.broken < 2 && best.parting.run !== null; repairs++) {
      const better = this.best(repaired(best.reading));
      if (better === null || !isBetter(better, best)) break;
      best = better;
    }
    return { runs: best.happened, parted };
  }

  /** The first of those than which none is better; null when there was no time for any. */
  private best(readings: Iterable<Reading>): Attempt | null {
    let best: Attempt | null = null;
    for (const reading of readings) {
      if (this.attempts++ >= mostAttempts) break;
      const attempt = this.try(reading);
      if (best === null || isBetter(attempt, best)) best = attempt;
    }
    return best;
  }

  private try(reading: Reading): Attempt {
    const { reproducer } = this;
    const findings = reproducer.attempt(new RunsSchedule(reading.token.runs));
    const { trace } = reproducer.machine;
    const parting = partingOf(trace, reading.token, reproducer.record.actors, reading.numbersThen);
    const broken = Math.max(0, ...findings.map(({ level }) => (level === 'fail' ? 2 : 1)));
    return { reading, happened: runsOf(trace), parting, broken };
  }

  private describe({ reading, parting }: Attempt): string | null {
    if (reading.token.digest === this.loaded.digest) return parting.text;
    const changed = 'the scenario has another name, other threads or another machine';
    // With other numbers for the same actors the hash is another one in any case.
    return parting.run === null ? changed : `${changed}, and ${parting.text}`;
  }
}

const isBetter = (one: Attempt, other: Attempt): boolean =>
  (one.broken - other.broken || one.parting.fitting - other.parting.fitting) > 0;

/** The same with one run longer or shorter, by the fewest steps first. */
function* repaired({ token, numbersThen }: Reading): Generator<Reading> {
  const { runs, choices } = token.runs;
  for (let steps = 1; steps <= farthest; steps++) {
    for (const change of [steps, -steps]) {
      for (let i = 0; i < runs.length; i++) {
        const { actor, steps: before } = runs[i]!;
        if (before + change < 1) continue;
        const longer = runs.with(i, { actor, steps: before + change });
        yield { token: { ...token, runs: { runs: longer, choices } }, numbersThen };
      }
    }
  }
}
