/**
 * One controlled execution as both carriers keep it: who has ended and how, what was broken, when it is over. All that must
 * come out in the trace alike, inline and on threads, is written here once.
 */
import { MemoryFault } from '../hardware/errors.ts';
import type { Observer } from '../kernel/kernel.ts';
import { locksLeft } from '../kernel/locks/locks-left.ts';
import { aboutNothing, type RuleName, ruleNumber } from '../kernel/rules.ts';
import type { KernelThread } from '../kernel/thread.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import { allowedOutcomes } from '../task/scenario.ts';
import type { KernelObject } from '../vm/kernel-object.ts';
import type { Actors } from './actors.ts';
import { Stop } from './controlled-thread.ts';
import { describeDeadlock, isHopeless } from './deadlock.ts';
import { drainActors, drainStore, firstDrainActor, noteDrain, settleStores } from './drains.ts';
import { cacheActor, evictionActors, evictLine } from './evictions.ts';
import type { ExecutionState } from './execution-state.ts';
import { describeLivelock, lastRound } from './livelock.ts';
import { lostWakeup } from './lost-wakeup.ts';
import { listenToPages } from './page-history.ts';
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

type Doing = readonly [actor: number, operation: number];

export class Execution implements Observer {
  /** What its schedule may see of it. */
  readonly view: View;
  /** Texts of Violation events, by place in the trace. */
  readonly texts = new Map<number, string>();
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
  private readonly onReclaim = (frame: number) => this.reclaimed.push(frame);
  private readonly pressure: Pressure | null;
  /** Nobody takes another step. */
  over = false;
  /** Whether a kernel call was made, so that something may have leaked. */
  usedKernel = false;
  /** Whether pager, purger or data cache have taken a step, in this execution or an earlier one. */
  pressed = false;
  private unfinished = 0;
  /** Who acts where no thread does: the machine itself, or the pager or purger in its step. */
  private acting: number;
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
    this.view = new View(state, trace, actors);
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
    const { stores } = kernel.hardware;
    if (stores !== null) stores.listener = (thread, store) => noteDrain(this.trace, Kind.Drained, thread, store);
    this.acting = this.machine;
    this.pressure = memoryPressure ? new Pressure(kernel, trace, actors, this.clock + 1) : null;
  }

  /** Back to the state after `setup`, with every thread about to start. */
  start(): void {
    this.state.kernel.journal.rollback();
    this.trace.clear();
    if (this.texts.size > 0) this.texts.clear();
    if (this.logs.length > 0) this.logs.length = 0;
    this.over = false;
    this.usedKernel = false;
    this.timers = false;
    this.closing = false;
    this.state.kernel.hardware.stores?.clear();
    this.unfinished = 0;
    if (this.reclaimed.length > 0) this.reclaimed.length = 0;
    this.state.kernel.vm.onReclaim = this.onReclaim;
    this.actors.reset(this.clock);
    this.pressure?.reset();
    for (const thread of this.state.threads) {
      this.results[thread.number] = undefined;
      if (!thread.daemon) this.unfinished++;
    }
  }

  // Observer of the kernel.

  acquire(thread: KernelThread, key: number): void {
    if (thread.number >= 0) this.trace.append(Kind.Acquire, thread.number, 0, key, -1, 0, 0, 0);
  }

  release(thread: KernelThread, key: number): void {
    if (thread.number >= 0) this.trace.append(Kind.Release, thread.number, 0, key, -1, 0, 0, 0);
  }

  touch(thread: KernelThread, object: KernelObject): void {
    if (thread.number >= 0)
      this.trace.append(Kind.Touch, thread.number, this.tasks[thread.number]!.recorded, object.handle, -1, 0, 1, 0);
  }

  recycled(thread: KernelThread, frame: number): void {
    const { pageSize } = this.state.kernel.hardware;
    if (thread.number >= 0) this.trace.append(Kind.Recycled, thread.number, 0, 0, frame * pageSize, pageSize, 0, 0);
  }

  moved(thread: KernelThread, from: number, to: number): void {
    const { pageSize } = this.state.kernel.hardware;
    this.trace.append(Kind.Moved, this.actorOf(thread), 0, from * pageSize, to * pageSize, pageSize, 0, 0);
  }

  pagedOut(thread: KernelThread, frame: number, key: number): void {
    const { pageSize } = this.state.kernel.hardware;
    this.trace.append(Kind.PagedOut, this.actorOf(thread), 0, key, frame * pageSize, pageSize, 0, 0);
  }

  pagedIn(thread: KernelThread, frame: number, key: number): void {
    const { pageSize } = this.state.kernel.hardware;
    this.trace.append(Kind.PagedIn, this.actorOf(thread), 0, key, frame * pageSize, pageSize, 0, 0);
  }

  maintained(thread: KernelThread, physical: number, length: number, operation: number): void {
    this.trace.append(Kind.Maintained, this.actorOf(thread), 0, operation, physical, length, 0, 0);
  }

  violation(
    thread: { readonly number: number },
    rule: RuleName,
    text: string,
    about = aboutNothing,
    address = 0,
  ): void {
    this.broken(thread.number, ruleNumber(rule), text, about, address);
  }

  woken(thread: KernelThread): void {
    if (thread.number >= 0 && !thread.ended) this.actors.add(thread.number);
    this.watchClock();
  }

  /** From now on what happens to pages and handles is in the trace, or no longer: for the execution that tells a failure's story. */
  keepHistory(on: boolean): void {
    const { kernel } = this.state;
    const note = (fate: number, frame: number, space: number, address: number, detail: number): void => {
      const { pageSize } = kernel.hardware;
      const [actor, operation] = this.doing();
      const at = this.trace.append(Kind.Page, actor, operation, fate, frame * pageSize, pageSize, space, address);
      this.trace.extend(at, Float64Array.of(detail), 0, 1);
    };
    listenToPages(kernel.hardware, on ? note : null);
    kernel.vm.entryListener = on
      ? (fate, space, start, end) => {
          const [actor, operation] = this.doing();
          const { pageSize } = kernel.hardware;
          const at = this.trace.append(Kind.Page, actor, operation, fate, -1, pageSize, space, start);
          this.trace.extend(at, Float64Array.of(end), 0, 1);
        }
      : null;
    kernel.handles.listener = on
      ? (fate, handle, holder, held) => {
          const [actor, operation] = this.doing();
          this.trace.append(Kind.Handle, actor, operation, fate, -1, held, handle, holder);
        }
      : null;
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

  /** `thread` (-1: the machine itself) broke the rule of that number. `about` is as rules.ts says. */
  broken(thread: number, rule: number, text: string, about = aboutNothing, address = 0): void {
    const actor = thread < 0 ? this.acting : thread;
    this.append(Kind.Violation, actor, this.tasks[thread]?.recorded ?? 0, rule, text, about, address);
  }

  /** The thread sleeps in the kernel. One that closes a cycle ends the execution: what others still do changes nothing for it. */
  blocked(number: number): void {
    this.actors.remove(number);
    this.watchClock();
    if (!this.endIfHopeless(this.state.threads[number]!)) this.stuck();
  }

  /** Whether the thread returned by itself. Of one that failed its assertion or died the rest runs on without, as far as that goes. */
  private readonly hasLeft = ({ number, ended }: KernelThread): boolean =>
    ended && this.tasks[number]?.stopped === Stop.None;

  /** What others still do changes nothing for who can never go on: the execution ends. */
  private endIfHopeless(thread: KernelThread): boolean {
    if (!isHopeless(thread, this.hasLeft)) return false;
    const sleepers = this.sleepers();
    this.endBy(
      'deadlock',
      describeDeadlock(sleepers),
      thread.number,
      this.recorded(thread.number),
      sleepers.filter((one) => isHopeless(one, this.hasLeft)).map(({ number }) => this.doingOf(number)),
    );
    return true;
  }

  /** Ends the execution, which broke `rule` by the steps in `steps`. */
  private endBy(rule: RuleName, text: string, actor: number, operation: number, steps: readonly Doing[]): void {
    const at = this.append(Kind.Violation, actor, operation, ruleNumber(rule), text, aboutNothing, 0);
    this.trace.extend(at, Float64Array.from(steps.flat()), 0, 2 * steps.length);
    this.finish();
  }

  /** Ends the execution if all that can run look in vain for what nobody will change. */
  stuck(): void {
    const { actors } = this;
    if (this.over || !actors.isStuck) return;
    const threads = this.state.threads.filter(({ number }) => actors.spins.isStuck(number));
    const { trace } = this;
    const text = describeLivelock(trace, actors.spins, threads, this.sleepers());
    const looks = threads.map(({ number }) => lastRound(trace, number, actors.spins.period(number)).at(-1)!);
    const steps = looks.map((look): Doing => [trace.actorAt(look), trace.words[look + 1]!]);
    // Where its last look is counts how often it looked.
    this.endBy('livelock', text, threads[0]!.number, 0, steps);
  }

  /** An error left the thread's function: its task dies of it, and in the kernel everything. */
  uncaught(thread: number, error: unknown): void {
    const message = textOf(error);
    const isFault = error instanceof Error && error.name === MemoryFault.name;
    this.uncaughtMessage(thread, isFault ? 'memory-fault' : 'uncaught-exception', message);
  }

  uncaughtMessage(thread: number, rule: RuleName, message: string): void {
    const kernel = this.state.threads[thread]!.privileged;
    this.broken(thread, ruleNumber(rule), kernel ? `${message} (in the kernel: it panics)` : message);
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
    if (thread.locks.length > 0 && this.sleepers().some((one) => this.endIfHopeless(one))) return;
    if (this.unfinished > 0) {
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
      this.acting = actor;
      this.pressure!.act(actor, this.reclaimed);
      this.acting = this.machine;
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
    this.state.kernel.expire();
    this.trace.append(Kind.Clock, this.clock, 0, 0, -1, 0, this.state.kernel.time, 0);
    this.watchClock();
  }

  livelock(thread: number, maximumSteps: number): void {
    const name = this.state.threads[thread]!.name;
    this.broken(thread, ruleNumber('livelock'), `no end after ${maximumSteps} steps; ${name} was running`);
    this.finish();
  }

  deadlock(): void {
    const blocked = this.sleepers();
    const first = blocked.find((thread) => !thread.daemon) ?? blocked[0]!;
    const text = `nobody can run: ${describeDeadlock(blocked)}`;
    const lost = lostWakeup(this.trace, this.state.kernel, blocked);
    const { number } = lost?.sleeper ?? first;
    const sleeping = (lost === null ? blocked.filter(({ daemon }) => !daemon) : [lost.sleeper]).map((thread) =>
      this.doingOf(thread.number),
    );
    const waking =
      lost === null ? [] : [[this.trace.actorAt(lost.wakeup), this.trace.words[lost.wakeup + 1]!] as const];
    this.endBy(lost === null ? 'deadlock' : 'lost-wakeup', text, number, this.recorded(number), [
      ...waking,
      ...sleeping,
    ]);
  }

  /** After the end: what nobody gave back, unless something worse came before. */
  findLeaks(): void {
    if (!this.usedKernel || this.texts.size > 0) return;
    for (const { thread, text } of this.state.leaks()) this.violation(thread, 'leak', text);
  }

  /** `check` and `outcome`. Returns the outcome's label, or null; what fails is noted. Throws what `outcome` throws. */
  judge(): string | null {
    const failure = this.state.check();
    if (failure !== null) {
      this.append(Kind.Verdict, this.machine, 0, ruleNumber('check'), failure, aboutNothing, 0);
      return null;
    }
    const label = this.state.outcome(this.results);
    const allowed = allowedOutcomes(this.state.loaded.scenario);
    if (label !== null && allowed !== undefined && !allowed.includes(label)) {
      const text = `the outcome was ${JSON.stringify(label)}; allowed are ${allowed.map((one) => JSON.stringify(one)).join(', ')}`;
      this.append(Kind.Verdict, this.machine, 0, ruleNumber('forbidden-outcome'), text, aboutNothing, 0);
    }
    return label;
  }

  private sleepers(): KernelThread[] {
    return this.state.threads.filter((thread) => thread.waitingIn !== null);
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
      for (const text of locksLeft(this.state.kernel, thread)) this.violation(thread, 'lock-left-held', text);
    this.trace.append(Kind.End, thread.number, this.tasks[thread.number]!.recorded, 0, -1, 0, stop, 0);
    this.actors.remove(thread.number);
    this.actors.spins.acted(thread.number);
    this.actors.intents.end(thread.number);
    if (!thread.daemon) this.unfinished--;
  }

  /** What a thread does: the operation that is under way, or comes next. */
  private doingOf(thread: number): Doing {
    return [thread, this.recorded(thread)];
  }

  private recorded(actor: number): number {
    return this.tasks[actor]?.recorded ?? 0;
  }

  /** Who does what happens now, and in which operation. */
  private doing(): Doing {
    const thread = this.state.kernel.caller;
    const actor = this.acting !== this.machine || thread === null ? this.acting : this.actorOf(thread);
    return [actor, this.recorded(actor)];
  }

  private actorOf(thread: KernelThread): number {
    return thread.number < 0 ? this.acting : thread.number;
  }

  private append(
    kind: number,
    actor: number,
    operation: number,
    rule: number,
    text: string,
    about: number,
    address: number,
  ): number {
    const at = this.trace.append(kind, actor, operation, rule, -1, 0, about, address);
    this.texts.set(at, text);
    return at;
  }

  /** The clock can take a step whenever somebody sleeps with a deadline. */
  private watchClock(): void {
    const timers = this.state.kernel.nextDeadline() !== null;
    if (timers === this.timers) return;
    this.timers = timers;
    if (timers) this.actors.add(this.clock);
    else this.actors.remove(this.clock);
  }
}
