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
/** Operations of all actors together that `known` has a row for. */
const rows = 512;

export class DataRace implements ConflictListener {
  /** By pair of actors: what a race between them means. */
  private readonly levels: readonly RuleLevel[];
  private readonly count: number;
  /** Pair of early operations → its group's number in the sink (`FindingSink.again`): a racy loop meets the same pairs for ever. */
  private readonly known = new Int32Array(rows * rows);
  /** Operations below this one have a row. */
  private readonly tabled: number;
  // The later event of a pair, read once for all the earlier ones that race with it.
  private later = -1;
  private other = 0;
  private second = 0;
  private column = 0;

  constructor(
    private readonly actors: readonly ActorInfo[],
    private readonly sink: FindingSink,
  ) {
    const within = sink.level('data-race');
    const between = sink.level('data-race', 'note');
    this.count = actors.length;
    this.tabled = Math.floor(rows / actors.length);
    this.levels = actors.flatMap((one) => actors.map((other) => (one.task === other.task ? within : between)));
  }

  conflict(trace: Trace, earlier: number, later: number): void {
    const { words } = trace;
    const one = (words[earlier]! | 0) >> actorBits;
    const first = words[earlier + 1]! | 0;
    this.read(words, later);
    const level = this.levels[one * this.count + this.other]!;
    if (level === 'off') return;
    const place = first < this.tabled && this.column >= 0 ? (first * this.count + one) * rows + this.column : -1;
    if (place < 0) this.note(trace, earlier, level, one, first);
    else if (!this.sink.again(this.known[place]!, level))
      this.known[place] = this.sink.numberOf(this.note(trace, earlier, level, one, first));
  }

  begin(): void {
    this.later = -1;
  }

  private read(words: Float64Array, later: number): void {
    if (this.later === later) return;
    this.later = later;
    this.other = (words[later]! | 0) >> actorBits;
    this.second = words[later + 1]! | 0;
    this.column = this.second < this.tabled ? this.second * this.count + this.other : -1;
  }

  /** Notes the pair of operation `first` of `one` and the later event; returns its key. */
  private note(trace: Trace, earlier: number, level: 'fail' | 'note', one: number, first: number): number {
    const { other, second } = this;
    const key = one < other ? findingKey(rule, one, first, other, second) : findingKey(rule, other, second, one, first);
    if (this.sink.isNew(key, level)) this.report(trace, earlier, this.later, level, key);
    return key;
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
