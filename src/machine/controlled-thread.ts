/**
 * A simulated thread under a schedule: the road that every operation takes, the same on both carriers. Has it been done before
 * (inline, when the function is run again)? then its result comes from the log; otherwise it waits for its turn, is carried out
 * and recorded.
 *
 * A thread *stands before* an operation until its carrier lets it go on. Operations on memory that nobody else has reached do
 * not stand; they belong to the step before them.
 */
import type { Hardware } from '../hardware/hardware.ts';
import type { PhysicalMemory } from '../hardware/physical-memory.ts';
import { accessRead, type TranslationCache } from '../hardware/translation-cache.ts';
import { type RuleName, ruleNumber } from '../kernel/rules.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import type { TaskHandle } from '../task/handle.ts';
import { Task } from '../task/task.ts';
import { BufferedPath } from './buffered-path.ts';
import { CachedPath } from './cached-path.ts';
import { type Carrier, suspension } from './carrier.ts';
import type { MemoryPath } from './memory-path.ts';
import { NotDeterministic, OperationLog } from './operation-log.ts';
import { PageFaults } from './page-faults.ts';
import type { Reach } from './reach.ts';
import type { Spins } from './spins.ts';

/** Why a thread takes no more steps. */
export const Stop = { None: 0, Suspended: 1, Failed: 2, Died: 3 } as const;

/** How a thread comes to its step. */
export const Turn = {
  /** Nobody ran in between. */
  Kept: 0,
  /** It had to wait. */
  Waited: 1,
  /** It has to wait, and is to leave the stack for that by itself. */
  Postponed: 2,
} as const;

/** In place of a physical address: the operation was postponed. */
export const postponed = -2;

/** How often in a row a thread may swallow its suspension before its scenario is refused. */
const mostSwallowed = 1000;

/**
 * After so many operations that are no scheduling points a thread stands all the same: a loop that waits for memory which nobody
 * else has reached *yet* would never end.
 */
const longestStretch = 1000;

const noLook = -1;
const toldLook = -2;

/** What a controlled thread must know of itself. */
export interface ThreadIdentity {
  /** In the order of the scenario, from 0. */
  readonly number: number;
  /** 'kernel.submit' */
  readonly name: string;
  readonly task: { readonly name: string };
}

export abstract class ControlledThread extends Task {
  /** Number of the next operation. */
  operation = 0;
  /** The schedule has given this thread its next step. */
  granted = true;
  stopped: number = Stop.None;
  /** It has ever stood before a step that others could have noticed. */
  stood = false;
  /** It asked for others to run first. */
  yielding = false;
  /** Number of the operation of several steps that has begun and is not over, or -1. */
  underWay = -1;
  /** Number of the operation before which its function could yield, or -1. */
  protected yieldable = -1;
  /** It was its turn's end: the operation under way was not begun. Whoever called it for a function that yields takes it back. */
  protected wasPostponed = false;
  /** When set, called at each fresh step: takes source positions on replay. */
  onStep: ((thread: ControlledThread) => void) | null = null;

  readonly number: number;
  /** Bytes at a multiple of which a bulk copy takes another step. */
  readonly fragment: number;
  protected readonly done: OperationLog;
  private readonly faults: PageFaults;
  private readonly spins: Spins;
  protected readonly pageSize: number;
  private readonly reciprocal: number;
  readonly memory: PhysicalMemory;
  /** What lies between this thread and memory; null where nothing does. */
  readonly path: MemoryPath | null;
  /** Number of the first operation that is no repetition: the one that its step was granted for. */
  protected freshFrom = 0;
  /** Number of the operation before which it last stood. */
  private stoodAt = 0;
  /** Where the operation that was postponed accesses memory, as long as that need not be asked again; or -1. */
  private standsBefore = -1;
  private swallowed = 0;
  /** The look that came first since it last acted: most are followed by none, so it is told with the second one. Or `noLook`, `toldLook`. */
  private look = noLook;

  constructor(
    thread: ThreadIdentity,
    id: number,
    kernelTask: TaskHandle,
    readonly hardware: Hardware,
    protected readonly cache: TranslationCache,
    readonly trace: Trace,
    private readonly reach: Reach,
    readonly carrier: Carrier,
    /** Every operation is a step of the schedule: replaying counts operations. */
    protected readonly always: boolean,
  ) {
    super(thread.task.name, thread.name, id, kernelTask);
    this.number = thread.number;
    this.done = new OperationLog(trace, thread.number, thread.name);
    this.pageSize = hardware.pageSize;
    this.fragment = hardware.pageSize;
    this.reciprocal = 1 / hardware.pageSize;
    this.memory = hardware.memory;
    this.spins = carrier.spins;
    this.path = this.makePath(hardware);
    this.faults = new PageFaults(this, cache, this.done);
  }

