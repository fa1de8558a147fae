/**
 * The inline carrier: all simulated threads in one JavaScript thread. When another thread is to go on, its function is run on
 * top of the stack of the one that stands; when one further down is to go on, those above it are suspended by throwing through
 * their functions, and resumed later by running them again from the top, their operations answered from the trace.
 *
 * (Rejected: suspending at every switch. Throwing and running again are what a switch costs, and half of them need neither.)
 *
 * An execution starts from the state after `setup` and is rolled back to it, in time proportional to what it changed.
 */
import { MemoryFault } from '../hardware/errors.ts';
import { calls } from '../kernel/calls/index.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import { type RuleName, ruleNames, ruleNumber } from '../kernel/rules.ts';
import type { Kernel, Observer } from '../kernel/kernel.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { Kind, Trace } from '../kernel/trace.ts';
import type { Words } from '../kernel/wire.ts';
import { enterTask } from '../task/current.ts';
import { TaskHandle } from '../task/handle.ts';
import type { CopyStep } from '../vm/steps.ts';
import { type Carrier, suspension } from './carrier.ts';
import { ControlledTask } from './controlled-task.ts';
import { type ControlledThread, type Reach, Stop } from './controlled-thread.ts';
import { NotDeterministic } from './operation-log.ts';
import { describeDeadlock } from './deadlock.ts';
import { ExecutionState } from './execution-state.ts';
import type { LoadedScenario } from './loaded-scenario.ts';
import type { Schedule } from './schedule.ts';

export interface InlineOptions {
  /** What `task.random` depends on. */
  seed: number;
  /** More steps than this are a livelock. */
  maximumSteps: number;
  /** Every operation is a step of the schedule: for replaying, which counts operations. */
  everyOperation: boolean;
  reach: Reach;
  /** A page was reached by a second actor for the first time. */
  onShared(frame: number): void;
}

/** A log line of a thread, in the order of the execution. */
export interface LogLine {
  readonly thread: string;
  readonly text: string;
}

export class InlineMachine implements Carrier, Observer {
  readonly trace = new Trace();
  /** Texts of Violation events, by place in the trace. */
  readonly texts = new Map<number, string>();
  readonly tasks: readonly ControlledTask[];
  readonly state: ExecutionState;
  readonly logs: LogLine[] = [];
  /** What each thread's function returned, by number. */
  readonly results: unknown[];
  /** Number of the actor that stands for the clock; the one after it for the machine itself. */
  readonly clock: number;
  /** For a watchdog outside (execution.md, rule 12): word 0 moves whenever a thread is run, word 1 is 1 + its number. */
  heartbeat: Int32Array | null = null;
  /** Whether any execution so far had a choice of what comes next. */
  branched = false;
  /** Places in the trace at which a thread was switched away from though it could have gone on. */
  readonly preemptions: number[] = [];

  private readonly kernel: Kernel;
  private schedule: Schedule = idle;
  private readonly runnable: Int32Array;
  private readonly others: Int32Array;
  private count = 0;
  private next = -1;
  private current: ControlledThread | null = null;
  /** Thread → 1 while its function is on the JavaScript stack. */
  private readonly onStack: Uint8Array;
  private fatal: NotDeterministic | null = null;
  private unfinished = 0;
  private over = false;
  private usedKernel = false;
  private timers = false;

  constructor(
    readonly loaded: LoadedScenario,
    private readonly options: InlineOptions,
  ) {
    this.state = new ExecutionState(loaded);
    this.kernel = this.state.kernel;
    this.kernel.observer = this;
    const hardware = this.kernel.hardware;
    const kernelHandle = this.kernel.kernelTask.handle;
    this.tasks = this.state.threads.map(
      (thread) =>
        new ControlledTask(
          thread,
          thread.task.handle,
          new TaskHandle(kernelHandle),
          hardware,
          hardware.translationCache(thread.task.space.number),
          this.trace,
          options.reach,
          this,
          options.everyOperation,
        ),
    );
    this.results = this.tasks.map(() => undefined);
    this.clock = this.tasks.length;
    this.onStack = new Uint8Array(this.tasks.length);
    this.runnable = new Int32Array(this.tasks.length + 1);
    this.others = new Int32Array(this.tasks.length + 1);
  }

