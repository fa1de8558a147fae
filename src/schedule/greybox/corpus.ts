/**
 * What greybox fuzzing builds on: schedules that showed a new reads-from pair, each as the few constraints that it was run under, and the
 * places of which new constraints can be made. All of it lies in the strategy's lessons; this is how they are read.
 */
import { objectOf } from '../../machine/intents.ts';
import type { Generator } from '../generator.ts';
import type { Maxima } from '../maxima.ts';
import { constraintOf, mostConstraints, pairOfConstraint } from './constraints.ts';
import {
  codeOfValue,
  endOfPairs,
  executionOfValue,
  initially,
  isPair,
  isPlace,
  pairOf,
  readerOf,
  reads,
  writes,
} from './reads-from.ts';

const keyOf = (execution: number, index: number): number => endOfPairs + execution * mostConstraints + index;

/** Draws per mutation, to find a pair that no execution has shown yet. */
const tries = 3;

interface SharedObject {
  readonly readers: number[];
  readonly writers: number[];
}

export class Corpus {
  /** Constraints of each schedule that was kept, oldest first; the one without any leads them. */
  private schedules: number[][] = [[]];
  /** Objects that anybody reads: what a constraint can be about. */
  private objects: SharedObject[] = [];
  private version = 0;

  constructor(private readonly lessons: Maxima) {}

  /** Execution `number` showed something new under the first `count` of `constraints`. */
  keep(number: number, constraints: Float64Array, count: number): void {
    for (let i = 0; i < count; i++) this.lessons.note(keyOf(number, i), constraints[i]!);
  }

  /** Draws a schedule and changes one constraint of it. Returns how many there are in `into`. */
  draw(generator: Generator, into: Float64Array): number {
    if (this.version !== this.lessons.version) this.learn();
    const parent = this.schedules[generator.below(this.schedules.length)]!;
    let count = parent.length;
    for (let i = 0; i < count; i++) into[i] = parent[i]!;
    if (this.objects.length === 0) return count;
    if (count > 0 && generator.below(4) === 0) {
      count--;
      into[generator.below(count + 1)] = into[count]!;
      return count;
    }
    const pair = this.drawPair(generator);
    let at = 0;
    // A reader reads from one writer: a new constraint takes the place of an old one.
    while (at < count && readerOf(pairOfConstraint(into[at]!)) !== readerOf(pair)) at++;
    if (at === mostConstraints) at = generator.below(mostConstraints);
    into[at] = constraintOf(pair, generator.below(4) === 0);
    return Math.max(count, at + 1);
  }

  /** The object that a place is about; 0 for a place that nobody has noted. */
  objectOfPlace(place: number): number {
    const value = this.lessons.of(place);
    return value === 0 ? 0 : objectOf(codeOfValue(value));
  }

  private drawPair(generator: Generator): number {
    let pair = 0;
    for (let i = 0; i < tries; i++) {
      const { readers, writers } = this.objects[generator.below(this.objects.length)]!;
      const writer = generator.below(writers.length + 1);
      const reader = readers[generator.below(readers.length)]!;
      pair = pairOf(writer === writers.length ? initially : writers[writer]!, reader);
      if (this.lessons.of(pair) === 0) break;
    }
    return pair;
  }

  private learn(): void {
    const { lessons } = this;
    this.version = lessons.version;
    const objects = new Map<number, SharedObject>();
    const first = new Set<number>();
    for (const key of lessons.keys()) {
      if (isPair(key)) first.add(executionOfValue(lessons.of(key)));
      if (!isPlace(key)) continue;
      const code = codeOfValue(lessons.of(key));
      const object = objects.get(objectOf(code)) ?? { readers: [], writers: [] };
      objects.set(objectOf(code), object);
      if (reads(code)) object.readers.push(key);
      if (writes(code)) object.writers.push(key);
    }
    this.objects = [...objects.values()].filter(({ readers, writers }) => readers.length > 0 && writers.length > 0);
    this.schedules = [[]];
    for (const execution of [...first].sort((a, b) => a - b)) {
      const constraints = Array.from({ length: mostConstraints }, (_, i) => lessons.of(keyOf(execution, i)));
      if (constraints[0] !== 0) this.schedules.push(constraints.filter((constraint) => constraint !== 0));
    }
  }
}