  /** It reaches memory as a device does, past what processors have. */
  protected get isDevice(): boolean {
    return false;
  }

  /** Operations that are in the trace. */
  get recorded(): number {
    return this.done.length;
  }

  /** Why the scenario cannot be explored: this thread is no function of its inputs. */
  get broken(): NotDeterministic | null {
    return this.done.broken;
  }

  /** Whether operations are being repeated from the record. */
  get repeating(): boolean {
    return this.operation < this.done.length;
  }

  /**
   * The refusal of a thread that comes to its end having done less than before it was run again; null when all is well. `how` it
   * ended: 'returned', 'threw'.
   */
  endedEarly(how: string): NotDeterministic | null {
    if (!this.repeating && this.underWay < 0) return null;
    const before = Math.max(this.recorded, this.underWay + 1);
    return new NotDeterministic(
      `${this.thread} is not deterministic: run again from the top, it ${how} after ${this.operation} operations, but before it had begun ${before}`,
    );
  }

  /** Refuses a fresh operation while another one is under way: that one was to go on. */
  refuseOther(kind: number, subject: number): void {
    if (this.underWay >= 0 && this.stopped === Stop.None) throw this.done.differs(this.underWay, kind, subject, 0);
  }

  /** Back to before its first operation. */
  protected clear(): void {
    this.done.clear();
    this.wasPostponed = false;
    this.underWay = -1;
    this.rewind();
    this.stoodAt = 0;
    this.standsBefore = -1;
    this.look = noLook;
    this.faults.clear();
  }

  /** About to be run (again) from the top, with its next step granted. */
  rewind(): void {
    this.operation = 0;
    // An operation tried while it was unwound may have left it set.
    this.yieldable = -1;
    this.freshFrom = this.done.length;
    this.stopped = Stop.None;
    this.granted = true;
    // Likewise.
    this.yielding = false;
    this.swallowed = 0;
  }

  /** About to go on where it yielded, with its next step granted. */
  resume(): void {
    this.freshFrom = this.done.length;
    this.granted = true;
  }

  /** The operation just recorded has changed nothing: it was a look. */
  looked(operation: number): void {
    if (this.look === noLook) {
      this.look = operation;
      return;
    }
    if (this.look !== toldLook) {
      this.spins.looked(this.number, this.done, this.look);
      this.look = toldLook;
    }
    if (this.spins.looked(this.number, this.done, operation)) this.carrier.stuck(this);
  }

  /** The operation just recorded was no look; where it stored, those who look there see something new. */
  acted(physical: number, length: number): void {
    const { spins } = this;
    if (this.look === toldLook) spins.acted(this.number);
    this.look = noLook;
    if (physical >= 0) spins.changed(physical, length);
  }

