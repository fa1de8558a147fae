/**
 * A simulated thread under a schedule. Every operation takes the same road on both carriers: has it been done before (inline,
 * when the function is run again)? then its result comes from the trace; otherwise it waits for its turn, is carried out and
 * recorded.
 *
 * A thread *stands before* an operation until its carrier lets it go on. Operations on memory that nobody else has reached do
 * not stand; they belong to the step before them.
 */
import { KernelPanic, MemoryFault } from '../hardware/errors.ts';
import type { Hardware } from '../hardware/hardware.ts';
import { accessRead, accessWrite, type TranslationCache } from '../hardware/translation-cache.ts';
import { type Call, Status } from '../kernel/call.ts';
import { calls } from '../kernel/calls/index.ts';
import { type RuleName, ruleNumber } from '../kernel/rules.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { actorFactor, headerWords, Kind, type Trace } from '../kernel/trace.ts';
import { text, Words } from '../kernel/wire.ts';
import type { TaskHandle } from '../task/handle.ts';
import { atomicResult, Task } from '../task/task.ts';
import type { CopyStep } from '../vm/steps.ts';
import { atomicNames, formatOperation } from './operations.ts';
import { type Carrier, suspension } from './carrier.ts';
import { faultReasons } from './faults.ts';
import { refusal } from './refusal.ts';

/** Why a thread takes no more steps. */
export const Stop = { None: 0, Suspended: 1, Failed: 2, Died: 3 } as const;

/** How often in a row a thread may swallow its suspension before its scenario is refused. */
const mostSwallowed = 1000;

/** Who has reached a page, for all executions of a campaign. */
export interface Reach {
  /** Frame → 1 + the first actor that reached it, 0 for nobody. */
  readonly first: Int32Array;
  /** Frame → 1 when its accesses are scheduling points. */
  readonly points: Uint8Array;
}

/** An operation that is not what was recorded for it: the task is no function of its inputs. */
export class NotDeterministic extends Error {
  override readonly name = 'NotDeterministic';
}

export class ControlledTask extends Task {
  /** Number of the next operation. */
  operation = 0;
  /** Operations that are in the trace already. */
  recorded = 0;
  /** The schedule has given this thread its next step. */
  granted = true;
  stopped: number = Stop.None;
  /** It asked for others to run first. */
  yielding = false;
  /** What `log` has kept; lines of repeated stretches are not kept twice. */
  logged = 0;
  logs = 0;
  /** When set, called at each fresh step: takes source positions on replay. */
  onStep: ((task: ControlledTask) => void) | null = null;

  private swallowed = 0;
  private positions = new Int32Array(64);
  private returns = new Int32Array(64);
  /** Results that are no words: bytes and errors. By operation. */
  private readonly objects: unknown[] = [];
  private readonly argumentWords = new Words();
  private readonly reader = new Words(new Float64Array(1));
  private readonly tag: number;
  private readonly reciprocal: number;
  private readonly pageSize: number;

  // The call or bulk copy that is under way, across suspensions.
  private pending: number = Status.Done;
  private pendingOperation = -1;
  private pendingCopy: CopyStep | null = null;
  private buffer: Uint8Array = noBytes;
  private copied = 0;
  private faulting = false;
  private randomState = 0;
  private randomSeed = 0;

  constructor(
    readonly kernelThread: { readonly name: string; readonly number: number; readonly task: { readonly name: string } } | KernelThread,
    id: number,
    kernelTask: TaskHandle,
    private readonly hardware: Hardware,
    private readonly cache: TranslationCache,
    private readonly trace: Trace,
    private readonly reach: Reach,
    private readonly carrier: Carrier,
    /** Every operation is a step of the schedule: replaying counts operations. */
    private readonly always: boolean,
  ) {
    super(kernelThread.task.name, kernelThread.name, id, kernelTask);
    this.tag = kernelThread.number * actorFactor;
    this.pageSize = hardware.pageSize;
    this.reciprocal = 1 / hardware.pageSize;
  }

