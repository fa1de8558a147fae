/**
 * What a thread has done already, as places in the trace: the record that repeated operations are answered from and compared
 * with. Results that are no words (bytes, errors) are kept beside it.
 */
import { MemoryFault } from '../hardware/errors.ts';
import { actorFactor, headerWords, Kind, type Trace } from '../kernel/trace.ts';
import type { Words } from '../kernel/words.ts';
import { formatOperation } from './operations.ts';

/** An operation that is not what was recorded for it: the task is no function of its inputs. */
export class NotDeterministic extends Error {
  override readonly name = 'NotDeterministic';
}

export class OperationLog {
  /** Operations that are in the trace. */
  length = 0;
  /** Set once an operation was not what was recorded: user code may catch the error, the engine must not miss it. */
  broken: NotDeterministic | null = null;
  private positions = new Int32Array(64);
  private returns = new Int32Array(64);
  private readonly objects: unknown[] = [];
  private readonly tag: number;

  constructor(
    readonly trace: Trace,
    private readonly actor: number,
    private readonly thread: string,
  ) {
    this.tag = actor * actorFactor;
  }

  clear(): void {
    this.length = 0;
    this.broken = null;
    if (this.objects.length > 0) this.objects.length = 0;
  }

  /** Appends the event of an operation of one step. */
  record(
    operation: number,
    kind: number,
    subject: number,
    physical: number,
    length: number,
    low: number,
    high: number,
  ): void {
    this.begin(operation, this.trace.append(kind, this.actor, operation, subject, physical, length, low, high));
    this.length = operation + 1;
  }

  /** An operation of several steps begins with the event at `at`; `end` completes it. */
  begin(operation: number, at: number): void {
    if (operation >= this.positions.length) this.grow();
    this.positions[operation] = at;
  }

  /** The operation is over; `at` is its Return event, `object` a result that is no words. */
  end(operation: number, at: number, object: unknown): void {
    this.returns[operation] = at;
    if (object !== undefined) this.objects[operation] = object;
    this.length = operation + 1;
  }

  /** The operation ended with `error`, as its result. */
  fail(operation: number, error: MemoryFault): void {
    this.objects[operation] = error;
  }

  /** Where the first event of an operation stands. */
  at(operation: number): number {
    return this.positions[operation]!;
  }

  /** Where the Return event of an operation stands. */
  returnAt(operation: number): number {
    return this.returns[operation]!;
  }

  object(operation: number): unknown {
    return this.objects[operation];
  }

  /** Adds a word to the event of the operation recorded last. */
  note(word: number): void {
    this.trace.note(this.positions[this.length - 1]!, word);
  }

  /** Whether two operations of one step did the same and found the same. */
  isSame(one: number, other: number): boolean {
    const a = this.positions[one]!;
    const b = this.positions[other]!;
    const { words } = this.trace;
    if (words[a] !== words[b] || words[a + 2] !== words[b + 2] || words[a + 5] !== words[b + 5]) return false;
    if (words[a + 3] !== words[b + 3] || words[a + 6] !== words[b + 6] || words[a + 7] !== words[b + 7]) return false;
    for (let i = headerWords; i < headerWords + words[a + 7]!; i++) if (words[a + i] !== words[b + i]) return false;
    return true;
  }

  /** Where in memory an operation was. */
  physicalOf(operation: number): number {
    return this.trace.words[this.positions[operation]! + 3]!;
  }

  // Repeating. Each compares first and throws NotDeterministic, or the fault that was the operation's result.

  /** The lower word of the result. */
  repeat(operation: number, kind: number, subject: number): number {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    if (words[at] !== kind + this.tag || !same(words[at + 2]!, subject))
      throw this.differs(operation, kind, subject, 0);
    if (words[at + 3] === -1 && words[at + 6] === -1) throw this.fault(operation);
    return words[at + 5]!;
  }

  repeatStore(operation: number, kind: number, address: number, low: number, high: number): void {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    if (words[at] !== kind + this.tag || !same(words[at + 2]!, address))
      throw this.differs(operation, kind, address, low);
    if (words[at + 3] === -1) throw this.fault(operation);
    if (words[at + 5] !== low || words[at + 6] !== high) throw this.differs(operation, kind, address, low);
  }

  repeatAtomic(operation: number, kind: number, address: number, operand: number, expected: number): number {
    const before = this.repeat(operation, kind, address);
    const at = this.positions[operation]!;
    const words = this.trace.words;
    if (words[at + 6] !== operand) throw this.differs(operation, kind, address, operand);
    if (kind === Kind.AtomicCompareExchange && words[at + headerWords] !== expected)
      throw this.differs(operation, kind, address, operand);
    return before;
  }

  repeatBulk(operation: number, address: number, length: number, low: number, high: number): Uint8Array {
    this.compareBulk(operation, address, length, low, high);
    const result = this.objects[operation];
    if (result instanceof Uint8Array) return result;
    throw this.fault(operation);
  }

  /** Compares alone: also while the operation is under way. */
  compareBulk(operation: number, address: number, length: number, low: number, high: number): void {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    const alike = words[at] === Kind.Bulk + this.tag && same(words[at + 2]!, address) && words[at + 4] === length;
    if (!alike || words[at + 5] !== low || words[at + 6] !== high)
      throw this.differs(operation, Kind.Bulk, address, length);
  }

  /** Compares alone: also while the call is under way. */
  repeatCall(operation: number, number: number, values: Words): void {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    const alike = words[at] === Kind.Call + this.tag && words[at + 2] === number && words[at + 7] === values.length;
    if (!alike || !this.sameBits(at + headerWords, values)) throw this.differs(operation, Kind.Call, number, 0);
  }

  /** The upper word of the result of a 64-bit access. */
  upper(operation: number): number {
    return this.trace.words[this.positions[operation]! + 6]!;
  }

  private sameBits(at: number, values: Words): boolean {
    const { bits } = this.trace;
    for (let i = 0; i < 2 * values.length; i++) if (bits[at * 2 + i] !== values.bits[i]) return false;
    return true;
  }

  /** The fault that was the operation's result, fresh: what the task did to an earlier one is not repeated. */
  fault(operation: number): MemoryFault {
    const { address, access, length, task, reason } = this.objects[operation] as MemoryFault;
    return new MemoryFault(address, access, length, task, reason);
  }

  /** The error that names what is done now and what was done before. */
  differs(operation: number, kind: number, subject: number, value: number): NotDeterministic {
    const was = formatOperation(this.trace, this.positions[operation]!);
    const now = formatOperation(null, 0, kind, subject, value);
    this.broken = new NotDeterministic(
      `${this.thread} is not deterministic: run again from the top, its operation ${operation} was ${now}, but before it was ${was}. ` +
        'Use task.random() and task.now() for chance and time, keep no state outside the function, or explore with --carrier threads',
    );
    return this.broken;
  }

  private grow(): void {
    const positions = new Int32Array(this.positions.length * 2);
    positions.set(this.positions);
    this.positions = positions;
    const returns = new Int32Array(this.returns.length * 2);
    returns.set(this.returns);
    this.returns = returns;
  }
}

/** An address may be NaN: it is refused as often as it is tried. */
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
