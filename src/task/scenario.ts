/**
 * A scenario: a small multi-task program with a known start, written once and run on every carrier. `defineScenario` checks its
 * shape, so that a mistake is named where it was made.
 */
import { type MachineOptions, type MemoryModel, memoryModels } from '../hardware/configuration.ts';
import type { Inspection } from '../kernel/inspection.ts';
import { show } from '../kernel/wire.ts';
import { Device } from './device.ts';
import type { Task } from './task.ts';

/** What `setup` and `check` see: the machine without a schedule; every call runs to its end at once. */
export interface ScenarioMachine {
  /** The task of that name (a key of `tasks`), usable synchronously. */
  task(name: string): Task;
  /** The kernel's task. */
  readonly kernel: Task;
  /** Allocates memory that every task can reach, at one address in all of them; a multiple of the page size is used up. */
  share(size: number): number;
  /** What the machine holds at this moment. */
  inspect(): Inspection;
}

export type DeviceFunction<S> = (device: Device, shared: S) => unknown;

export type ThreadFunction<S> = (task: Task, shared: S) => unknown;

export interface Outcome<S> {
  readonly machine: ScenarioMachine;
  readonly shared: S;
  /**
   * What each thread's function returned, by its full name; undefined for a thread that did not return. Good for this execution: in the next
   * one the same object says something else.
   */
  readonly results: Readonly<Record<string, unknown>>;
}

export interface Scenario<S = unknown> {
  readonly name: string;
  readonly machine?: MachineOptions;
  setup?(machine: ScenarioMachine): S;
  /** Task → its thread, or its threads by name; `{}` is a task without one, whose memory others work on. */
  readonly tasks: Readonly<Record<string, ThreadFunction<S> | Readonly<Record<string, ThreadFunction<S>>>>>;
  /** Devices, by name: each runs its function beside the tasks, need not end, and reaches memory by physical addresses. */
  readonly devices?: Readonly<Record<string, DeviceFunction<S>>>;
  /** Runs after every thread has ended; throws to fail. */
  check?(machine: ScenarioMachine, shared: S): void;
  /** A label for histograms. Skipped after a failure. */
  outcome?(end: Outcome<S>): string;
  /** Any other outcome fails; one of these that never occurs is reported as unobserved. May be given by memory model. */
  readonly allowed?: readonly string[] | Readonly<Partial<Record<MemoryModel, readonly string[]>>>;
}

/** The outcomes that are allowed on the scenario's machine; undefined: every one. */
export function allowedOutcomes({
  allowed,
  machine,
}: Pick<Scenario, 'allowed' | 'machine'>): readonly string[] | undefined {
  if (allowed === undefined || isList(allowed)) return allowed;
  return allowed[machine?.memoryModel ?? 'sc'];
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);

function checkAllowed(allowed: Scenario['allowed']): void {
  if (allowed === undefined) return;
  if (typeof allowed !== 'object' || allowed === null)
    throw new TypeError(`scenario.allowed: expected an array of labels, or one by memory model, got ${show(allowed)}`);
  for (const [key, list] of isList(allowed) ? [['', allowed] as const] : Object.entries(allowed)) {
    const at = key === '' ? 'scenario.allowed' : `scenario.allowed.${key}`;
    if (key !== '' && !memoryModels.includes(key as MemoryModel))
      throw new RangeError(`${at}: there is no such memory model (${memoryModels.join(', ')})`);
    if (!isList(list)) throw new TypeError(`${at}: expected an array of labels, got ${show(list)}`);
    for (const [i, label] of list.entries())
      if (typeof label !== 'string')
        throw new TypeError(`${at}[${i}]: expected a label (a string), got ${show(label)}`);
  }
}

/** One simulated thread of a scenario, as the carriers take it. */
export interface ThreadPlan {
  /** 'client', 'kernel.submit', 'app.0' */
  readonly name: string;
  readonly task: string;
  readonly daemon: boolean;
  /** It may use the privileged interface; `double-fetch` watches it. */
  readonly privileged: boolean;
  /** It is a device, and its task only a name. */
  readonly device: boolean;
  readonly run: ThreadFunction<unknown>;
}

const parts = ['name', 'machine', 'setup', 'tasks', 'devices', 'check', 'outcome', 'allowed'];

// Marks live on functions, under registered symbols, so that they survive when the library is loaded twice.
const daemonMark = Symbol.for('wiredown.daemon');
const kernelModeMark = Symbol.for('wiredown.kernelMode');
const scenarioMark = Symbol.for('wiredown.scenario');

type Marked = { [daemonMark]?: boolean; [kernelModeMark]?: boolean };

/**
 * What `setup` returned, in functions that are wrapped before the scenario knows its type: TypeScript cannot infer through the
 * wrapper, and `unknown` would refuse every use.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Wrapped = any;

function mark(fn: ThreadFunction<Wrapped>, what: typeof daemonMark | typeof kernelModeMark): ThreadFunction<Wrapped> {
  if (typeof fn !== 'function') throw new TypeError(`expected a thread's function, got ${show(fn)}`);
  const marked: ThreadFunction<Wrapped> = (task, shared) => fn(task, shared);
  Object.assign(marked, fn, { [what]: true });
  return marked;
}

/** A thread that need not end for the execution to end. */
export function daemon<S = Wrapped>(fn: ThreadFunction<S>): ThreadFunction<Wrapped> {
  return mark(fn, daemonMark);
}