  get reply(): Words {
    return this.kernel.reply;
  }

  get copy(): CopyStep | null {
    return this.kernel.copy;
  }

  /** Runs one execution from the base state. Throws NotDeterministic, or what user code must not do. */
  run(schedule: Schedule): void {
    this.start(schedule);
    this.next = this.pick(-1);
    this.runOthers(-1);
    enterTask(null);
    if (this.fatal !== null) throw this.fatal;
    if (this.usedKernel && !this.failedEarly()) this.findLeaks();
  }

  /** Notes a broken rule that belongs to no step: by the machine, after the threads have ended. */
  lateViolation(rule: RuleName, message: string): number {
    return this.appendViolation(this.clock + 1, 0, ruleNumber(rule), message);
  }

  // Carrier.

  turn(task: ControlledThread): boolean {
    if (this.trace.steps > this.options.maximumSteps) this.livelock();
    if (!this.over) {
      if (this.count > 1) this.branched = true;
      const next = task.yielding ? this.pickOther(task.number) : this.pick(task.number);
      if (next === task.number) return false;
      if (!task.yielding) this.preemptions.push(this.trace.length);
      this.next = next;
    }
    this.waitForTurn(task);
    return true;
  }

  block(task: ControlledThread): void {
    this.remove(task.number);
    this.watchClock();
    this.next = this.pick(-1);
    this.waitForTurn(task);
  }

  begin(task: ControlledThread, call: number, words: Words): number {
    // A page that comes cannot leak: it belongs to what is mapped.
    if (call !== calls.fault.number) this.usedKernel = true;
    words.at = 0;
    return this.kernel.begin(this.state.threads[task.number]!, call, words);
  }

  resume(task: ControlledThread): number {
    return this.kernel.resume(this.state.threads[task.number]!);
  }

  choose(task: ControlledThread, n: number): number {
    if (n > 1) this.branched = true;
    const value = this.schedule.choose(n, task.number);
    if (!Number.isInteger(value) || value < 0 || value >= n) throw new RangeError(`the schedule chose ${value} out of ${n}`);
    return value;
  }

  violation(by: ControlledThread | KernelThread, rule: number | RuleName, text: string): void {
    const number = typeof rule === 'number' ? rule : ruleNumber(rule);
    const actor = by.number < 0 ? this.clock + 1 : by.number;
    this.appendViolation(actor, this.tasks[by.number]?.recorded ?? 0, number, text);
  }

  shared(frame: number): void {
    this.options.onShared(frame);
  }

  panic(task: ControlledThread, message: string): void {
    this.violation(task, 'kernel-panic', message);
    this.finish();
  }

  log(task: ControlledThread, text: string): void {
    this.logs.push({ thread: task.thread, text });
  }

  // Observer of the kernel.

  acquire(thread: KernelThread, key: number): void {
    if (thread.number >= 0) this.trace.append(Kind.Acquire, thread.number, 0, key, -1, 0, 0, 0);
  }

  release(thread: KernelThread, key: number): void {
    if (thread.number >= 0) this.trace.append(Kind.Release, thread.number, 0, key, -1, 0, 0, 0);
  }

  touch(thread: KernelThread, object: KernelObject): void {
    if (thread.number >= 0) this.trace.append(Kind.Touch, thread.number, this.tasks[thread.number]!.recorded, object.handle, -1, 0, 1, 0);
  }

  woken(thread: KernelThread): void {
    if (thread.number >= 0 && !thread.ended) this.add(thread.number);
    this.watchClock();
  }

  // The execution.