  get number(): number {
    return this.kernelThread.number;
  }

  /** Back to before its first operation. `seed` is what `random` depends on. */
  reset(seed: number): void {
    this.operation = 0;
    this.recorded = 0;
    this.granted = true;
    this.stopped = Stop.None;
    this.yielding = false;
    this.logged = 0;
    this.logs = 0;
    this.swallowed = 0;
    this.pending = Status.Done;
    this.pendingOperation = -1;
    this.pendingCopy = null;
    this.faulting = false;
    if (this.objects.length > 0) this.objects.length = 0;
    this.randomSeed = seed;
    this.randomState = 0;
  }

  /** About to be run (again) from the top, with its next step granted. */
  rewind(): void {
    this.operation = 0;
    this.logs = 0;
    this.randomState = 0;
    this.stopped = Stop.None;
    this.granted = true;
  }

  /** Whether operations are being repeated from the record. */
  get repeating(): boolean {
    return this.operation < this.recorded;
  }

  // Scalar memory.

  override load8(address: number): number {
    const operation = this.operation++;
    if (operation < this.recorded) return this.repeatLoad(operation, Kind.Load8, address);
    const physical = this.enter(operation, Kind.Load8, address, 1, accessRead);
    const value = this.hardware.memory.load8(physical);
    this.record(operation, Kind.Load8, address, physical, 1, value, 0);
    return value;
  }

  override load16(address: number): number {
    const operation = this.operation++;
    if (operation < this.recorded) return this.repeatLoad(operation, Kind.Load16, address);
    const physical = this.enter(operation, Kind.Load16, address, 2, accessRead);
    if (this.isSplit(address, 2)) return this.loadAcross(operation, Kind.Load16, address, physical, 2);
    const value = this.hardware.memory.load16(physical);
    this.record(operation, Kind.Load16, address, physical, 2, value, 0);
    return value;
  }

  override load32(address: number): number {
    const operation = this.operation++;
    if (operation < this.recorded) return this.repeatLoad(operation, Kind.Load32, address);
    const physical = this.enter(operation, Kind.Load32, address, 4, accessRead);
    if (this.isSplit(address, 4)) return this.loadAcross(operation, Kind.Load32, address, physical, 4);
    const value = this.hardware.memory.load32(physical);
    this.record(operation, Kind.Load32, address, physical, 4, value, 0);
    return value;
  }

  override load64(address: number): bigint {
    const operation = this.operation++;
    if (operation < this.recorded) {
      const low = this.repeatLoad(operation, Kind.Load64, address);
      return join(low, this.trace.words[this.positions[operation]! + 6]!);
    }
    const physical = this.enter(operation, Kind.Load64, address, 8, accessRead);
    if (this.isSplit(address, 8)) {
      const low = this.loadAcross(operation, Kind.Load64, address, physical, 8);
      return join(low, this.trace.words[this.positions[operation]! + 6]!);
    }
    const low = this.hardware.memory.load32(physical);
    const high = this.hardware.memory.load32(physical + 4);
    this.record(operation, Kind.Load64, address, physical, 8, low, high);
    return join(low, high);
  }

  override store8(address: number, value: number): void {
    const operation = this.operation++;
    const low = checked(value) & 0xff;
    if (operation < this.recorded) return this.repeatStore(operation, Kind.Store8, address, low, 0);
    const physical = this.enter(operation, Kind.Store8, address, 1, accessWrite);
    this.hardware.preserve(physical, 1);
    this.hardware.memory.store8(physical, low);
    this.record(operation, Kind.Store8, address, physical, 1, low, 0);
  }