/** A thread that runs as the kernel does, in its own task's address space, as a system call does. */
export function kernelMode<S = Wrapped>(fn: ThreadFunction<S>): ThreadFunction<Wrapped> {
  return mark(fn, kernelModeMark);
}

/** `n` alike threads of one task, named 0, 1, … */
export function threads<S = Wrapped>(
  n: number,
  fn: (task: Task, shared: S, i: number) => unknown,
): Record<string, ThreadFunction<Wrapped>> {
  if (!Number.isInteger(n) || n < 1 || n > 256) throw new RangeError(`threads: expected 1 to 256, got ${show(n)}`);
  if (typeof fn !== 'function') throw new TypeError(`threads: expected a thread's function, got ${show(fn)}`);
  return Object.fromEntries(
    Array.from({ length: n }, (_, i) => {
      const thread: ThreadFunction<Wrapped> = (task, shared) => fn(task, shared, i);
      Object.assign(thread, fn);
      return [String(i), thread];
    }),
  );
}

/** Declares a scenario. Throws a TypeError that names the path of what is wrong. */
export function defineScenario<S>(scenario: Scenario<S>): Scenario<S> {
  if (typeof scenario !== 'object' || scenario === null)
    throw new TypeError(`defineScenario: expected an object, got ${show(scenario)}`);
  if (typeof scenario.name !== 'string' || scenario.name === '')
    throw new TypeError('scenario.name: expected a non-empty string');
  for (const key of Object.keys(scenario)) {
    if (!parts.includes(key)) {
      throw new TypeError(`scenario.${key}: there is no such part (${parts.join(', ')})`);
    }
  }
  for (const part of ['setup', 'check', 'outcome'] as const) {
    if (scenario[part] !== undefined && typeof scenario[part] !== 'function') {
      throw new TypeError(`scenario.${part}: expected a function, got ${show(scenario[part])}`);
    }
  }
  checkAllowed(scenario.allowed);
  if (scenario.allowed !== undefined && scenario.outcome === undefined) {
    throw new TypeError('scenario.allowed: needs scenario.outcome, which gives the labels');
  }
  planThreads(scenario as Scenario);
  return Object.defineProperty({ ...scenario }, scenarioMark, { value: true });
}

export function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && scenarioMark in value;
}

/** The threads of a scenario in the order in which they are numbered. */
export function planThreads(scenario: Scenario): ThreadPlan[] {
  const plans: ThreadPlan[] = [];
  const add = (name: string, task: string, run: unknown): void => {
    if (typeof run !== 'function') throw new TypeError(`scenario.tasks.${name}: expected a function, got ${show(run)}`);
    const marks = run as Marked;
    plans.push({
      name,
      task,
      daemon: marks[daemonMark] === true,
      privileged: task === 'kernel' || marks[kernelModeMark] === true,
      device: false,
      run: run as ThreadFunction<unknown>,
    });
  };
  if (typeof scenario.tasks !== 'object' || scenario.tasks === null) {
    throw new TypeError(`scenario.tasks: expected an object, got ${show(scenario.tasks)}`);
  }
  for (const [task, value] of Object.entries(scenario.tasks)) {
    if (task.includes('.') || task === '')
      throw new TypeError(`scenario.tasks: ${show(task)} is no name for a task (no dots)`);
    if (typeof value === 'object' && value !== null) {
      for (const [thread, run] of Object.entries(value)) add(`${task}.${thread}`, task, run);
    } else {
      add(task, task, value);
    }
  }
  if (plans.length === 0) throw new TypeError('scenario.tasks: expected at least one thread');
  if (plans.every((plan) => plan.daemon))
    throw new TypeError('scenario.tasks: every thread is a daemon, so nothing would run');
  plans.push(...planDevices(scenario, plans));
  if (plans.length > 256) throw new RangeError(`scenario.tasks: at most 256 threads, got ${plans.length}`);
  return plans;
}

/** Devices come after the threads of tasks, so that these keep their numbers. */
function planDevices(scenario: Scenario, threads: readonly ThreadPlan[]): ThreadPlan[] {
  const { devices = {} } = scenario;
  if (typeof devices !== 'object' || devices === null)
    throw new TypeError(`scenario.devices: expected an object, got ${show(devices)}`);
  return Object.entries(devices).map(([name, run]) => {
    if (name === '' || name.includes('.'))
      throw new TypeError(`scenario.devices: ${show(name)} is no name for a device (no dots)`);
    if (name in scenario.tasks || name === 'kernel' || threads.some((thread) => thread.name === name))
      throw new TypeError(`scenario.devices.${name}: a task has that name`);
    if (typeof run !== 'function')
      throw new TypeError(`scenario.devices.${name}: expected a function, got ${show(run)}`);
    return {
      name,
      task: name,
      daemon: true,
      privileged: false,
      device: true,
      run: (task, shared) => run(new Device(task), shared),
    };
  });
}
