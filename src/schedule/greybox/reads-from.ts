/**
 * Who read from whom: follows an execution step by step and notes each pair of a step and the one that it reads from, the first time
 * that an execution shows it.
 *
 * A kernel call reads from the last call about its object, whatever it does; an access that may store reads nothing here.
 */

import { PlaceTable } from '../../detect/place-table.ts';
import { objectOf } from '../../machine/intents.ts';
import { Follower } from '../follower.ts';
import type { Maxima } from '../maxima.ts';
import { Places, placeBits } from '../places.ts';

/** In place of a writer: what was there before anybody wrote. */
export const initially = 0;

/** Places and pairs that are noted; a program with more has enough to be aimed at. */
const mostNoted = 8192;
/** What stands for execution n is so much less n, so that the first one to show something is the largest. */
const lastExecution = 2 ** 40;
const signless = 2 ** 31;

// Keys of lessons: a place alone stands for itself, with its code as value; a pair has its first execution as value.
export const pairOf = (writer: number, reader: number): number => (writer + 1) * 2 ** placeBits + reader;
export const readerOf = (pair: number): number => pair % 2 ** placeBits;
export const writerOf = (pair: number): number => Math.floor(pair / 2 ** placeBits) - 1;
export const isPlace = (key: number): boolean => key > 0 && key < 2 ** placeBits;
export const isPair = (key: number): boolean => key >= 2 ** placeBits && key < endOfPairs;
/** Keys from here on are free for others. */
export const endOfPairs = 2 ** (2 * placeBits + 1);
export const codeOfValue = (value: number): number => value - signless;
export const executionOfValue = (value: number): number => lastExecution - value;

export const reads = (code: number): boolean => objectOf(code) < 0 || (objectOf(code) > 0 && (code & 1) === 0);
export const writes = (code: number): boolean => objectOf(code) !== 0 && (code & 1) === 1;

export class ReadsFrom extends Follower {
  /** Whether the execution in hand has shown a pair that none did before. */
  fresh = false;
  private readonly places = new Places();
  /** Object → place of the step that wrote it last. */
  private readonly writers = new PlaceTable();
  /** Keys that were noted since the lessons last changed: most steps show nothing new. */
  private readonly known = new PlaceTable();
  private version = 0;
  private execution = 0;

  constructor(private readonly lessons: Maxima) {
    super();
  }

  /** Execution `number` begins. */
  override begin(number: number): void {
    super.begin(number);
    this.execution = number;
    this.fresh = false;
    this.places.begin();
    this.writers.clear();
    if (this.version === this.lessons.version) return;
    this.version = this.lessons.version;
    this.known.clear();
  }

  /** The place of the step that `actor` stands before. Means nothing where the step is about nothing shared. */
  placeBefore(actor: number): number {
    return this.places.before(actor, this.intents!.next[actor]!);
  }

  /** The place that wrote the object last, or `initially`. */
  writerOf(object: number): number {
    const word = this.writers.find(object + signless);
    return word < 0 ? initially : this.writers.words[word]!;
  }

  protected take(actor: number, code: number): void {
    const object = objectOf(code);
    if (object === 0) return;
    const place = this.places.take(actor, code);
    this.note(place, code + signless);
    if (reads(code) && this.note(pairOf(this.writerOf(object), place), lastExecution - this.execution))
      this.fresh = true;
    if (!writes(code)) return;
    const word = this.writers.enter(object + signless);
    this.writers.words[word] = place;
  }

  /** True when no execution has shown it before. */
  private note(key: number, value: number): boolean {
    const word = this.known.enter(key);
    if (this.known.words[word] !== 0) return false;
    this.known.words[word] = 1;
    return this.lessons.size < mostNoted && this.lessons.note(key, value);
  }
}
