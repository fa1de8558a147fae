/**
 * The constraints of one execution: which steps have to wait so that each reader reads from the writer it should, or not from the one it
 * should not. A constraint is a pair (reads-from.ts) times two, plus one where it is negated.
 */
import { objectOf } from '../../machine/intents.ts';
import { initially, type ReadsFrom, readerOf, writerOf, writes } from './reads-from.ts';

export const mostConstraints = 4;

export const constraintOf = (pair: number, negated: boolean): number => pair * 2 + (negated ? 1 : 0);
export const pairOfConstraint = (constraint: number): number => Math.floor(constraint / 2);

export class Constraints {
  count = 0;
  readonly list = new Float64Array(mostConstraints);
  // The same, taken apart: the object, 0 once the reader has read it; reader; writer; 1 where it must not be that one.
  private readonly objects = new Int32Array(mostConstraints);
  private readonly readers = new Int32Array(mostConstraints);
  private readonly writers = new Int32Array(mostConstraints);
  private readonly negated = new Uint8Array(mostConstraints);

  constructor(private readonly readsFrom: ReadsFrom) {}

  /** The first `count` of `list` hold from now on. `objectOfPlace` says what a place is about. */
  begin(count: number, objectOfPlace: (place: number) => number): void {
    this.count = count;
    for (let i = 0; i < count; i++) {
      const pair = pairOfConstraint(this.list[i]!);
      this.objects[i] = objectOfPlace(readerOf(pair));
      this.readers[i] = readerOf(pair);
      this.writers[i] = writerOf(pair);
      this.negated[i] = this.list[i]! % 2;
    }
  }

  /** Whether the next step of an actor, of which `code` is known, would break one. */
  breaks(actor: number, code: number): boolean {
    const object = objectOf(code);
    if (object === 0) return false;
    const last = this.readsFrom.writerOf(object);
    for (let i = 0; i < this.count; i++) {
      if (this.objects[i] !== object) continue;
      const writer = this.writers[i]!;
      if (this.readsFrom.placeBefore(actor) === this.readers[i]) {
        if (this.negated[i] === 1 ? last === writer : last !== writer && writer !== initially) return true;
      } else if (this.negated[i] === 0 && last === writer && writes(code)) return true;
    }
    return false;
  }

  /** `actor` is about to take its step: what that reads from is decided. */
  decide(actor: number, code: number): void {
    const object = objectOf(code);
    for (let i = 0; i < this.count; i++)
      if (this.objects[i] === object && this.readsFrom.placeBefore(actor) === this.readers[i]) this.objects[i] = 0;
  }
}
