/**
 * The coordinator's part in a controlled execution: kernel calls of whoever holds the baton, what ends threads and the
 * execution, and the baton itself where its holder has died.
 */
import { Status } from '../../kernel/call.ts';
import { calls } from '../../kernel/calls/index.ts';
import type { RuleName } from '../../kernel/rules.ts';
import { ruleNames, ruleNumber } from '../../kernel/rules.ts';
import { text } from '../../kernel/wire.ts';
import { Malformed, Words } from '../../kernel/words.ts';
import { unpackPlain } from '../../task/plain-data.ts';
import type { Actors } from '../actors.ts';
import { Stop } from '../controlled-thread.ts';
import { Execution, type TaskView } from '../execution.ts';
import type { ExecutionState } from '../execution-state.ts';
import { meetTaken, type Reach } from '../reach.ts';
import type { Schedule } from '../schedule.ts';
import { dynamicSteps, Lane } from './lane.ts';
import { type Control, Head, Mode, Own, Phase } from './layout.ts';
import { Ask, How, statusOver } from './requests.ts';
import type { SlotServer } from './slot-server.ts';

export interface RunSettings {
  readonly seed: number;
  readonly maximumSteps: number;
  readonly always: boolean;
  /** Who is asked past the end of the written schedule, or null. */
  readonly strategy: Schedule | null;
}

/** What is asked on the way to whoever is next, not by a task for itself. */
const ofBaton: ReadonlySet<number> = new Set([Ask.Pick, Ask.Tick, Ask.Deadlock, Ask.Livelock]);

export class ControlledRun {
  readonly execution: Execution;
  /** What no scenario may do, when one did: ends the execution. */
  error: { name: string; message: string } | null = null;
  /** Frames that a second actor has reached. */
  readonly shared: number[] = [];
  private readonly onShared = (frame: number): void => void this.shared.push(frame);
  active = false;
  private readonly actors: Actors;
  private readonly lane: Lane;
  private readonly views: readonly SharedView[];
  private readonly threads: number;
  private readonly dead: number[] = [];
  private readonly numbers = new Words();
  private settings: RunSettings = { seed: 0, maximumSteps: 0, always: true, strategy: null };

  constructor(
    private readonly state: ExecutionState,
    private readonly control: Control,
    private readonly server: SlotServer,
    private readonly reach: Reach,
  ) {
    this.threads = state.threads.length;
    this.actors = control.actors(this.threads, state.kernel.hardware);
    this.views = state.threads.map(({ number }) => new SharedView(control, number));
    this.execution = new Execution(state, control.trace(), this.actors, this.views);
    this.lane = new Lane(control, {
      pick: (runnable, count, current, steps) => this.settings.strategy!.pick(runnable, count, current, steps),
      choose: (n, thread) => this.settings.strategy!.choose(n, thread),
    });
  }

  /** Starts one; the memory is as after `setup`. */
  begin(settings: RunSettings): void {
    const { control } = this;
    this.settings = settings;
    this.error = null;
    this.shared.length = 0;
    this.dead.length = 0;
    this.state.kernel.observer = this.execution.notes;
    this.state.kernel.iokit.copiesWholeSegments = false;
    this.state.kernel.hardware.caches?.watch(settings.always ? null : this.reach.points);
    this.state.kernel.hardware.stores?.watch(settings.always ? null : this.reach.points);
    this.execution.start();
    for (const view of this.views) view.clear();
    control.setHead(Head.Seed, settings.seed);
    control.setHead(Head.MaximumSteps, settings.maximumSteps);
    control.setHead(Head.Always, settings.always ? 1 : 0);
    control.setHead(Head.Dynamic, settings.strategy === null ? 0 : settings.strategy.countsSteps ? dynamicSteps : 1);
    control.setHead(Head.Over, 0);
    control.setHead(Head.Holder, -1);
    control.setHead(Head.Mode, Mode.Controlled);
    this.execution.view.show(settings.strategy ?? this.lane);
    this.lane.rewind();
    this.active = true;
    Atomics.add(control.words, Head.Execution, 1);
    this.passOn(0);
  }

  /** A request of `thread`. Only the holder of the baton may ask. */
  fromTask(thread: number, call: number, words: Words): void {
    const { control, server } = this;
    const slot = thread + 1;
    if (!this.active || thread !== control.head(Head.Holder) || control.phase(thread) !== Phase.Running) {
      server.refuse(slot, Malformed.name, 'it is not the turn of this thread');
      return;
    }
    this.attendDead();
    // Who died hands the baton on all the same.
    const died = this.views[thread]!.stopped === Stop.Died && !ofBaton.has(call);
    if (call !== Ask.Ended && (this.execution.over || died)) {
      this.publishEnd();
      server.answer(slot, statusOver);
      return;
    }
    const answer = this.serve(thread, call, words);
    this.meet(thread);
    this.publishEnd();
    if (answer === Status.Copy) server.answerCopy(slot, this.state.kernel.copy!);
    else server.answer(slot, answer, call >= Ask.Resume ? this.state.kernel.reply : this.numbers);
  }

  /** The worker of `thread` is gone; looked after once nobody else moves. */
  died(thread: number): void {
    if (!this.active || this.state.threads[thread]!.ended) return;
    this.dead.push(thread);
    this.rescueBaton();
  }

  /** Takes the baton on when it went to a worker that is gone. False when there was no need. */
  rescueBaton(): boolean {
    const holder = this.control.head(Head.Holder);
    if (!this.active || !this.dead.includes(holder)) return false;
    this.attendDead();
    this.publishEnd();
    this.passOn(holder);
    return true;
  }

  /** Whether everybody has come out of an execution that is over; wakes who has not. */
  settled(): boolean {
    if (!this.execution.over) return false;
    let settled = true;
    for (let thread = 0; thread < this.threads; thread++)
      if (this.control.phase(thread) === Phase.Running) settled = false;
    return settled;
  }

