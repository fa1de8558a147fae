/**
 * The steps of an execution, and what happened before what: a step comes after those of its own actor, and after every earlier one that
 * conflicts with it or made it possible. Two that conflict, with nothing in between that orders them, are a race: they could have come
 * the other way round.
 *
 * A step that takes a lock cannot come while somebody holds that. It races with the step by which the critical section before it
 * began, and not with the one by which it ended.
 */

import { Trait } from './footprint-reader.ts';
import { everything, type Footprints } from './footprints.ts';

/** Words of a step. */
const Field = {
  Actor: 0,
  Footprint: 1,
  Variant: 2,
  Traits: 3,
  /** The actor's step before, or -1. */
  Previous: 4,
  /** The step without which it could not have come, or -1. */
  Enabler: 5,
  /** Its number among the actor's, from 1. */
  Position: 6,
  /** Number of its first operation, or -1. */
  Operation: 7,
  /** Where it takes a lock: the footprint of that alone. */
  Taken: 8,
  Size: 9,
} as const;

export class Past {
  /** Earlier and later step of each race that `order` has found. */
  races = new Int32Array(64);
  raceCount = 0;
  private words = new Int32Array(64 * Field.Size);
  /** Step → for each actor, how many of its steps came before or are this one. */
  private clocks = new Int32Array(64);
  private actors = 1;
  private seen = new Int32Array(1);

  constructor(private readonly footprints: Footprints) {}

  /** Forgets everything; there are `actors` from now on. */
  reset(actors: number): void {
    this.actors = actors;
    this.seen = new Int32Array(actors);
    this.clocks = new Int32Array((this.words.length / Field.Size) * actors);
  }

  /** Writes down step `step`, whose place in the order is found later. */
  set(
    step: number,
    actor: number,
    footprint: number,
    variant: number,
    traits: number,
    previous: number,
    enabler: number,
    operation: number,
    taken: number,
  ): void {
    if (step * Field.Size === this.words.length) this.grow();
    const { words } = this;
    const at = step * Field.Size;
    words[at] = actor;
    words[at + Field.Footprint] = footprint;
    words[at + Field.Variant] = variant;
    words[at + Field.Traits] = traits;
    words[at + Field.Previous] = previous;
    words[at + Field.Enabler] = enabler;
    words[at + Field.Position] = previous < 0 ? 1 : words[previous * Field.Size + Field.Position]! + 1;
    words[at + Field.Operation] = operation;
    words[at + Field.Taken] = taken;
  }

  /** The first `steps` steps, to be put back later, when their place in the order is found anew. */
  beginning(steps: number): Int32Array {
    return this.words.slice(0, steps * Field.Size);
  }

  /** Steps that were there before come back. → how many. */
  putBack(beginning: Int32Array): number {
    const steps = beginning.length / Field.Size;
    this.words.set(beginning);
    for (let step = 0; step < steps; step++) this.order(step);
    this.raceCount = 0;
    return steps;
  }

  actor(step: number): number {
    return this.words[step * Field.Size]!;
  }

  footprint(step: number): number {
    return this.words[step * Field.Size + Field.Footprint]!;
  }

  /** Its number among the actor's, from 1. */
  position(step: number): number {
    return this.words[step * Field.Size + Field.Position]!;
  }

  setFootprint(step: number, footprint: number): void {
    this.words[step * Field.Size + Field.Footprint] = footprint;
  }

  variant(step: number): number {
    return this.words[step * Field.Size + Field.Variant]!;
  }

  /** The step of another without which it could not have come, or -1. */
  enabler(step: number): number {
    return this.words[step * Field.Size + Field.Enabler]!;
  }

  /** Whether it takes a lock, and whether that was free before it. */
  takes(step: number): boolean {
    return (this.words[step * Field.Size + Field.Traits]! & Trait.Takes) !== 0;
  }

  findsFree(step: number): boolean {
    return (this.words[step * Field.Size + Field.Traits]! & Trait.Free) !== 0;
  }

  /** It tried to take a lock that was held, since nobody could do anything else. */
  isAttempt(step: number): boolean {
    return (this.words[step * Field.Size + Field.Traits]! & (Trait.Takes | Trait.Free)) === Trait.Takes;
  }

  /** The last step of `actor` up to `from` whose first operation is not after `operation`; -1 when there is none. */
  during(actor: number, operation: number, from: number): number {
    const { words } = this;
    for (let at = from * Field.Size; at >= 0; at -= Field.Size)
      if (words[at] === actor && words[at + Field.Operation]! >= 0 && words[at + Field.Operation]! <= operation)
        return at / Field.Size;
    return -1;
  }

