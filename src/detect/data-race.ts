/**
 * Two actors access the same byte, at least one stores, at least one is plain, and nothing orders them. Fails between threads of
 * one task; between tasks it is a note, because a task cannot make another one lock (execution.md, rule 9).
 */
import { hex } from '../hardware/errors.ts';
import { type RuleLevel, ruleNumber } from '../kernel/rules.ts';
import { actorFactor, type Trace } from '../kernel/trace.ts';
import { lengthOf, sortNames, sortOf } from './access.ts';
import { type ActorInfo, type FindingSink, findingKey } from './finding.ts';
import type { ConflictListener } from './shadow.ts';

const rule = ruleNumber('data-race');
const actorBits = Math.log2(actorFactor);

export class DataRace implements ConflictListener {
  /** By pair of actors: what a race between them means. */
  private readonly levels: readonly RuleLevel[];
  private readonly count: number;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    const within = sink.level('data-race');
    const between = sink.level('data-race', 'note');
    this.count = actors.length;
    this.levels = actors.flatMap((one) => actors.map((other) => (one.task === other.task ? within : between)));
  }

  conflict(trace: Trace, earlier: number, later: number): void {
    const { words } = trace;
    const one = (words[earlier]! | 0) >> actorBits;
    const other = (words[later]! | 0) >> actorBits;
    const level = this.levels[one * this.count + other]!;
    if (level === 'off') return;
    const key =
      one < other
        ? findingKey(rule, one, words[earlier + 1]! | 0, other, words[later + 1]! | 0)
        : findingKey(rule, other, words[later + 1]! | 0, one, words[earlier + 1]! | 0);
    if (this.sink.isNew(key, level)) this.report(trace, earlier, later, level, key);
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

const bytes = (count: number): string => (count === 1 ? '1 byte' : `${count} bytes`);
