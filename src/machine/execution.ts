/**
 * One controlled execution as both carriers keep it: who can go on, who has ended and how, when it is over. All that must come out in the
 * trace alike, inline and on threads, is written once: here, in KernelNotes and in Endings.
 */
import { MemoryFault } from '../hardware/errors.ts';
import { locksLeft } from '../kernel/locks/locks-left.ts';
import { type RuleName, ruleNumber } from '../kernel/rules.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import { allowedOutcomes } from '../task/scenario.ts';
import type { Actors } from './actors.ts';
import { Stop } from './controlled-thread.ts';
import { drainActors, drainStore, firstDrainActor, noteDrain, settleStores } from './drains.ts';
import { Endings } from './endings.ts';
import { cacheActor, evictionActors, evictLine } from './evictions.ts';
import type { ExecutionState } from './execution-state.ts';
import { KernelNotes } from './kernel-notes.ts';
import { Pressure, pressureActors } from './pressure.ts';
import type { Schedule } from './schedule.ts';
import { textOf } from './thrown.ts';
import { View } from './view.ts';

/** A log line of a thread, in the order of the execution. */
export interface LogLine {
  readonly thread: string;
  readonly text: string;
}

/** What the engine must know of a task, wherever that runs. */
export interface TaskView {
  /** Operations that are in the trace. */
  readonly recorded: number;
  /** Why it takes no more steps: a `Stop`. */
  stopped: number;
}

export class Execution {
  /** What its schedule may see of it. */
  readonly view: View;
  /** What was broken, and what the kernel told. */
  readonly notes: KernelNotes;
  private readonly endings: Endings;
  readonly logs: LogLine[] = [];
  /** What each thread's function returned, by number. */
  readonly results: unknown[];
  /** Number of the actor that stands for the clock; pager and purger follow it where there is memory pressure, then the data cache. */
  readonly clock: number;
  private readonly cache: number;
  private readonly firstDrain: number;
  /** Number of the machine itself: the last. */
  readonly machine: number;
  /** Frames that were taken away from objects since somebody asked; see `takeReclaimed`. */
  private readonly reclaimed: number[] = [];
  private readonly pressure: Pressure | null;
  /** Nobody takes another step. */
  over = false;
  /** Whether a kernel call was made, so that something may have leaked. */
  usedKernel = false;
  /** Whether pager, purger or data cache have taken a step, in this execution or an earlier one. */
  pressed = false;
  private unfinished = 0;
  private timers = false;
  /** All threads have ended that need to; only their stores are still on their way. */
  private closing = false;
  /** Hears that a store of `actor` went to memory unasked though n could have gone; see `Carrier.chosen`. */
  onChosen: (actor: number, n: number) => void = () => {};

  constructor(
    readonly state: ExecutionState,
    private readonly trace: Trace,
    private readonly actors: Actors,
    private readonly tasks: readonly TaskView[],
  ) {
    this.clock = state.threads.length;
    this.results = state.threads.map(() => undefined);
    const { kernel } = state;
    const { memoryPressure, coherentDma } = kernel.configuration;
    this.cache = cacheActor(this.clock, kernel.configuration);
    this.firstDrain = firstDrainActor(this.clock, kernel.configuration);
    this.machine =
      this.clock +
      1 +
      pressureActors(memoryPressure) +
      evictionActors(coherentDma) +
      drainActors(this.clock, kernel.configuration);
    this.view = new View(state, trace, actors, this.machine);
    const { stores } = kernel.hardware;
    if (stores !== null) stores.listener = (thread, store) => noteDrain(this.trace, Kind.Drained, thread, store);
    this.notes = new KernelNotes(state, trace, tasks, this.machine, {
      woken: (thread) => this.woken(thread),
      reclaimed: (frame) => this.reclaimed.push(frame),
    });
    this.endings = new Endings(state, trace, actors, this.notes, ({ number, ended }) => {
      return ended && this.tasks[number]?.stopped === Stop.None;
    });
    this.pressure = memoryPressure ? new Pressure(kernel, trace, actors, this.clock + 1) : null;
  }

