/**
 * The written schedule in shared memory, so that whoever holds the baton knows without asking who is next. It answers exactly as
 * `RunsSchedule` does inline; past its end a strategy may be asked.
 */
import type { Schedule } from '../schedule.ts';
import { type Control, Head, Own } from './layout.ts';

/** Runs of steps by one actor, and what `choose` answered each actor. */
export interface WrittenSchedule {
  readonly runs: readonly { readonly actor: number; readonly steps: number }[];
  readonly choices: ReadonlyMap<number, readonly number[]>;
}

/** In `Head.Dynamic`: the strategy that is asked counts steps. */
export const dynamicSteps = 2;

export class Lane implements Schedule {
  private readonly ends: Int32Array;
  private readonly actors: Int32Array;
  private readonly choices: Int32Array;

  /** @param strategy who is asked where nothing is written, when the execution is dynamic */
  constructor(
    private readonly control: Control,
    private readonly strategy: Schedule,
  ) {
    this.ends = control.laneEnds();
    this.actors = control.laneActors();
    this.choices = control.laneChoices();
  }

  get countsSteps(): boolean {
    return this.control.words[Head.Dynamic] === dynamicSteps;
  }

  /** Writes a schedule down. Only while no execution is under way. Throws RangeError when it is too long. */
  write(schedule: WrittenSchedule): void {
    const { words } = this.control;
    if (schedule.runs.length > this.ends.length)
      throw new RangeError(`a schedule of ${schedule.runs.length} runs is longer than ${this.ends.length}`);
    let sum = 0;
    schedule.runs.forEach((run, i) => {
      sum += run.steps;
      this.ends[i] = sum;
      this.actors[i] = run.actor;
    });
    let at = 0;
    for (let thread = 0; thread < this.control.blocks; thread++) {
      const list = schedule.choices.get(thread) ?? [];
      if (at + list.length > this.choices.length)
        throw new RangeError(`a schedule with more than ${this.choices.length} choices`);
      words[this.control.own(thread, Own.Choices)] = at;
      words[this.control.own(thread, Own.ChoiceCount)] = list.length;
      for (const value of list) this.choices[at++] = value;
    }
    words[Head.LaneRuns] = schedule.runs.length;
  }

  /** Back to its first step. */
  rewind(): void {
    const { words } = this.control;
    words[Head.LaneIndex] = 0;
    words[Head.LaneParted] = -1;
    for (let thread = 0; thread < this.control.blocks; thread++) words[this.control.own(thread, Own.Asked)] = 0;
  }

  wanted(steps: number): number {
    const { words } = this.control;
    const runs = words[Head.LaneRuns]!;
    let index = words[Head.LaneIndex]!;
    while (index < runs && this.ends[index]! <= steps) index++;
    words[Head.LaneIndex] = index;
    return index < runs ? this.actors[index]! : -1;
  }

  pick(runnable: Int32Array, count: number, current: number, steps: number): number {
    const { words } = this.control;
    const wanted = this.wanted(steps);
    if (wanted >= 0) {
      for (let i = 0; i < count; i++) if (runnable[i] === wanted) return wanted;
      if (words[Head.LaneParted]! < 0) words[Head.LaneParted] = words[Head.LaneIndex]!;
    } else if (words[Head.Dynamic] !== 0) {
      return this.strategy.pick(runnable, count, current, steps);
    }
    return current >= 0 ? current : runnable[0]!;
  }

  choose(n: number, thread: number): number {
    const { words } = this.control;
    const at = this.control.own(thread, Own.Asked);
    const asked = words[at]!;
    words[at] = asked + 1;
    if (asked < words[this.control.own(thread, Own.ChoiceCount)]!) {
      const value = this.choices[words[this.control.own(thread, Own.Choices)]! + asked]!;
      return value < n ? value : 0;
    }
    return words[Head.Dynamic] !== 0 ? this.strategy.choose(n, thread) : 0;
  }
}