  override store16(address: number, value: number): void {
    const operation = this.operation++;
    const low = checked(value) & 0xffff;
    if (operation < this.recorded) return this.repeatStore(operation, Kind.Store16, address, low, 0);
    const physical = this.enter(operation, Kind.Store16, address, 2, accessWrite);
    if (this.isSplit(address, 2)) return this.storeAcross(operation, Kind.Store16, address, physical, 2, low, 0);
    this.hardware.preserve(physical, 2);
    this.hardware.memory.store16(physical, low);
    this.record(operation, Kind.Store16, address, physical, 2, low, 0);
  }

  override store32(address: number, value: number): void {
    const operation = this.operation++;
    const low = checked(value) >>> 0;
    if (operation < this.recorded) return this.repeatStore(operation, Kind.Store32, address, low, 0);
    const physical = this.enter(operation, Kind.Store32, address, 4, accessWrite);
    if (this.isSplit(address, 4)) return this.storeAcross(operation, Kind.Store32, address, physical, 4, low, 0);
    this.hardware.preserve(physical, 4);
    this.hardware.memory.store32(physical, low);
    this.record(operation, Kind.Store32, address, physical, 4, low, 0);
  }

  override store64(address: number, value: bigint): void {
    if (typeof value !== 'bigint') throw new TypeError(`store64: expected a bigint, got ${String(value)}`);
    const operation = this.operation++;
    const low = Number(value & 0xffffffffn);
    const high = Number((value >> 32n) & 0xffffffffn);
    if (operation < this.recorded) return this.repeatStore(operation, Kind.Store64, address, low, high);
    const physical = this.enter(operation, Kind.Store64, address, 8, accessWrite);
    if (this.isSplit(address, 8)) return this.storeAcross(operation, Kind.Store64, address, physical, 8, low, high);
    this.hardware.preserve(physical, 8);
    this.hardware.memory.store32(physical, low);
    this.hardware.memory.store32(physical + 4, high);
    this.record(operation, Kind.Store64, address, physical, 8, low, high);
  }

  override atomicOperation(kind: number, address: number, operand: number, expected: number): number {
    if ((address & 3) !== 0) throw new RangeError(`atomic: expected an address that is a multiple of 4, got ${address}`);
    const operation = this.operation++;
    if (operation < this.recorded) {
      const before = this.repeatLoad(operation, kind, address);
      const at = this.positions[operation]!;
      if (this.trace.words[at + 6] !== operand) throw this.diverged(operation, kind, address, operand);
      return before;
    }
    const physical = this.enter(operation, kind, address, 4, kind === Kind.AtomicLoad ? accessRead : accessWrite);
    const memory = this.hardware.memory;
    const before = memory.load32(physical);
    if (kind !== Kind.AtomicLoad) {
      this.hardware.preserve(physical, 4);
      memory.store32(physical, atomicResult(atomicNames[kind - Kind.AtomicLoad]!, before, operand, expected));
    }
    // A failed exchange writes nothing, which detectors see by the length.
    this.record(operation, kind, address, physical, 4, before, operand);
    if (kind === Kind.AtomicCompareExchange) this.note(expected);
    return before;
  }

  // Bulk memory.

  override read(address: number, length: number): Uint8Array {
    const operation = this.operation++;
    if (operation < this.recorded) {
      this.compareBulk(operation, address, length, 0, 0);
      return this.repeatedBytes(operation).slice();
    }
    if (this.pendingOperation !== operation) this.startBulk(operation, address, length, new Uint8Array(checkedLength(length)), 0, 0);
    this.copyBulk(operation, address, length, false);
    return this.finishBulk(operation).slice();
  }