  /** Back to the state after `setup`, with every thread about to start. */
  start(): void {
    this.state.kernel.journal.rollback();
    this.trace.clear();
    this.notes.clear();
    if (this.logs.length > 0) this.logs.length = 0;
    this.over = false;
    this.usedKernel = false;
    this.timers = false;
    this.closing = false;
    this.state.kernel.hardware.stores?.clear();
    this.unfinished = 0;
    if (this.reclaimed.length > 0) this.reclaimed.length = 0;
    this.actors.reset(this.clock);
    this.pressure?.reset();
    for (const thread of this.state.threads) {
      this.results[thread.number] = undefined;
      if (!thread.daemon) this.unfinished++;
    }
  }

  /** After a step of a kernel call: memory may have become available to pager and purger, or been taken. */
  called(): void {
    this.pressure?.watch();
  }

  /** Frames whose pages were taken away since this was last asked. Whoever has reached them meets the one who did that. */
  takeReclaimed(): readonly number[] {
    return this.reclaimed.length === 0 ? this.reclaimed : this.reclaimed.splice(0);
  }

  // What happens to threads.

  /** The thread sleeps in the kernel. One that closes a cycle ends the execution: what others still do changes nothing for it. */
  blocked(number: number): void {
    this.actors.remove(number);
    this.watchClock();
    if (this.endings.isHopeless(this.state.threads[number]!)) this.finish();
    else this.stuck();
  }

  /** Ends the execution if all that can run look in vain for what nobody will change. */
  stuck(): void {
    if (!this.over && this.endings.isStuck()) this.finish();
  }

  /** Nobody can run. */
  deadlock(): void {
    this.endings.deadlock();
    this.finish();
  }

  /** There were more than `maximumSteps`, and `thread` was running. */
  livelock(thread: number, maximumSteps: number): void {
    this.endings.livelock(thread, maximumSteps);
    this.finish();
  }

  /** An error left the thread's function: its task dies of it, and in the kernel everything. */
  uncaught(thread: number, error: unknown): void {
    const message = textOf(error);
    const isFault = error instanceof Error && error.name === MemoryFault.name;
    this.uncaughtMessage(thread, isFault ? 'memory-fault' : 'uncaught-exception', message);
  }

  uncaughtMessage(thread: number, rule: RuleName, message: string): void {
    const kernel = this.state.threads[thread]!.privileged;
    this.notes.broken(thread, ruleNumber(rule), kernel ? `${message} (in the kernel: it panics)` : message);
    this.tasks[thread]!.stopped = Stop.Died;
    if (kernel) this.finish();
  }

  /** The thread's function is over, for the reason in its `stopped`. */
  ended(number: number): void {
    const task = this.tasks[number]!;
    const thread = this.state.threads[number]!;
    if (task.recorded === 0 && thread.running === null) this.trace.append(Kind.Idle, number, 0, 0, -1, 0, 0, 0);
    this.end(thread, task.stopped);
    this.state.kernel.endThread(thread);
    if (task.stopped === Stop.Died) this.killTask(thread);
    this.settle(number);
    if (thread.locks.length > 0 && this.endings.isAnyHopeless()) this.finish();
    else if (this.unfinished > 0) {
      this.pressure?.watch();
      this.stuck();
    } else {
      this.close();
    }
  }

  /** Everybody who has to end has ended: what they stored is still to reach memory, and in which order is the schedule's choice. */
  private close(): void {
    const { stores } = this.state.kernel.hardware;
    if (stores === null || stores.isEmpty) {
      this.finish();
      return;
    }
    this.closing = true;
    this.actors.clear();
  }

  /** Nobody takes another step. */
  finish(): void {
    this.over = true;
    for (const task of this.tasks) if (task.stopped === Stop.None) task.stopped = Stop.Suspended;
  }

  /** A step of an actor that is no thread. `schedule` chooses where it can be taken in several ways. */
  act(actor: number, schedule: Pick<Schedule, 'choose'>): void {
    this.actors.spins.stirred();
    this.step(actor, schedule);
    this.stuck();
  }