  private start(schedule: Schedule): void {
    this.kernel.journal.rollback();
    this.trace.clear();
    this.schedule = schedule;
    if (this.texts.size > 0) this.texts.clear();
    if (this.logs.length > 0) this.logs.length = 0;
    if (this.preemptions.length > 0) this.preemptions.length = 0;
    this.over = false;
    this.fatal = null;
    this.usedKernel = false;
    this.timers = false;
    this.count = this.tasks.length;
    this.unfinished = 0;
    for (let i = 0; i < this.tasks.length; i++) {
      this.runnable[i] = i;
      this.tasks[i]!.reset(this.options.seed);
      this.results[i] = undefined;
      const thread = this.state.threads[i]!;
      thread.ended = false;
      thread.active = false;
      if (!this.loaded.plans[i]!.daemon) this.unfinished++;
    }
  }

  /** The thread stands; others run on top of it. Returns when its turn has come, or throws to take it off the stack. */
  private waitForTurn(task: ControlledThread): void {
    if (this.runOthers(task.number)) {
      this.enter(task);
      return;
    }
    if (task.stopped === Stop.None) task.stopped = Stop.Suspended;
    throw suspension;
  }

  /**
   * Runs threads until it is the turn of `below`, the one that stands underneath (-1: nobody), which is answered by true. False:
   * the execution is over, or one further down is to go on.
   */
  private runOthers(below: number): boolean {
    while (!this.over) {
      const next = this.next;
      if (next === below && below >= 0) return true;
      if (next < 0) this.deadlock();
      else if (next === this.clock) this.tick();
      else if (this.onStack[next] === 1) return false;
      else this.runThread(this.tasks[next]!);
      if (this.trace.steps > this.options.maximumSteps && !this.over) this.livelock();
    }
    return false;
  }

  private enter(task: ControlledThread): void {
    this.current = task;
    enterTask(task);
    if (this.heartbeat !== null) this.heartbeat[1] = task.number + 1;
  }

  private runThread(task: ControlledTask): void {
    const { number } = task;
    task.rewind();
    this.enter(task);
    if (this.heartbeat !== null) this.heartbeat[0] = this.heartbeat[0]! + 1;
    this.onStack[number] = 1;
    let value: unknown;
    let error: unknown = null;
    let threw = false;
    try {
      value = this.loaded.functions[number]!(task, this.state.sharedFor());
    } catch (caught) {
      error = caught;
      threw = true;
    }
    this.onStack[number] = 0;
    if (this.heartbeat !== null) this.heartbeat[1] = 0;
    // However the function came to its end, what the engine knows decides.
    if (task.broken !== null) this.abandon(task.broken);
    else if (this.state.threads[number]!.ended || task.stopped === Stop.Suspended) return;
    else {
      if (task.stopped === Stop.None) this.returned(task, value, threw, error);
      this.ended(task);
    }
  }

  /** The function ended by itself. */
  private returned(task: ControlledTask, value: unknown, threw: boolean, error: unknown): void {
    if (threw) {
      this.uncaught(task, error);
    } else if (value instanceof Promise) {
      value.catch(() => {});
      this.abandon(new NotDeterministic(`${task.thread} returned a promise: task functions are synchronous, without async and await`));
    } else if (task.repeating) {
      this.abandon(
        new NotDeterministic(
          `${task.thread} is not deterministic: run again from the top, it returned after ${task.operation} operations, but before it had done ${task.recorded}`,
        ),
      );
    } else {
      this.results[task.number] = value;
    }
  }

  /** The scenario cannot be explored: ends the execution, whatever stands on the stack; `run` throws the reason. */
  private abandon(reason: NotDeterministic): void {
    this.fatal ??= reason;
    this.finish();
  }

  private ended(task: ControlledTask): void {
    const thread = this.state.threads[task.number]!;
    this.trace.append(Kind.End, task.number, task.recorded, 0, -1, 0, task.stopped, 0);
    this.remove(task.number);
    if (!thread.daemon) this.unfinished--;
    this.kernel.endThread(thread);
    if (task.stopped === Stop.Died) this.killTask(thread);
    if (this.unfinished === 0) this.finish();
    else if (!this.over) this.next = this.pick(-1);
  }

