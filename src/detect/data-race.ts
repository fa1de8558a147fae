/**
 * Two actors access the same byte, at least one stores, at least one is plain, and nothing orders them. Fails between threads of
 * one task; between tasks it is a note, because a task cannot make another one lock (execution.md, rule 9).
 */
import { hex } from '../hardware/errors.ts';
import { type RuleLevel, ruleNumber } from '../kernel/rules.ts';
import type { Trace } from '../kernel/trace.ts';
import { lengthOf, sortNames, sortOf } from './access.ts';
import { type ActorInfo, type FindingSink, pairKey } from './finding.ts';
import type { ConflictListener } from './shadow.ts';

const rule = ruleNumber('data-race');
/** Operations of all actors together whose pairs are groups with a number of their own: a racy loop meets the same pairs for ever. */
const early = 500;

export class DataRace implements ConflictListener {
  /** By pair of actors: what a race between them means. */
  private readonly levels: readonly RuleLevel[];
  private readonly count: number;
  /** The number of the first of those groups. */
  private readonly first: number;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    const within = sink.level('data-race');
    const between = sink.level('data-race', 'note');
    this.count = actors.length;
    this.first = sink.reserve(pairsBelow(early));
    this.levels = actors.flatMap((one) => actors.map((other) => (one.task === other.task ? within : between)));
  }

  conflicts(trace: Trace, later: number, operation: number, earlier: Int32Array, length: number): void {
    const { sink, first } = this;
    for (let i = 0; i < length; i += 2) {
      const other = earlier[i + 1]!;
      // Which of the two is less is chance: without a branch.
      const less = (other - operation) & ((other - operation) >> 31);
      const upper = other - less;
      if (upper >= early) this.note(trace, earlier[i]!, later, -1);
      else {
        const group = first + pairsBelow(upper) + operation + less;
        if (!sink.again(group)) this.note(trace, earlier[i]!, later, group);
      }
    }
  }

  private note(trace: Trace, earlier: number, later: number, group: number): void {
    const level = this.levels[trace.actorAt(earlier) * this.count + trace.actorAt(later)]!;
    if (level === 'off') return;
    const key = pairKey(rule, trace, earlier, later);
    if (this.sink.isNew(key, level, group)) this.report(trace, earlier, later, level, key);
  }

  private report(trace: Trace, earlier: number, later: number, level: 'fail' | 'note', key: number): void {
    const marks = [earlier, later].map((at) => ({ at, role: sortNames[sortOf(trace.words, at, trace.kindAt(at))]! }));
    const [first, second] = marks.map(({ at, role }) => {
      const name = this.actors[trace.actorAt(at)]!.name;
      return `${name} (${role} of ${bytes(lengthOf(trace, at))} at ${hex(trace.words[at + 2]!)})`;
    });
    this.sink.report({
      rule: 'data-race',
      level,
      message: `${first} and ${second} touch the same memory and nothing orders them`,
      marks,
      key,
    });
  }
}

/** How many pairs there are of numbers below `count`, which is what stands before those with `count`: pairs of few operations lie close together. */
const pairsBelow = (count: number): number => Math.imul(count, count - 1) >>> 1;

const bytes = (count: number): string => (count === 1 ? '1 byte' : `${count} bytes`);
