/** A worker that carries one thread of a scenario through thousands of executions: with the baton, or running freely. */
import { BusAddresses } from '../../hardware/bus-addresses.ts';
import { Hardware } from '../../hardware/hardware.ts';
import type { RuleName } from '../../kernel/rules.ts';
import { text } from '../../kernel/wire.ts';
import type { Words } from '../../kernel/words.ts';
import { enterTask } from '../../task/current.ts';
import { TaskHandle } from '../../task/handle.ts';
import { encodePlain, holdsBytes, unpackPlain } from '../../task/plain-data.ts';
import type { ThreadFunction } from '../../task/scenario.ts';
import type { Task } from '../../task/task.ts';
import { suspension } from '../carrier.ts';
import { ControlledDevice } from '../controlled-device.ts';
import { ControlledTask } from '../controlled-task.ts';
import { Stop } from '../controlled-thread.ts';
import { AssertionFailed, type FreeTask } from '../free-task.ts';
import { NotDeterministic } from '../operation-log.ts';
import { type Guest, installTaskGlobals, setGuest } from '../task-globals.ts';
import { textOf } from '../thrown.ts';
import { BatonCarrier, type Carried } from './baton-carrier.ts';
import { makeFreeTask, StoppableCache } from './free-link.ts';
import { Control, Head, Mode, Own, Phase } from './layout.ts';
import { How } from './requests.ts';
import type { TaskSetup } from './setup.ts';
import { SlotClient } from './slot-client.ts';
import { longestSleep, Spin, spinsFor, spinsForBaton } from './spin.ts';
import { TouchJournal } from './touch-journal.ts';

/** How long threads wait for each other at the common start, in milliseconds. */
const longestStart = 50;

export class ScenarioWorker {
  private readonly control: Control;
  private readonly hardware: Hardware;
  private readonly carrier: BatonCarrier;
  private readonly controlled: ControlledTask[];
  private readonly client: SlotClient;
  private readonly spin: Spin;
  private readonly number: number;
  private readonly threads: number;
  private readonly shared: unknown;
  private readonly hasBytes: boolean;
  private readonly points: Uint8Array;
  private free: FreeCarried;

  constructor(
    private readonly setup: TaskSetup,
    private readonly run: ThreadFunction<unknown>,
  ) {
    const scenario = setup.scenario!;
    const { buffers, thread, cores } = setup;
    this.control = new Control(setup.control, setup.threads);
    this.number = thread.number;
    this.threads = setup.running;
    const journal = new TouchJournal(scenario.touched, buffers);
    this.hardware = new Hardware(buffers, journal);
    this.spin = new Spin(spinsFor(this.threads, cores));
    this.client = new SlotClient(this.control, thread.number + 1, new Spin(spinsFor(this.threads + 1, cores)));
    const baton = new Spin(spinsForBaton(thread.number, this.threads, cores));
    this.carrier = new BatonCarrier(this.control, this.client, baton, thread.number, this.threads, this.hardware);
    const reach = { first: new Int32Array(scenario.reach.first), points: new Uint8Array(scenario.reach.points) };
    this.points = reach.points;
    this.controlled = [false, true].map((always) => {
      const cache = thread.device
        ? new BusAddresses(this.hardware)
        : this.hardware.processorCache(thread.space, thread.number);
      const identity = { number: thread.number, name: thread.name, task: { name: thread.task } };
      const kernel = new TaskHandle(thread.kernelHandle);
      return new (thread.device ? ControlledDevice : ControlledTask)(
        identity,
        thread.taskHandle,
        kernel,
        this.hardware,
        cache,
        this.control.trace(),
        reach,
        this.carrier,
        always,
      );
    });
    this.shared = unpackPlain(scenario.shared, true);
    this.hasBytes = holdsBytes(this.shared);
    this.free = this.makeFree();
    installTaskGlobals();
  }

  /** Until the machine stops. */
  loop(): void {
    const { control } = this;
    const phase = control.own(this.number, Own.Phase);
    let seen = control.head(Head.Execution);
    Atomics.store(control.words, phase, Phase.Idle);
    control.ring();
    while (!control.stopped) {
      const wake = Atomics.load(control.words, control.own(this.number, Own.Wake));
      const execution = control.head(Head.Execution);
      const mode = execution === seen ? Mode.Idle : control.head(Head.Mode);
      if (
        mode === Mode.Free ||
        (mode === Mode.Controlled && control.head(Head.Holder) === this.number && control.head(Head.Over) === 0)
      ) {
        seen = execution;
        Atomics.store(control.words, phase, Phase.Running);
        if (mode === Mode.Free) this.runFree();
        else this.runControlled();
        Atomics.store(control.words, phase, Phase.Idle);
        control.ring();
      } else {
        this.spin.wait(control.words, control.own(this.number, Own.Wake), wake, longestSleep);
      }
    }
  }