  private uncaught(task: ControlledTask, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const rule = error instanceof MemoryFault ? 'memory-fault' : 'uncaught-exception';
    const kernel = this.loaded.plans[task.number]!.privileged;
    this.violation(task, rule, kernel ? `${message} (in the kernel: it panics)` : message);
    task.stopped = Stop.Died;
    if (kernel) this.finish();
  }

  /** The task is gone: its other threads stop before their next operation. */
  private killTask(dying: KernelThread): void {
    for (const thread of this.state.threads) {
      if (thread.task !== dying.task || thread.ended) continue;
      this.tasks[thread.number]!.stopped = Stop.Died;
      this.trace.append(Kind.End, thread.number, this.tasks[thread.number]!.recorded, 0, -1, 0, Stop.Died, 0);
      this.remove(thread.number);
      if (!thread.daemon) this.unfinished--;
    }
    this.kernel.killTask(dying.task);
  }

  private finish(): void {
    this.over = true;
    for (const task of this.tasks) if (task.stopped === Stop.None) task.stopped = Stop.Suspended;
  }

  private tick(): void {
    this.kernel.expire();
    this.trace.append(Kind.Clock, this.clock, 0, 0, -1, 0, this.kernel.time, 0);
    this.watchClock();
    this.next = this.pick(-1);
  }

  private livelock(): void {
    const task = this.current!;
    this.violation(task, 'livelock', `no end after ${this.options.maximumSteps} steps; ${task.thread} was running`);
    this.finish();
  }

  private deadlock(): void {
    const blocked = this.state.threads.filter((thread) => thread.waitingIn !== null);
    const first = blocked.find((thread) => !thread.daemon) ?? blocked[0]!;
    this.violation(first, 'deadlock', describeDeadlock(blocked));
    this.finish();
  }

  private failedEarly(): boolean {
    return this.texts.size > 0;
  }

  private findLeaks(): void {
    for (const { thread, text } of this.state.leaks()) this.violation(thread, 'leak', text);
  }

  private appendViolation(actor: number, operation: number, rule: number, text: string): number {
    const at = this.trace.append(Kind.Violation, actor, operation, rule, -1, 0, 0, 0);
    this.texts.set(at, text);
    return at;
  }

  // Who can run.

  private pick(current: number): number {
    if (this.count === 0) return -1;
    if (this.count === 1) return this.runnable[0]!;
    return this.schedule.pick(this.runnable, this.count, current, this.trace.steps);
  }

  /** The thread yielded: anybody else goes first, if there is anybody. */
  private pickOther(yielding: number): number {
    let count = 0;
    for (let i = 0; i < this.count; i++) if (this.runnable[i] !== yielding) this.others[count++] = this.runnable[i]!;
    if (count === 0) return yielding;
    return count === 1 ? this.others[0]! : this.schedule.pick(this.others, count, -1, this.trace.steps);
  }

  private add(actor: number): void {
    let at = this.count;
    while (at > 0 && this.runnable[at - 1]! >= actor) {
      if (this.runnable[at - 1] === actor) return;
      at--;
    }
    for (let i = this.count; i > at; i--) this.runnable[i] = this.runnable[i - 1]!;
    this.runnable[at] = actor;
    this.count++;
  }

  private remove(actor: number): void {
    let at = 0;
    while (at < this.count && this.runnable[at] !== actor) at++;
    if (at === this.count) return;
    for (let i = at + 1; i < this.count; i++) this.runnable[i - 1] = this.runnable[i]!;
    this.count--;
  }

  /** The clock can take a step whenever somebody sleeps with a deadline. */
  private watchClock(): void {
    const timers = this.kernel.nextDeadline() !== null;
    if (timers === this.timers) return;
    this.timers = timers;
    if (timers) this.add(this.clock);
    else this.remove(this.clock);
  }
}

const idle: Schedule = { pick: (runnable) => runnable[0]!, choose: () => 0 };

/** Names of rules that appear in Violation events, by number. */
export const violationName = (rule: number): RuleName => ruleNames[rule]!;
