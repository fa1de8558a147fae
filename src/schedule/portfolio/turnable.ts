/**
 * Races that executions have shown, to be turned round: pairs of places, and who took the steps. They lie in the lessons of a strategy; this is how
 * they are read, and in which order they are tried.
 */
import { PlaceTable } from '../../detect/place-table.ts';
import type { Maxima } from '../maxima.ts';
import { placeBits } from '../places.ts';

/** Pairs that are kept: a program with more has enough to be tried. */
const mostPairs = 4096;
/** Up to here executions show pairs. */
const lastExecution = 2 ** 11;

// The value of a pair, from its upper digits down: how often it was tried, how early an execution showed it, how late in that, and the two actors.
const actors = 2 ** 10;
const perRank = actors * actors;
const ranks = 2 ** 12;
const perExecution = perRank * ranks;
const perTry = 2 ** 44;
/** A pair is turned round in two ways. */
const ways = 2;

export class Turnable {
  private number = 0;
  /** Pairs that this execution was the first to show. */
  private rank = 0;
  private list: readonly number[] = [];
  private version = 0;
  /** Pairs that were noted since the lessons last changed: most are seen again and again. */
  private readonly known = new PlaceTable();
  private knownVersion = 0;

  constructor(private readonly lessons: Maxima) {}

  /** Execution `number` begins. */
  begin(number: number): void {
    this.number = number;
    this.rank = 0;
  }

  /** It shows a step, of `other` at place `later`, that could have come before the one of `one` at `earlier`. */
  note(earlier: number, later: number, one: number, other: number): void {
    const { lessons, known } = this;
    if (this.knownVersion !== lessons.version) {
      this.knownVersion = lessons.version;
      known.clear();
    }
    // Of alike steps nothing is changed by their order.
    if (earlier === later || this.number > lastExecution) return;
    const pair = earlier * 2 ** placeBits + later;
    const word = known.enter(pair);
    if (known.words[word] !== 0) return;
    known.words[word] = 1;
    if (lessons.of(pair) > 0 || lessons.size >= mostPairs) return;
    const executions = (lastExecution - this.number) * perExecution;
    lessons.note(pair, executions + Math.min(++this.rank, ranks - 1) * perRank + one * actors + other);
  }

  /** All pairs, those first that were seen first; of one execution, the last one first. */
  get pairs(): readonly number[] {
    const { lessons } = this;
    if (this.version === lessons.version) return this.list;
    this.version = lessons.version;
    this.list = lessons
      .keys()
      .filter((key) => key >= 2 ** placeBits)
      .sort((a, b) => (lessons.of(b) % perTry) - (lessons.of(a) % perTry));
    return this.list;
  }

  /**
   * The pair to be tried next, or 0 when each was tried in both ways: by turns of the first execution that shows an untried one, and of
   * the last. What the last one shows goes further, what the first one shows is nearer to what everybody does.
   */
  untried(): number {
    const tries = this.pairs.reduce((sum, pair) => sum + this.triesOf(pair), 0);
    for (let way = 0; way < ways; way++) {
      const pairs = this.pairs.filter((pair) => this.triesOf(pair) === way);
      if (pairs.length === 0) continue;
      if (tries % 2 === 0) return pairs[0]!;
      const latest = this.executionOf(pairs[pairs.length - 1]!);
      return pairs.find((pair) => this.executionOf(pair) === latest)!;
    }
    return 0;
  }

  /** Notes that `pair` is tried. Returns in which way, from 0. */
  try(pair: number): number {
    const way = this.triesOf(pair);
    this.lessons.note(pair, this.lessons.of(pair) + perTry);
    return way;
  }

  earlierOf(pair: number): number {
    return Math.floor(pair / 2 ** placeBits);
  }

  laterOf(pair: number): number {
    return pair % 2 ** placeBits;
  }

  /** Who took the earlier step. */
  oneOf(pair: number): number {
    return Math.floor(this.lessons.of(pair) / actors) % actors;
  }

  /** Who took the later one. */
  otherOf(pair: number): number {
    return this.lessons.of(pair) % actors;
  }

  private triesOf(pair: number): number {
    return Math.floor(this.lessons.of(pair) / perTry);
  }

  private executionOf(pair: number): number {
    return Math.floor((this.lessons.of(pair) % perTry) / perExecution);
  }
}