  private runControlled(): void {
    const always = this.control.head(Head.Always);
    const task = this.controlled[always]!;
    this.hardware.caches?.watch(always === 1 ? null : this.points);
    this.hardware.stores?.watch(always === 1 ? null : this.points);
    task.reset(this.control.head(Head.Seed));
    this.carrier.start();
    try {
      this.perform(task, task, (how, fill) => this.carrier.ended(task, how, fill));
    } catch (error) {
      // The execution ended while it said so.
      if (error !== suspension) throw error;
    }
    this.carrier.leave(task);
  }

  private runFree(): void {
    if (!this.meet()) return;
    this.hardware.caches?.watch(undefined);
    this.free = this.makeFree();
    const ended = (how: number, fill?: (words: Words) => void): void => this.carrier.ended(this.free, how, fill);
    this.perform(this.free.task, this.free, ended);
  }

  /** Runs the function and says how it ended, unless it was taken off the stack because all is over. */
  private perform(task: Task, view: Performed, ended: (how: number, fill?: (words: Words) => void) => void): void {
    enterTask(task);
    setGuest(view);
    try {
      const value = this.run(task, this.hasBytes ? unpackPlain(this.setup.scenario!.shared, true) : this.shared);
      setGuest(null);
      if (view.broken !== null) throw view.broken;
      if (view.stopped === Stop.Suspended) return;
      if (view.stopped !== Stop.None) return ended(How.Stopped);
      this.returned(value, ended);
    } catch (error) {
      setGuest(null);
      const broken = view.broken ?? (error instanceof NotDeterministic ? error : null);
      if (broken !== null) ended(How.Refused, (words) => refused(words, broken));
      else if (view.stopped === Stop.Suspended) return;
      else if (view.stopped !== Stop.None) ended(How.Stopped);
      else if (error === suspension) return;
      else ended(How.Uncaught, (words) => BatonCarrier.uncaught(words, ruleOf(error), textOf(error)));
    } finally {
      enterTask(null);
    }
  }

  private returned(value: unknown, ended: (how: number, fill?: (words: Words) => void) => void): void {
    if (value instanceof Promise) {
      value.catch(() => {});
      const error = new NotDeterministic(
        `${this.setup.thread.name} returned a promise: task functions are synchronous, without async and await`,
      );
      ended(How.Refused, (words) => refused(words, error));
      return;
    }
    ended(How.Returned, (words) => {
      const start = words.length;
      try {
        encodePlain(words, value, [], `what ${this.setup.thread.name} returned`);
      } catch (error) {
        words.length = start - 1;
        words.put(How.Refused);
        refused(words, error as Error);
      }
    });
  }

  /** Waits for all others, so that they run at the same time. False when the iteration is over before. */
  private meet(): boolean {
    const { control } = this;
    const arrived = Atomics.add(control.words, Head.Barrier, 1) + 1;
    if (arrived === this.threads) {
      Atomics.notify(control.words, Head.Barrier);
      return true;
    }
    const deadline = performance.now() + longestStart;
    for (let here = arrived; here < this.threads && performance.now() < deadline; here = control.head(Head.Barrier)) {
      this.spin.wait(control.words, Head.Barrier, here, 1);
    }
    return control.head(Head.Over) === 0;
  }

  private makeFree(): FreeCarried {
    return new FreeCarried(this.control, this.hardware, this.client, this.setup);
  }
}

/** What `perform` must know of a task. */
interface Performed extends Carried, Guest {
  /** Why its scenario is refused, even if the function swallowed the error. */
  readonly broken: Error | null;
}

/** A free-running task as `perform` sees it: it has no record, and its `stopped` is the shared word. */
class FreeCarried implements Performed {
  readonly broken = null;
  readonly task: FreeTask;
  readonly recorded = 0;
  readonly yielding = false;
  private died = false;

  constructor(
    private readonly control: Control,
    hardware: Hardware,
    client: SlotClient,
    { thread }: TaskSetup,
  ) {
    this.number = thread.number;
    const cache = thread.device
      ? new BusAddresses(hardware, () => control.words[control.own(thread.number, Own.Stopped)] === Stop.None)
      : new StoppableCache(hardware.tables, hardware.frames, hardware.pageSize, thread.space, control, thread.number);
    if (thread.device) cache.publish(control.words, control.own(thread.number, Own.Epoch));
    this.task = makeFreeTask(thread, hardware, cache, client, () => {});
  }

  readonly number: number;

  get stopped(): number {
    return this.died ? Stop.Died : Atomics.load(this.control.words, this.control.own(this.number, Own.Stopped));
  }

  log(): void {}

  die(): unknown {
    this.died = true;
    return suspension;
  }
}

function ruleOf(error: unknown): RuleName {
  if (!(error instanceof Error)) return 'uncaught-exception';
  if (error instanceof AssertionFailed) return 'assertion';
  if (error.name === 'KernelPanic') return 'kernel-panic';
  return error.name === 'MemoryFault' ? 'memory-fault' : 'uncaught-exception';
}

function refused(words: Words, error: Error): void {
  text.encode(words, error.name, 'error');
  text.encode(words, error.message, 'error');
}
