/**
 * A schedule written down: runs of steps by one actor, and what `choose` answered. Taken from a trace; the form that tokens
 * encode and the minimiser works on. Steps count operations, also those that were no scheduling points.
 */
import { firstNonStep, headerWords, Kind, type Trace } from '../kernel/trace.ts';
import type { Schedule } from '../machine/schedule.ts';

export interface Run {
  readonly actor: number;
  readonly steps: number;
}

export interface Runs {
  readonly runs: readonly Run[];
  /** Answers of `choose`, in the order of each actor's own asking. */
  readonly choices: ReadonlyMap<number, readonly number[]>;
}

/** The schedule that made `trace`. */
export function runsOf(trace: Trace): Runs {
  const runs: { actor: number; steps: number }[] = [];
  const choices = new Map<number, number[]>();
  for (let at = 0; at < trace.length; at = trace.after(at)) {
    const kind = trace.kindAt(at);
    if (kind >= firstNonStep) continue;
    const actor = trace.actorAt(at);
    const last = runs[runs.length - 1];
    if (last !== undefined && last.actor === actor) last.steps++;
    else runs.push({ actor, steps: 1 });
    const choice = choiceAt(trace, at, kind);
    if (choice < 0) continue;
    const list = choices.get(actor);
    if (list === undefined) choices.set(actor, [choice]);
    else list.push(choice);
  }
  return { runs, choices };
}

/** What was chosen in the step at `at`, or -1 when there was nothing to choose. */
function choiceAt(trace: Trace, at: number, kind: number): number {
  if (kind === Kind.Choose || kind === Kind.Evict) return trace.words[at + 5]!;
  return kind === Kind.Drain && trace.words[at + 7] === 1 ? trace.words[at + headerWords]! : -1;
}

/** Follows written runs; past their end it lets the running thread go on, then the lowest that can. */
export class RunsSchedule implements Schedule {
  readonly isWritten = true;
  /** The run at which the execution first could not do what was written, or -1. */
  partedAt = -1;
  /** Strict: parting is an error of the caller's; otherwise the nearest possible step is taken instead. */
  private readonly ends: number[] = [];
  private readonly asked = new Map<number, number>();
  private index = 0;

  constructor(private readonly written: Runs) {
    let sum = 0;
    for (const run of written.runs) {
      sum += run.steps;
      this.ends.push(sum);
    }
  }

  /** Steps that are written down. */
  get length(): number {
    return this.ends[this.ends.length - 1] ?? 0;
  }

  rewind(): void {
    this.index = 0;
    this.partedAt = -1;
    this.asked.clear();
  }

  wanted(steps: number): number {
    while (this.index < this.ends.length && this.ends[this.index]! <= steps) this.index++;
    return this.written.runs[this.index]?.actor ?? -1;
  }

  pick(runnable: Int32Array, count: number, current: number, steps: number): number {
    const wanted = this.wanted(steps);
    for (let i = 0; i < count; i++) if (runnable[i] === wanted) return wanted;
    if (wanted >= 0 && this.partedAt < 0) this.partedAt = this.index;
    return current >= 0 ? current : runnable[0]!;
  }

  choose(n: number, thread: number): number {
    const asked = this.asked.get(thread) ?? 0;
    this.asked.set(thread, asked + 1);
    const value = this.written.choices.get(thread)?.[asked] ?? 0;
    return value < n ? value : 0;
  }
}
