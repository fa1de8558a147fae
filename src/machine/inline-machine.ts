/**
 * The inline carrier: all simulated threads in one JavaScript thread. When another thread is to go on, its function is run on
 * top of the stack of the one that stands; when one further down is to go on, those above it are suspended by throwing through
 * their functions, and resumed later by running them again from the top, their operations answered from the trace.
 *
 * (Rejected: suspending at every switch. Throwing and running again are what a switch costs, and half of them need neither.)
 *
 * An execution starts from the state after `setup` and is rolled back to it, in time proportional to what it changed.
 */
import { BusAddresses } from '../hardware/bus-addresses.ts';
import { calls } from '../kernel/calls/index.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ruleNumber } from '../kernel/rules.ts';
import { Trace } from '../kernel/trace.ts';
import type { Words } from '../kernel/words.ts';
import { enterTask } from '../task/current.ts';
import { TaskHandle } from '../task/handle.ts';
import type { CopyStep } from '../vm/steps.ts';
import { Actors } from './actors.ts';
import { type Carrier, suspension } from './carrier.ts';
import { ControlledDevice } from './controlled-device.ts';
import type { ControlledTask } from './controlled-task.ts';
import { type ControlledThread, Stop } from './controlled-thread.ts';
import { firstDrainActor } from './drains.ts';
import { Execution, type LogLine } from './execution.ts';
import { ExecutionState } from './execution-state.ts';
import type { Intents } from './intents.ts';
import type { LoadedScenario } from './loaded-scenario.ts';
import { NotDeterministic } from './operation-log.ts';
import { meetTaken, type Reach } from './reach.ts';
import type { Schedule } from './schedule.ts';
import type { Spins } from './spins.ts';
import { type Guest, installTaskGlobals, setGuest } from './task-globals.ts';
import { ThreadFunctions } from './thread-functions.ts';
import { YieldingTask } from './yielding-task.ts';

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

/** A heartbeat is so much more than the one before; below are the bits that say which thread runs, of at most 256. */
const beatStep = 512;
/** The bits of a heartbeat that are 1 + the number of the thread that runs. */
export const beatThread = beatStep - 1;

export class InlineMachine implements Carrier {
  readonly trace = new Trace();
  /** Texts of Violation events, by place in the trace. */
  readonly texts: ReadonlyMap<number, string>;
  readonly tasks: readonly ControlledTask[];
  readonly state: ExecutionState;
  readonly logs: readonly LogLine[];
  /** What each thread's function returned, by number. */
  readonly results: readonly unknown[];
  /** Number of the actor that stands for the clock. */
  readonly clock: number;
  /**
   * For a watchdog outside (execution.md, rule 12): its first word changes whenever a thread is run. Its lowest bits (`beatThread`) are
   * 1 + the number of that thread, or 0 while none is.
   */
  heartbeat: Int32Array | null = null;
  private beats = 0;
  /** Whether `choose` was ever asked for more than one number. */
  private chose = false;
  /** Places in the trace at which a thread was switched away from though it could have gone on. Only where operations are counted. */
  readonly preemptions: number[] = [];

  readonly firstDrain: number;

  private readonly kernel: Kernel;
  private readonly execution: Execution;
  private readonly actors: Actors;
  readonly spins: Spins;
  intents: Intents | null = null;
  private schedule: Schedule = idle;
  private next = -1;
  private current: ControlledThread | null = null;
  /** Whoever runs: set once for an execution, since threads change places every few operations. */
  private readonly guest: Guest = {
    log: (...values) => this.current!.log(...values),
    die: () => this.current!.die(),
  };
  /** Thread → 1 while its function is on the JavaScript stack. */
  private readonly onStack: Uint8Array;
  private fatal: NotDeterministic | null = null;
  private readonly functions: ThreadFunctions;

