/**
 * What executions have taught those that come later: which pages are shared, and what the strategy has measured. A campaign begins
 * with one; after its common beginning each lane (rounds.ts) goes on with a copy of its own.
 */
import type { Measured } from '../machine/schedule.ts';
import { Maxima } from '../schedule/maxima.ts';
import type { ChunkResult } from './explorer.ts';
import { ReachMap } from './reach-map.ts';

/** What a chunk of executions is given, as plain data: with the numbers of its executions all that its result depends on. */
export interface Lesson {
  /** Frames whose accesses are scheduling points, ascending. */
  readonly points: readonly number[];
  readonly measured: Measured;
}

export class Knowledge {
  private readonly reach = new ReachMap();
  private readonly lessons = new Maxima();

  merge({ reached, measured }: Pick<ChunkResult, 'reached' | 'measured'>): void {
    this.reach.merge(reached);
    this.lessons.merge(measured);
  }

  copy(): Knowledge {
    const copy = new Knowledge();
    copy.merge({ reached: this.reach.entries(), measured: this.lessons.measured() });
    return copy;
  }

  lesson(): Lesson {
    return { points: this.reach.points(), measured: this.lessons.measured() };
  }

  /** What several have learned, put together. */
  static union(all: Iterable<Knowledge>): Knowledge {
    const union = new Knowledge();
    for (const one of all) union.merge({ reached: one.reach.entries(), measured: one.lessons.measured() });
    return union;
  }
}
