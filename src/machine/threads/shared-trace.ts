/**
 * The trace of an execution on threads: it lies in shared memory, with words that count it, and whoever holds the baton is its only
 * writer. Each of them reads those words before it writes and leaves them right.
 */
import { Trace } from '../../kernel/trace.ts';

const lengthWord = 0;
const stepsWord = 1;

export class SharedTrace extends Trace {
  /** @param counters two words: those in use, and steps */
  constructor(
    words: Float64Array,
    private readonly counters: Int32Array,
  ) {
    super(words);
  }

  override get length(): number {
    return this.counters[lengthWord]!;
  }

  override get steps(): number {
    return this.counters[stepsWord]!;
  }

  override clear(): void {
    super.clear();
    this.publish();
  }

  override append(
    kind: number,
    actor: number,
    operation: number,
    subject: number,
    physical: number,
    length: number,
    low: number,
    high: number,
  ): number {
    this.catchUp();
    const at = super.append(kind, actor, operation, subject, physical, length, low, high);
    this.publish();
    return at;
  }

  override note(at: number, word: number): void {
    this.catchUp();
    super.note(at, word);
    this.publish();
  }

  override extend(at: number, bits: Uint32Array, count: number): void {
    this.catchUp();
    super.extend(at, bits, count);
    this.publish();
  }

  /** All of them see the same memory, so it cannot be replaced. */
  protected override grow(): never {
    throw new RangeError('the trace is full');
  }

  private catchUp(): void {
    this.used = this.counters[lengthWord]!;
    this.taken = this.counters[stepsWord]!;
  }

  private publish(): void {
    this.counters[lengthWord] = this.used;
    this.counters[stepsWord] = this.taken;
  }
}