  constructor(
    readonly loaded: LoadedScenario,
    private readonly options: InlineOptions,
  ) {
    this.state = new ExecutionState(loaded);
    this.kernel = this.state.kernel;
    const hardware = this.kernel.hardware;
    const kernelHandle = this.kernel.kernelTask.handle;
    const threads = this.state.threads.length;
    this.actors = new Actors(new Int32Array(Actors.words(threads)), threads, hardware);
    this.spins = this.actors.spins;
    this.tasks = this.state.threads.map(
      (thread) =>
        new (thread.device ? ControlledDevice : YieldingTask)(
          thread,
          thread.task.handle,
          new TaskHandle(kernelHandle),
          hardware,
          thread.device ? new BusAddresses(hardware) : hardware.processorCache(thread.task.space.number, thread.number),
          this.trace,
          options.reach,
          this,
          options.everyOperation,
        ),
    );
    this.firstDrain = firstDrainActor(threads, hardware.configuration);
    this.execution = new Execution(this.state, this.trace, this.actors, this.tasks);
    this.kernel.observer = this.execution.notes;
    this.execution.onChosen = (actor, n) => {
      if (this.schedule.isWritten === true) this.schedule.choose(n, actor);
    };
    ({ logs: this.logs, results: this.results, clock: this.clock } = this.execution);
    this.texts = this.execution.notes.texts;
    this.onStack = new Uint8Array(this.tasks.length);
    this.functions = new ThreadFunctions(this.state);
    installTaskGlobals();
  }

  get reply(): Words {
    return this.kernel.reply;
  }

  get copy(): CopyStep | null {
    return this.kernel.copy;
  }

  /** Whether threads run functions that were compiled to yield: not where operations are counted, whose positions are wanted. */
  get isCompiled(): boolean {
    return !this.options.everyOperation && this.loaded.yielding !== null;
  }

  /**
   * Runs one execution from the base state. Throws NotDeterministic, or what user code must not do.
   *
   * @param compiled false: the functions as they were written, also where there are compiled ones
   */
  run(schedule: Schedule, compiled = this.isCompiled): void {
    this.functions.start(compiled);
    this.start(schedule);
    this.next = this.pick();
    setGuest(this.guest);
    try {
      this.runOthers(-1);
    } finally {
      enterTask(null);
      setGuest(null);
      this.beat(0);
    }
    if (this.fatal !== null) throw this.fatal;
    this.execution.findLeaks();
  }

  /** Whether anything in the executions so far could have come in another order, or otherwise. */
  get branched(): boolean {
    return this.chose || this.execution.pressed || this.tasks.filter((task) => task.stood).length > 1;
  }

  /** Whether the next executions note what happens to pages; see Execution. */
  keepHistory(on: boolean): void {
    this.execution.notes.keepHistory(on);
  }

  /** `check` and `outcome` of the execution in hand; see Execution. */
  judge(): string | null {
    return this.execution.judge();
  }

  // Carrier.

  turn(task: ControlledThread): boolean {
    if (this.offer(task)) return false;
    this.waitForTurn(task);
    return true;
  }

  offer(task: ControlledThread): boolean {
    if (this.trace.steps > this.options.maximumSteps) this.livelock();
    if (this.execution.over) return false;
    const { steps } = this.trace;
    const next = task.yielding
      ? this.actors.pickOther(this.schedule, task.number, steps)
      : this.actors.pick(this.schedule, task.number, steps);
    if (next === task.number) return true;
    if (this.options.everyOperation && !task.yielding && this.spins.isFree(task.number))
      this.preemptions.push(this.trace.length);
    this.next = next;
    return false;
  }

  stuck(): void {
    this.execution.stuck();
  }

  block(task: ControlledThread): void {
    this.leaveBlocked(task);
    this.waitForTurn(task);
  }

  leaveBlocked(task: ControlledThread): boolean {
    this.execution.blocked(task.number);
    if (!this.execution.over) this.next = this.pick();
    return false;
  }

  begin(task: ControlledThread, call: number, words: Words): number {
    // A page that comes cannot leak: it belongs to what is mapped.
    if (call !== calls.fault.number) this.execution.usedKernel = true;
    words.at = 0;
    return this.called(task.number, this.kernel.begin(this.state.threads[task.number]!, call, words));
  }

  resume(task: ControlledThread): number {
    return this.called(task.number, this.kernel.resume(this.state.threads[task.number]!));
  }

  choose(task: ControlledThread, n: number): number {
    if (n > 1) this.chose = true;
    const value = this.schedule.choose(n, task.number);
    if (!Number.isInteger(value) || value < 0 || value >= n)
      throw new RangeError(`the schedule chose ${value} out of ${n}`);
    return value;
  }

  violation(task: ControlledThread, rule: number, text: string): void {
    this.execution.notes.broken(task.number, rule, text);
  }

  examine(task: ControlledThread, address: number, physical: number, length: number, access: number): void {
    this.kernel.examine(this.state.threads[task.number]!, address, physical, length, access);
  }

  chosen(task: ControlledThread, n: number): void {
    this.execution.onChosen(this.firstDrain + task.number, n);
  }

