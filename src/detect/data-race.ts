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
/** Operations of all actors together that `known` has a row for: no power of two, lest all rows fall on the same few lines of the cache. */
const rows = 500;

export class DataRace implements ConflictListener {
  /** By pair of actors: what a race between them means. */
  private readonly levels: readonly RuleLevel[];
  private readonly count: number;
  /** Pair of early operations → its group's number in the sink (`FindingSink.again`): a racy loop meets the same pairs for ever. */
  private readonly known = new Int32Array(rows * rows);

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    const within = sink.level('data-race');
    const between = sink.level('data-race', 'note');
    this.count = actors.length;
    this.levels = actors.flatMap((one) => actors.map((other) => (one.task === other.task ? within : between)));
  }

  conflict(trace: Trace, earlier: number, later: number, one: number, other: number): void {
    const place = one < rows && other < rows ? one * rows + other : -1;
    if (place >= 0 && this.sink.again(this.known[place]!)) return;
    const group = this.note(trace, earlier, later);
    if (place >= 0) this.known[place] = group;
  }

  /** The number of the pair's group in the sink; 0 when it belongs to none. */
  private note(trace: Trace, earlier: number, later: number): number {
    const level = this.levels[trace.actorAt(earlier) * this.count + trace.actorAt(later)]!;
    if (level === 'off') return 0;
    const key = pairKey(rule, trace, earlier, later);
    if (this.sink.isNew(key, level)) this.report(trace, earlier, later, level, key);
    return this.sink.numberOf(key);
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
