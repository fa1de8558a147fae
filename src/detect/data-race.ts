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

export class DataRace implements ConflictListener {
  private readonly within: RuleLevel;
  private readonly between: RuleLevel;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    this.within = sink.level('data-race');
    this.between = sink.level('data-race', 'note');
  }

  conflict(trace: Trace, earlier: number, later: number): void {
    const one = this.actors[trace.actorAt(earlier)]!;
    const other = this.actors[trace.actorAt(later)]!;
    const level = one.task === other.task ? this.within : this.between;
    if (level === 'off') return;
    const key = pairKey(rule, trace, earlier, later);
    if (!this.sink.isNew(key, level)) return;
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