  override write(address: number, bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`write: expected a Uint8Array, got ${String(bytes)}`);
    const operation = this.operation++;
    const low = hashBytes(bytes, 0x811c9dc5);
    const high = hashBytes(bytes, 0x9e3779b9);
    if (operation < this.recorded) {
      this.compareBulk(operation, address, bytes.length, low, high);
      this.repeatedBytes(operation);
      return;
    }
    if (this.pendingOperation !== operation) this.startBulk(operation, address, bytes.length, bytes.slice(), low, high);
    this.copyBulk(operation, address, bytes.length, true);
    this.finishBulk(operation);
  }

  // Kernel calls.

  override invoke<A extends readonly unknown[], R>(call: Call<A, R>, ...values: A): R {
    return this.request(call, noBytes, values);
  }

  override transfer<A extends readonly unknown[], R>(call: Call<A, R>, buffer: Uint8Array, ...values: A): R {
    return this.request(call, buffer, values);
  }

  private request<R>(call: Call<never, R> | Call<readonly unknown[], R>, buffer: Uint8Array, values: readonly unknown[]): R {
    // While a function is being unwound, giving things back is done by the engine: `finally` blocks must not fail.
    if (this.stopped !== Stop.None && this.operation >= this.recorded) {
      if (silentWhileUnwinding.has(call.name)) return undefined as R;
      throw this.unwind();
    }
    const words = this.argumentWords;
    words.clear();
    for (let i = 0; i < call.parameters.length; i++) {
      const parameter = call.parameters[i]!;
      parameter.codec.encode(words, values[i], `${call.name}: ${parameter.name}`);
    }
    const operation = this.operation++;
    if (operation < this.recorded) return this.repeatCall(operation, call as Call<never, R>, buffer);
    if (this.pendingOperation !== operation) {
      this.stand();
      this.startCall(operation, call.number, buffer);
    }
    while (this.pending !== Status.Done && this.pending !== Status.Refused && this.pending !== Status.Panicked) {
      this.continueCall(operation);
    }
    return this.finishCall(operation, call as Call<never, R>, buffer);
  }

  // Chance.

  override random(): number {
    const operation = this.operation++;
    const draw = this.randomState++;
    const value = mixed(this.randomSeed, this.number, draw);
    if (operation < this.recorded) {
      this.repeatLoad(operation, Kind.Random, draw);
      return value;
    }
    this.standIfCounted();
    this.record(operation, Kind.Random, draw, -1, 0, value, 0);
    return value;
  }

  override choose(n: number): number {
    if (!Number.isInteger(n) || n < 1) throw new RangeError(`choose: expected a whole number from 1, got ${String(n)}`);
    const operation = this.operation++;
    if (operation < this.recorded) return this.repeatLoad(operation, Kind.Choose, n);
    this.standIfCounted();
    const value = this.carrier.choose(this, n);
    this.record(operation, Kind.Choose, n, -1, 0, value, 0);
    return value;
  }

  override yield(): void {
    const operation = this.operation++;
    if (operation < this.recorded) {
      this.repeatLoad(operation, Kind.Yield, 0);
      return;
    }
    this.yielding = true;
    this.stand();
    this.yielding = false;
    this.record(operation, Kind.Yield, 0, -1, 0, 0, 0);
  }

  // Results.

  override log(...values: unknown[]): void {
    if (this.stopped !== Stop.None) return;
    if (this.logs++ < this.logged) return;
    this.logged = this.logs;
    this.carrier.log(this, values.map(String).join(' '));
  }

  protected override fail(message: string): never {
    throw this.end('assertion', message, Stop.Failed);
  }

  /** Ends the thread for breaking `rule`; the caller throws what this returns. */
  end(rule: RuleName, message: string, stop: number): unknown {
    if (this.stopped === Stop.None) {
      this.carrier.violation(this, ruleNumber(rule), message);
      this.stopped = stop;
    }
    return suspension;
  }

  /** The task is gone (`process.exit`): no violation, but no further step either. */
  die(): unknown {
    if (this.stopped === Stop.None) this.stopped = Stop.Died;
    return suspension;
  }

  // The road of a fresh operation.

  /** Waits for the thread's turn and returns the physical address of a scalar access; throws MemoryFault. */
  private enter(operation: number, kind: number, address: number, width: number, access: number): number {
    if (this.stopped !== Stop.None) throw this.unwind();
    let physical = this.cache.translate(address, access);
    const split = this.isSplit(address, width);
    if (physical >= 0 && !split && !this.always) {
      const frame = Math.floor(physical * this.reciprocal);
      if (this.reach.points[frame] === 0) {
        if (this.reach.first[frame] !== this.number + 1) this.meet(frame);
        return physical;
      }
    }
    // Where nobody ran in between, what was translated before still holds.
    if (this.stand() || physical < 0) physical = this.resolve(operation, kind, address, address, width, access);
    if (split) this.resolve(operation, kind, address, this.nextPage(address), width, access);
    const frame = Math.floor(physical * this.reciprocal);
    if (this.reach.points[frame] === 0 && this.reach.first[frame] !== this.number + 1) this.meet(frame);
    return physical;
  }

  /** The physical address, with its page faulted in; throws MemoryFault, which is then the operation's recorded result. */
  private resolve(operation: number, kind: number, subject: number, address: number, width: number, access: number): number {
    let physical = this.cache.translate(address, access);
    if (physical >= 0) return physical;
    const reason = Number.isSafeInteger(address) && address >= 0 ? this.fault(address, access) : 'bad address';
    if (reason === null) {
      physical = this.cache.translate(address, access);
      if (physical >= 0) return physical;
    }
    const error = new MemoryFault(address, access === accessRead ? 'read' : 'write', width, this.name, reason ?? 'not mapped');
    this.record(operation, kind, subject, -1, width, faultReasons.indexOf(error.reason), -1);
    this.objects[operation] = error;
    throw error;
  }

  /** Asks the kernel for the page. Null when it came, otherwise the reason why not. */
  private fault(address: number, access: number): string | null {
    let status: number;
    if (this.faulting) {
      status = this.carrier.resume(this);
    } else {
      const words = this.argumentWords;
      words.clear();
      calls.fault.parameters[0]!.codec.encode(words, address, 'address');
      calls.fault.parameters[1]!.codec.encode(words, access, 'access');
      status = this.carrier.begin(this, calls.fault.number, words);
    }
    while (status === Status.Step || status === Status.Blocked) {
      this.faulting = true;
      if (status === Status.Step) this.stand();
      else this.waitToWake();
      status = this.carrier.resume(this);
    }
    this.faulting = false;
    if (status !== Status.Done) return 'bad address';
    this.carrier.reply.at = 0;
    const code = calls.fault.result.decode(this.carrier.reply);
    return code === 0 ? null : (faultReasons[code] ?? 'not mapped');
  }

  /** Before a step: returns once the schedule grants it. True when others may have run meanwhile. */
  private stand(): boolean {
    if (this.stopped !== Stop.None) throw this.unwind();
    let othersRan = false;
    if (this.granted) this.granted = false;
    else othersRan = this.carrier.turn(this);
    if (this.onStep !== null) this.onStep(this);
    return othersRan;
  }

  /** Before an operation that touches nothing shared: a step only where operations are counted. */
  private standIfCounted(): void {
    if (this.stopped !== Stop.None) throw this.unwind();
    if (this.always) this.stand();
  }

  /** Asleep in the kernel: returns once it was woken and granted a step. */
  private waitToWake(): void {
    if (this.granted) this.granted = false;
    else this.carrier.block(this);
    this.onStep?.(this);
  }

  private unwind(): unknown {
    if (++this.swallowed > mostSwallowed) {
      throw new NotDeterministic(
        `${this.thread} catches what suspends it and goes on, ${mostSwallowed} times in a row: a loop around try/catch must not ignore unknown errors`,
      );
    }
    return suspension;
  }

  private meet(frame: number): void {
    const first = this.reach.first;
    if (first[frame] === 0) first[frame] = this.number + 1;
    else this.carrier.shared(frame);
  }

  private record(operation: number, kind: number, subject: number, physical: number, length: number, low: number, high: number): void {
    const at = this.trace.append(kind, this.number, operation, subject, physical, length, low, high);
    if (operation >= this.positions.length) this.growRecord();
    this.positions[operation] = at;
    this.recorded = operation + 1;
    this.swallowed = 0;
  }

  /** Adds a word to the event recorded last. */
  private note(word: number): void {
    const at = this.positions[this.recorded - 1]!;
    single[0] = word;
    this.trace.extend(at, single, 0, 1);
  }

  private growRecord(): void {
    const positions = new Int32Array(this.positions.length * 2);
    positions.set(this.positions);
    this.positions = positions;
    const returns = new Int32Array(this.returns.length * 2);
    returns.set(this.returns);
    this.returns = returns;
  }

  private isSplit(address: number, width: number): boolean {
    return (address & (width - 1)) !== 0 && (address % this.pageSize) + width > this.pageSize;
  }

  private nextPage(address: number): number {
    return (Math.floor(address / this.pageSize) + 1) * this.pageSize;
  }

  /** A scalar across a page edge, both pages being there: byte by byte, still one step. Returns the lower 32 bits. */
  private loadAcross(operation: number, kind: number, address: number, physical: number, width: number): number {
    let low = 0;
    let high = 0;
    for (let i = 0; i < width; i++) {
      const byte = this.hardware.memory.load8(this.cache.translate(address + i, accessRead));
      if (i < 4) low += byte * 2 ** (8 * i);
      else high += byte * 2 ** (8 * (i - 4));
    }
    this.recordAcross(operation, kind, address, physical, width, accessRead, low, high);
    return low;
  }

  private storeAcross(operation: number, kind: number, address: number, physical: number, width: number, low: number, high: number): void {
    for (let i = 0; i < width; i++) {
      const to = this.cache.translate(address + i, accessWrite);
      this.hardware.preserve(to, 1);
      this.hardware.memory.store8(to, ((i < 4 ? low : high) >>> (8 * (i % 4))) & 0xff);
    }
    this.recordAcross(operation, kind, address, physical, width, accessWrite, low, high);
  }

  /** The event names the bytes of the first page; a Straddle event behind it those of the second. */
  private recordAcross(operation: number, kind: number, address: number, physical: number, width: number, access: number, low: number, high: number): void {
    const first = this.nextPage(address) - address;
    this.record(operation, kind, address, physical, first, low, high);
    const second = this.cache.translate(address + first, access);
    this.trace.append(Kind.Straddle, this.number, operation, kind, second, width - first, 0, 0);
  }

  // Repeating what is recorded.

  private repeatLoad(operation: number, kind: number, subject: number): number {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    if (words[at] !== kind + this.tag || words[at + 2] !== subject) throw this.diverged(operation, kind, subject, 0);
    if (words[at + 3] === -1 && words[at + 6] === -1) throw this.objects[operation];
    return words[at + 5]!;
  }

  private repeatStore(operation: number, kind: number, address: number, low: number, high: number): void {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    if (words[at] !== kind + this.tag || words[at + 2] !== address) throw this.diverged(operation, kind, address, low);
    if (words[at + 3] === -1) throw this.objects[operation];
    if (words[at + 5] !== low || words[at + 6] !== high) throw this.diverged(operation, kind, address, low);
  }

  private diverged(operation: number, kind: number, subject: number, value: number): NotDeterministic {
    const at = this.positions[operation]!;
    this.stopped = Stop.Failed;
    const was = formatOperation(this.trace, at);
    const now = formatOperation(null, 0, kind, subject, value);
    return new NotDeterministic(
      `${this.thread} is not deterministic: run again from the top, its operation ${operation} was ${now}, but before it was ${was}. ` +
        'Use task.random() and task.now() for chance and time, keep no state outside the function, or explore with --carrier threads',
    );
  }

  // Bulk copies.

  private startBulk(operation: number, address: number, length: number, buffer: Uint8Array, low: number, high: number): void {
    if (this.stopped !== Stop.None) throw this.unwind();
    if (operation >= this.positions.length) this.growRecord();
    this.positions[operation] = this.trace.append(Kind.Bulk, this.number, operation, address, -1, length, low, high);
    this.pendingOperation = operation;
    this.buffer = buffer;
    this.copied = 0;
  }

  private copyBulk(operation: number, address: number, length: number, intoMemory: boolean): void {
    const access = intoMemory ? accessWrite : accessRead;
    while (this.copied < length) {
      const from = address + this.copied;
      const part = Math.min(length - this.copied, this.pageSize - (from % this.pageSize));
      const bulkAt = this.positions[operation]!;
      let physical: number;
      try {
        physical = this.enter(operation, intoMemory ? Kind.Write : Kind.Read, from, part, access);
      } catch (error) {
        if (error instanceof MemoryFault) {
          this.positions[operation] = bulkAt;
          this.pendingOperation = -1;
        }
        throw error;
      }
      this.copyFragment(operation, from, physical, part, this.copied, intoMemory);
      this.copied += part;
    }
  }

  private copyFragment(operation: number, subject: number, physical: number, length: number, at: number, intoMemory: boolean): void {
    if (intoMemory) {
      this.hardware.preserve(physical, length);
      this.hardware.memory.write(physical, this.buffer, at, length);
    } else {
      this.hardware.memory.read(physical, this.buffer, at, length);
    }
    const bytes = this.buffer.subarray(at, at + length);
    const kind = intoMemory ? Kind.Write : Kind.Read;
    this.trace.append(kind, this.number, operation, subject, physical, length, hashBytes(bytes, 0x811c9dc5), hashBytes(bytes, 0x9e3779b9));
  }

  private finishBulk(operation: number): Uint8Array {
    this.pendingOperation = -1;
    this.recorded = operation + 1;
    this.objects[operation] = this.buffer;
    return this.buffer;
  }

  private compareBulk(operation: number, address: number, length: number, low: number, high: number): void {
    const at = this.positions[operation]!;
    const words = this.trace.words;
    const same = words[at] === Kind.Bulk + this.tag && words[at + 2] === address && words[at + 4] === length;
    if (!same || words[at + 5] !== low || words[at + 6] !== high) throw this.diverged(operation, Kind.Bulk, address, length);
  }

  private repeatedBytes(operation: number): Uint8Array {
    const result = this.objects[operation];
    if (result instanceof Uint8Array) return result;
    throw result;
  }

  // Calls, step by step.

  private startCall(operation: number, number: number, buffer: Uint8Array): void {
    const words = this.argumentWords;
    if (operation >= this.positions.length) this.growRecord();
    const at = this.trace.append(Kind.Call, this.number, operation, number, -1, 0, 0, 0);
    this.trace.extend(at, words.data, 0, words.length);
    this.positions[operation] = at;
    this.pendingOperation = operation;
    this.buffer = buffer.length === 0 ? noBytes : buffer.slice();
    this.answer(this.carrier.begin(this, number, words));
  }

  /** One more step of the call under way. */
  private continueCall(operation: number): void {
    if (this.pending === Status.Blocked) {
      this.waitToWake();
    } else if (this.pending === Status.Copy) {
      this.standBeforeCopy(this.pendingCopy!);
    } else {
      this.stand();
    }
    if (this.pending === Status.Copy) {
      const copy = this.pendingCopy!;
      this.copyFragment(operation, copy.physical, copy.physical, copy.length, copy.at, copy.intoMemory);
    } else {
      this.trace.append(Kind.Continue, this.number, operation, this.trace.words[this.positions[operation]! + 2]!, -1, 0, 0, 0);
    }
    this.answer(this.carrier.resume(this));
  }

  private standBeforeCopy(copy: CopyStep): void {
    const frame = Math.floor(copy.physical * this.reciprocal);
    if (this.reach.points[frame] === 0 && this.reach.first[frame] !== this.number + 1) this.meet(frame);
    if (this.always || this.reach.points[frame] !== 0 || this.granted) this.stand();
  }

  private answer(status: number): void {
    this.pending = status;
    this.pendingCopy = status === Status.Copy ? this.carrier.copy : null;
  }

  private finishCall<R>(operation: number, call: Call<never, R>, buffer: Uint8Array): R {
    const reply = this.carrier.reply;
    const at = this.trace.append(Kind.Return, this.number, operation, call.number, -1, this.pending, 0, 0);
    this.trace.extend(at, reply.data, 0, reply.length);
    this.returns[operation] = at;
    this.recorded = operation + 1;
    this.pendingOperation = -1;
    this.swallowed = 0;
    if (this.buffer !== noBytes) this.objects[operation] = this.buffer;
    const status = this.pending;
    this.pending = Status.Done;
    if (status === Status.Panicked) {
      reply.at = 0;
      this.carrier.panic(this, text.decode(reply));
    }
    return this.resultOf(operation, call, buffer);
  }

  private repeatCall<R>(operation: number, call: Call<never, R>, buffer: Uint8Array): R {
    const at = this.positions[operation]!;
    const bits = this.trace.bits;
    const words = this.argumentWords;
    const same =
      this.trace.words[at] === Kind.Call + this.tag &&
      this.trace.words[at + 2] === call.number &&
      this.trace.words[at + 7] === words.length &&
      sameBits(bits, (at + headerWords) * 2, words);
    if (!same) throw this.diverged(operation, Kind.Call, call.number, 0);
    return this.resultOf(operation, call, buffer);
  }

  /** The recorded result as a fresh value; throws what the call was refused with. */
  private resultOf<R>(operation: number, call: Call<never, R>, buffer: Uint8Array): R {
    const at = this.returns[operation]!;
    const reader = this.reader;
    if (reader.data !== this.trace.words) {
      reader.data = this.trace.words;
      reader.bytes = new Uint8Array(reader.data.buffer, reader.data.byteOffset, reader.data.byteLength);
    }
    reader.at = at + headerWords;
    reader.length = reader.at + this.trace.words[at + 7]!;
    const status = this.trace.words[at + 4]!;
    if (status === Status.Refused) throw refusal(text.decode(reader), text.decode(reader));
    if (status === Status.Panicked) throw new KernelPanic(text.decode(reader));
    const kept = this.objects[operation];
    if (kept instanceof Uint8Array) buffer.set(kept);
    return call.result.decode(reader);
  }
}