  /** Ends the thread for breaking `rule`; the caller throws what this returns. */
  end(rule: RuleName, message: string, stop: number): unknown {
    if (this.stopped === Stop.None) {
      this.done.broken ??= this.endedEarly('failed');
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

  /** Waits for the thread's turn and returns the physical address of an access, or `postponed`; throws MemoryFault. */
  enter(operation: number, kind: number, address: number, width: number, access: number): number {
    if (this.standsBefore >= 0) {
      const physical = this.standsBefore;
      this.standsBefore = -1;
      if (this.cache.isCurrent) return this.goOn(physical);
    }
    if (this.stopped !== Stop.None) throw this.unwind();
    if (this.underWay >= 0 && kind < Kind.Read) this.refuseOther(kind, address);
    this.path?.settle();
    let physical = this.cache.translate(address, access);
    const split = this.isSplit(address, width);
    let noticed = true;
    if (physical >= 0 && !split && !this.always) {
      const frame = Math.floor(physical * this.reciprocal);
      if (this.reach.points[frame] === 0) {
        if (this.reach.first[frame] !== this.number + 1) this.meet(frame);
        if (operation - this.stoodAt < longestStretch) {
          if (this.cache.isStale) this.carrier.examine(this, address, physical, width, access);
          return physical;
        }
        noticed = false;
      }
    }
    const { intents } = this.carrier;
    if (intents !== null) intents.access(this.number, physical, access !== accessRead);
    const turn = this.stand(noticed);
    if (turn === Turn.Postponed) {
      if (!split && this.path === null && !this.cache.isStale) this.standsBefore = physical;
      return postponed;
    }
    // Where nobody ran in between, what was translated before still holds.
    if (turn === Turn.Waited || physical < 0 || split) {
      if (turn === Turn.Waited || physical < 0)
        physical = this.faults.resolve(operation, kind, address, address, width, access);
      if (split) {
        this.faults.resolveBoth(operation, kind, address, width, access);
        this.arrive(this.cache.translate(this.nextPage(address), access));
        physical = this.cache.translate(address, access);
      }
      this.arrive(physical);
    }
    if (this.cache.isStale) this.carrier.examine(this, address, physical, width, access);
    return physical;
  }

  /** Where the bytes are that an access of this thread's reaches: what `enter` has translated just now. */
  protected reached(address: number, physical: number, width: number, access: number): PhysicalMemory {
    return this.path === null ? this.memory : this.path.reached(address, physical, width, access !== accessRead);
  }

  /**
   * Before a step: returns a `Turn` once the schedule grants it; at once when it does not and the function could yield here.
   *
   * @param noticed whether anybody else could notice the step
   */
  stand(noticed = true): number {
    if (this.stopped !== Stop.None) throw this.unwind();
    this.path?.settle();
    if (noticed) this.stood = true;
    this.stoodAt = this.operation;
    const canYield = this.takeLeave();
    let turn: number = Turn.Kept;
    if (this.granted) this.granted = false;
    else if (!canYield) turn = this.carrier.turn(this) ? Turn.Waited : Turn.Kept;
    else if (!this.carrier.offer(this)) {
      this.wasPostponed = true;
      return Turn.Postponed;
    }
    if (this.onStep !== null) this.onStep(this);
    return turn;
  }

  /** The operation that was postponed has its turn, and where it goes to is as it was: all else `enter` has seen to already. */
  private goOn(physical: number): number {
    this.granted = false;
    if (this.onStep !== null) this.onStep(this);
    return physical;
  }

  /** Whether the function that does the operation under way can yield here, as far as it goes. */
  canLeave(): boolean {
    return this.yieldable === this.operation - 1;
  }

  /** The operation under way can be come to again, also from where it stands next. */
  mayLeave(): void {
    this.yieldable = this.operation - 1;
  }

  /** For one stand only: later ones may be in the middle of what cannot be done again. */
  private takeLeave(): boolean {
    const can = this.canLeave();
    this.yieldable = -1;
    return can;
  }

  /** Before copying a fragment of a call: returns a `Turn`; stands where the page is shared. */
  standBefore(physical: number, intoMemory: boolean): number {
    const point = this.reach.points[Math.floor(physical * this.reciprocal)] !== 0;
    this.arrive(physical);
    this.carrier.intents?.access(this.number, physical, intoMemory);
    return this.always || point || this.granted ? this.stand() : Turn.Kept;
  }

  /** Asleep in the kernel: returns a `Turn` once it was woken and granted a step; at once when its function can yield here. */
  waitToWake(): number {
    const canYield = this.takeLeave();
    if (this.granted) this.granted = false;
    else if (!canYield) this.carrier.block(this);
    else if (!this.carrier.leaveBlocked(this)) {
      this.wasPostponed = true;
      return Turn.Postponed;
    }
    if (this.onStep !== null) this.onStep(this);
    return Turn.Waited;
  }

  /** Before an operation that touches nothing shared: a step only where operations are counted. */
  protected standIfCounted(kind: number, subject: number): void {
    if (this.stopped !== Stop.None) throw this.unwind();
    this.refuseOther(kind, subject);
    if (this.always || this.operation - this.stoodAt > longestStretch) this.stand(this.always);
  }

  /** What to throw when an operation is tried though the thread takes no more steps. */
  unwind(): unknown {
    if (++this.swallowed > mostSwallowed) {
      this.done.broken ??= new NotDeterministic(
        `${this.thread} catches what suspends it and goes on, ${mostSwallowed} times in a row: a loop around try/catch must not ignore unknown errors`,
      );
      this.stopped = Stop.Failed;
    }
    return suspension;
  }

  /** Whether the scalar reaches into a second page. */
  protected isSplit(address: number, width: number): boolean {
    return (address & (width - 1)) !== 0 && (address % this.pageSize) + width > this.pageSize;
  }

  nextPage(address: number): number {
    return (Math.floor(address / this.pageSize) + 1) * this.pageSize;
  }

  private makePath({ caches, stores }: Hardware): MemoryPath | null {
    // What a device stores is in memory.
    if (stores !== null && !this.isDevice) return new BufferedPath(this, this.memory, stores);
    if (caches === null) return null;
    const isPoint = (frame: number): boolean => this.always || this.reach.points[frame] !== 0;
    return new CachedPath(this, caches, this.cache, !this.isDevice, isPoint);
  }

  /** It reaches the page there, for which others may have stood. */
  private arrive(physical: number): void {
    const frame = Math.floor(physical * this.reciprocal);
    if (!this.always && this.reach.points[frame] === 0 && this.reach.first[frame] !== this.number + 1) this.meet(frame);
  }

  private meet(frame: number): void {
    const first = this.reach.first;
    if (first[frame] === 0) first[frame] = this.number + 1;
    else this.carrier.shared(frame);
  }
}