  /** The first step of `actor` from `from` on, of `steps`; -1 when there is none. */
  nextOf(actor: number, from: number, steps: number): number {
    for (let step = from; step < steps; step++) if (this.words[step * Field.Size] === actor) return step;
    return -1;
  }

  /** How many steps `actor` has taken before step `step`. */
  stepsBefore(actor: number, step: number): number {
    for (let before = step - 1; before >= 0; before--) if (this.actor(before) === actor) return this.position(before);
    return 0;
  }

  /** Whether `earlier` happened before `later`, or is it. */
  isBefore(earlier: number, later: number): boolean {
    const { words } = this;
    const at = earlier * Field.Size;
    return this.clocks[later * this.actors + words[at]!]! >= words[at + Field.Position]!;
  }

  /** Finds what happened before `step`, all earlier ones being ordered, and adds its races: with steps before `before`. */
  order(step: number, before = step): void {
    const { words, clocks, actors } = this;
    const at = step * Field.Size;
    const row = step * actors;
    const previous = words[at + Field.Previous]!;
    if (previous < 0) clocks.fill(0, row, row + actors);
    else clocks.copyWithin(row, previous * actors, (previous + 1) * actors);
    const enabler = words[at + Field.Enabler]!;
    if (enabler >= 0) this.join(clocks, row, enabler);
    const traits = words[at + Field.Traits]!;
    if ((traits & Trait.Takes) !== 0) this.orderTaking(step, before);
    else this.orderPlain(step, before, (traits & Trait.Yields) !== 0);
    clocks[row + words[at]!] = words[at + Field.Position]!;
  }

  private orderPlain(step: number, before: number, yields: boolean): void {
    const { words, clocks, actors, footprints } = this;
    const row = step * actors;
    const footprint = words[step * Field.Size + Field.Footprint]!;
    for (let other = before - 1; other >= 0; other--) {
      const at = other * Field.Size;
      if (clocks[row + words[at]!]! >= words[at + Field.Position]!) continue;
      if (!footprints.conflict(words[at + Field.Footprint]!, footprint)) continue;
      if (!yields || this.canYieldWithout(other, step)) this.addRace(other, step);
      this.join(clocks, row, other);
    }
  }

  /** What was done under the lock comes before too, but nothing of that could have come after. */
  private orderTaking(step: number, before: number): void {
    const { words, clocks, actors, footprints, seen } = this;
    const row = step * actors;
    const footprint = words[step * Field.Size + Field.Footprint]!;
    const taken = words[step * Field.Size + Field.Taken]!;
    for (let actor = 0; actor < actors; actor++) seen[actor] = clocks[row + actor]!;
    let isFree = (words[step * Field.Size + Field.Traits]! & Trait.Free) !== 0;
    for (let other = before - 1; other >= 0; other--) {
      const at = other * Field.Size;
      if (seen[words[at]!]! >= words[at + Field.Position]!) continue;
      const theirs = words[at + Field.Footprint]!;
      if (!footprints.conflict(theirs, footprint)) continue;
      // What conflicts with everything need not be about the lock, nor what conflicts with stores that the step has taken to memory first.
      if (theirs !== everything && footprints.conflict(theirs, taken))
        isFree = (words[at + Field.Traits]! & Trait.Free) !== 0;
      this.join(clocks, row, other);
      if (!isFree) continue;
      this.addRace(other, step);
      this.join(seen, 0, other);
    }
  }

  /** Whether anybody else has taken a step since the one before `step`, had `other` not: one that yields waits for that. */
  private canYieldWithout(other: number, step: number): boolean {
    const { words } = this;
    const from = words[step * Field.Size + Field.Previous]! + 1;
    for (let between = from; between < step; between++)
      if (between < other || (between > other && !this.isBefore(other, between))) return true;
    return false;
  }

  private addRace(earlier: number, later: number): void {
    const at = this.raceCount++ * 2;
    if (at === this.races.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.races);
      this.races = larger;
    }
    this.races[at] = earlier;
    this.races[at + 1] = later;
  }

  private join(to: Int32Array, row: number, step: number): void {
    const { clocks, actors } = this;
    const from = step * actors;
    for (let actor = 0; actor < actors; actor++)
      if (clocks[from + actor]! > to[row + actor]!) to[row + actor] = clocks[from + actor]!;
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    const clocks = new Int32Array((words.length / Field.Size) * this.actors);
    clocks.set(this.clocks);
    this.words = words;
    this.clocks = clocks;
  }
}