const noBytes = new Uint8Array(0);
const single = new Float64Array(1);
const silentWhileUnwinding = new Set(['release', 'complete', 'unmap']);

function join(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function checked(value: number): number {
  if (typeof value !== 'number') throw new TypeError(`store: expected a number, got ${String(value)}`);
  return value;
}

function checkedLength(length: number): number {
  if (!Number.isSafeInteger(length) || length < 0 || length > 2 ** 32) {
    throw new RangeError(`read: expected a length from 0 to 2^32, got ${String(length)}`);
  }
  return length;
}

function sameBits(bits: Uint32Array, at: number, words: Words): boolean {
  const other = new Uint32Array(words.data.buffer, words.data.byteOffset, words.length * 2);
  for (let i = 0; i < other.length; i++) if (bits[at + i] !== other[i]) return false;
  return true;
}

function hashBytes(bytes: Uint8Array, basis: number): number {
  let hash = basis;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A number in [0, 1) from three integers: what `task.random` returns. */
function mixed(seed: number, thread: number, draw: number): number {
  let a = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(thread + 1, 0xc2b2ae35);
  a = Math.imul(a ^ (a >>> 16) ^ Math.imul(draw + 1, 0x27d4eb2f), 0x85ebca6b);
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return ((a ^ (a >>> 16)) >>> 0) / 2 ** 32;
}