  private step(actor: number, schedule: Pick<Schedule, 'choose'>): void {
    if (actor === this.clock) {
      this.tick();
      return;
    }
    this.pressed = true;
    if (actor >= this.firstDrain) {
      this.drain(actor, schedule);
      return;
    }
    const { caches } = this.state.kernel.hardware;
    if (caches !== null && actor === this.cache) evictLine(caches, this.trace, actor, (n) => schedule.choose(n, actor));
    else {
      this.notes.acting = actor;
      this.pressure!.act(actor, this.reclaimed);
      this.notes.acting = this.machine;
    }
  }

  private drain(actor: number, schedule: Pick<Schedule, 'choose'>): void {
    const stores = this.state.kernel.hardware.stores!;
    const thread = actor - this.firstDrain;
    drainStore(stores, this.trace, actor, thread, (n) => schedule.choose(n, actor));
    this.settle(thread);
    if (this.closing && stores.isEmpty) this.finish();
  }

  /** Stores that nobody can notice do not wait for the schedule. */
  private settle(thread: number): void {
    const { stores } = this.state.kernel.hardware;
    if (stores === null) return;
    const actor = this.firstDrain + thread;
    settleStores(stores, this.trace, actor, thread, (n) => this.onChosen(actor, n));
  }

  private tick(): void {
    this.state.kernel.sleepers.expire();
    this.trace.append(Kind.Clock, this.clock, 0, 0, -1, 0, this.state.kernel.sleepers.time, 0);
    this.watchClock();
  }

  /** After the end: what nobody gave back, unless something worse came before. */
  findLeaks(): void {
    if (!this.usedKernel || this.notes.texts.size > 0) return;
    for (const { thread, text } of this.state.leaks()) this.notes.violation(thread, 'leak', text);
  }

  /** `check` and `outcome`. Returns the outcome's label, or null; what fails is noted. Throws what `outcome` throws. */
  judge(): string | null {
    const failure = this.state.check();
    if (failure !== null) {
      this.notes.tell(Kind.Verdict, this.machine, 0, ruleNumber('check'), failure);
      return null;
    }
    const label = this.state.outcome(this.results);
    const allowed = allowedOutcomes(this.state.loaded.scenario);
    if (label !== null && allowed !== undefined && !allowed.includes(label)) {
      const text = `the outcome was ${JSON.stringify(label)}; allowed are ${allowed.map((one) => JSON.stringify(one)).join(', ')}`;
      this.notes.tell(Kind.Verdict, this.machine, 0, ruleNumber('forbidden-outcome'), text);
    }
    return label;
  }

  /** The task is gone: its other threads stop before their next operation. */
  private killTask(dying: KernelThread): void {
    for (const thread of this.state.threads) {
      if (thread.task !== dying.task || thread.ended) continue;
      this.tasks[thread.number]!.stopped = Stop.Died;
      this.end(thread, Stop.Died);
    }
    this.state.kernel.killTask(dying.task);
  }

  private end(thread: KernelThread, stop: number): void {
    // A failed assertion is no part of the program: it would have gone on.
    if (thread.active && !this.over && stop !== Stop.Failed)
      for (const text of locksLeft(this.state.kernel, thread)) this.notes.violation(thread, 'lock-left-held', text);
    this.trace.append(Kind.End, thread.number, this.tasks[thread.number]!.recorded, 0, -1, 0, stop, 0);
    this.actors.remove(thread.number);
    this.actors.spins.acted(thread.number);
    this.actors.intents.end(thread.number);
    if (!thread.daemon) this.unfinished--;
  }

  private woken(thread: KernelThread): void {
    if (thread.number >= 0 && !thread.ended) this.actors.add(thread.number);
    this.watchClock();
  }

  /** The clock can take a step whenever somebody sleeps with a deadline. */
  private watchClock(): void {
    const timers = this.state.kernel.sleepers.nextDeadline() !== null;
    if (timers === this.timers) return;
    this.timers = timers;
    if (timers) this.actors.add(this.clock);
    else this.actors.remove(this.clock);
  }
}