  shared(frame: number): void {
    this.options.onShared(frame);
  }

  panic(task: ControlledThread, message: string): void {
    this.execution.notes.broken(task.number, ruleNumber('kernel-panic'), message);
    this.execution.finish();
  }

  log(task: ControlledThread, text: string): void {
    this.execution.logs.push({ thread: task.thread, text });
  }

  // The execution.

  private start(schedule: Schedule): void {
    this.execution.start();
    const { everyOperation, reach } = this.options;
    const { caches, stores } = this.kernel.hardware;
    caches?.watch(everyOperation || schedule.isWritten === true ? null : reach.points);
    stores?.watch(everyOperation ? null : reach.points);
    this.schedule = schedule;
    this.intents = schedule.watch === undefined ? null : this.actors.intents;
    this.execution.view.show(schedule);
    if (this.preemptions.length > 0) this.preemptions.length = 0;
    this.fatal = null;
    for (const task of this.tasks) task.reset(this.options.seed);
  }

  /** The thread stands; others run on top of it. Returns when its turn has come, or throws to take it off the stack. */
  private waitForTurn(task: ControlledThread): void {
    const goesOn = this.runOthers(task.number);
    // Also to be taken off the stack: what its `finally` and `using` do is done in its own name.
    this.enter(task);
    if (goesOn) return;
    if (task.stopped === Stop.None) task.stopped = Stop.Suspended;
    throw suspension;
  }

  /**
   * Runs threads until it is the turn of `below`, the one that stands underneath (-1: nobody), which is answered by true. False:
   * the execution is over, or one further down is to go on.
   */
  private runOthers(below: number): boolean {
    while (!this.execution.over) {
      const next = this.next;
      if (next === below && below >= 0) return true;
      if (next < 0) this.execution.deadlock();
      else if (next >= this.clock) {
        this.execution.act(next, this.schedule);
        this.meet(next);
        this.next = this.pick();
      } else if (this.onStack[next] === 1) return false;
      else this.runThread(this.tasks[next]!);
      if (this.trace.steps > this.options.maximumSteps && !this.execution.over) this.livelock();
    }
    return false;
  }

  /** A step of a kernel call of `thread` has been done. */
  private called(thread: number, status: number): number {
    this.execution.called();
    this.meet(thread);
    return status;
  }

  /** Whose pages `actor` took away, shares them with it. */
  private meet(actor: number): void {
    meetTaken(this.options.reach, this.execution.takeReclaimed(), actor, this.options.onShared);
  }

  private enter(task: ControlledThread): void {
    this.current = task;
    enterTask(task);
    this.beat(task.number + 1);
  }

  private beat(thread: number): void {
    if (this.heartbeat === null) return;
    this.beats = (this.beats + beatStep) | 0;
    this.heartbeat[0] = this.beats | thread;
  }

  private runThread(task: ControlledTask): void {
    const { number } = task;
    this.enter(task);
    this.onStack[number] = 1;
    let value: unknown;
    let error: unknown = null;
    let threw = false;
    let yielded = false;
    try {
      const step = this.functions.advance(task);
      value = step.value;
      yielded = step.done !== true;
    } catch (caught) {
      error = caught;
      threw = true;
    }
    this.onStack[number] = 0;
    if (yielded) return;
    this.functions.forget(number);
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
    const early = task.endedEarly(threw ? 'threw' : 'returned');
    if (early !== null) {
      this.abandon(early);
    } else if (threw) {
      this.execution.uncaught(task.number, error);
    } else if (value instanceof Promise) {
      value.catch(() => {});
      this.abandon(
        new NotDeterministic(
          `${task.thread} returned a promise: task functions are synchronous, without async and await`,
        ),
      );
    } else {
      this.execution.results[task.number] = value;
    }
  }

  /** The scenario cannot be explored: ends the execution, whatever stands on the stack; `run` throws the reason. */
  private abandon(reason: NotDeterministic): void {
    this.fatal ??= reason;
    this.execution.finish();
  }

  private ended(task: ControlledTask): void {
    this.execution.ended(task.number);
    if (!this.execution.over) this.next = this.pick();
  }

  private livelock(): void {
    this.execution.livelock(this.current!.number, this.options.maximumSteps);
  }

  /** Who goes next when nobody could simply go on. */
  private pick(): number {
    return this.actors.pick(this.schedule, -1, this.trace.steps);
  }
}

const idle: Schedule = { pick: (runnable) => runnable[0]!, choose: () => 0 };