  /** Puts an end to what is over. */
  finish(): void {
    this.active = false;
    this.control.setHead(Head.Mode, Mode.Idle);
    this.execution.findLeaks();
  }

  private serve(thread: number, call: number, words: Words): number {
    const { execution } = this;
    const { kernel } = this.state;
    this.numbers.clear();
    if (call >= 0) {
      // A page that comes cannot leak: it belongs to what is mapped.
      if (call !== calls.fault.number) execution.usedKernel = true;
      return this.settle(thread, kernel.begin(this.state.threads[thread]!, call, words));
    }
    switch (call) {
      case Ask.Resume:
        return this.settle(thread, kernel.resume(this.state.threads[thread]!));
      case Ask.Pick:
        this.numbers.put(this.pick(words));
        return Status.Done;
      case Ask.Choose:
        this.numbers.put(this.settings.strategy?.choose(words.take(), thread) ?? 0);
        return Status.Done;
      case Ask.Ended:
        this.ended(thread, words);
        return Status.Done;
      case Ask.Tick:
        this.act(words.take());
        return Status.Done;
      case Ask.Deadlock:
        execution.deadlock();
        return Status.Done;
      case Ask.Livelock:
        execution.livelock(thread, this.settings.maximumSteps);
        return Status.Done;
      case Ask.Stuck:
        execution.stuck();
        return Status.Done;
      case Ask.Violation:
        execution.notes.broken(thread, words.take(), text.decode(words));
        return Status.Done;
      case Ask.Panic:
        execution.notes.broken(thread, ruleNumber('kernel-panic'), text.decode(words));
        execution.finish();
        return Status.Done;
      case Ask.Shared:
        this.shared.push(words.take());
        return Status.Done;
      case Ask.Log:
        execution.logs.push({ thread: this.state.threads[thread]!.name, text: text.decode(words) });
        return Status.Done;
      case Ask.Examine:
        kernel.examine(this.state.threads[thread]!, words.take(), words.take(), words.take(), words.take());
        return Status.Done;
      case Ask.Attend:
        return Status.Done;
      default:
        throw new Malformed(`there is no request ${call}`);
    }
  }

  /** A step of the hardware's. */
  private act(actor: number): void {
    this.execution.act(actor, this.lane);
    this.meet(actor);
  }

  private meet(actor: number): void {
    meetTaken(this.reach, this.execution.takeReclaimed(), actor, this.onShared);
  }

  private settle(thread: number, status: number): number {
    if (status === Status.Blocked) this.execution.blocked(thread);
    this.execution.called();
    return status;
  }

  private pick(words: Words): number {
    const current = words.take();
    const steps = words.take();
    const runnable = new Int32Array(words.length - words.at);
    for (let i = 0; i < runnable.length; i++) runnable[i] = words.take();
    return this.settings.strategy?.pick(runnable, runnable.length, current, steps) ?? runnable[0]!;
  }

  private ended(thread: number, words: Words): void {
    const how = words.take();
    if (how === How.Returned) {
      this.execution.results[thread] = unpackPlain(words.data.slice(words.at, words.length));
    } else if (how === How.Uncaught) {
      const rule: RuleName = ruleNames[words.take()] ?? 'uncaught-exception';
      this.execution.uncaughtMessage(thread, rule, text.decode(words));
    } else if (how === How.Refused) {
      this.error ??= { name: text.decode(words), message: text.decode(words) };
      this.execution.finish();
      return;
    }
    this.execution.ended(thread);
  }

  /** Ends the threads of dead workers. Nobody moves meanwhile: the holder waits for its answer, or is dead itself. */
  private attendDead(): void {
    for (let thread = this.dead.pop(); thread !== undefined; thread = this.dead.pop()) {
      if (this.execution.over || this.state.threads[thread]!.ended) continue;
      this.views[thread]!.stopped = Stop.Died;
      this.execution.ended(thread);
    }
  }

  /** Hands the baton to whoever is next, as a worker does that gives it away; `last` had it. */
  private passOn(last: number): void {
    const { control, execution } = this;
    while (!execution.over) {
      const steps = control.head(Head.TraceSteps);
      const next = this.actors.pick(this.lane, -1, steps);
      if (steps > this.settings.maximumSteps) execution.livelock(last, this.settings.maximumSteps);
      else if (next < 0) execution.deadlock();
      else if (next >= execution.clock) this.act(next);
      else {
        control.setHead(Head.Holder, next);
        // Its worker may have died before it got the baton.
        if (!this.dead.includes(next)) {
          control.wake(next);
          return;
        }
        this.attendDead();
      }
    }
    this.publishEnd();
  }

  private publishEnd(): void {
    if (!this.execution.over || this.control.head(Head.Over) !== 0) return;
    this.control.setHead(Head.Over, 1);
    for (let thread = 0; thread < this.threads; thread++) this.control.wake(thread);
  }
}

/** What the engine knows of a task in another thread: its words. */
class SharedView implements TaskView {
  constructor(
    private readonly control: Control,
    private readonly thread: number,
  ) {}

  /** Nothing done yet: its worker says so itself only once it has had a turn. */
  clear(): void {
    Atomics.store(this.control.words, this.control.own(this.thread, Own.Recorded), 0);
    this.stopped = Stop.None;
  }

  get recorded(): number {
    return Atomics.load(this.control.words, this.control.own(this.thread, Own.Recorded));
  }

  get stopped(): number {
    return Atomics.load(this.control.words, this.control.own(this.thread, Own.Stopped));
  }

  set stopped(value: number) {
    Atomics.store(this.control.words, this.control.own(this.thread, Own.Stopped), value);
  }
}
