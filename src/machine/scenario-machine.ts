/**
 * The machine without a schedule: what `setup`, `check` and `outcome` see. It owns the kernel; every call runs to its end at
 * once, and one that would have to wait is an error, since nobody else runs.
 */
import { configure, type MachineOptions } from '../hardware/configuration.ts';
import { Hardware } from '../hardware/hardware.ts';
import { Status } from '../kernel/call.ts';
import { calls } from '../kernel/calls/index.ts';
import { type Inspection, inspectKernel } from '../kernel/inspection.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { KernelTask } from '../kernel/task.ts';
import type { KernelThread } from '../kernel/thread.ts';
import type { Words } from '../kernel/words.ts';
import { enterTask } from '../task/current.ts';
import { TaskHandle } from '../task/handle.ts';
import type { ScenarioMachine as Synchronous } from '../task/scenario.ts';
import type { Task } from '../task/task.ts';
import type { SwapStore } from '../vm/swap-store.ts';
import { FreeTask, type Link } from './free-task.ts';

export class ScenarioMachine implements Synchronous {
  readonly hardware: Hardware;
  readonly kernelState: Kernel;
  /** Hears which bytes of memory `check` and `outcome` read. */
  onRead: ((physical: number, length: number) => void) | null = null;
  private readonly views = new Map<string, Task>();

  /**
   * Throws RangeError or TypeError for bad options.
   *
   * @param tasks the tasks beside `kernel`
   * @param swap where pages go that are paged out; in memory unless given
   */
  constructor(options: MachineOptions = {}, tasks: readonly string[] = [], swap: SwapStore | null = null) {
    this.hardware = Hardware.build(configure(options));
    this.kernelState = new Kernel(this.hardware, swap);
    for (const name of tasks) if (name !== 'kernel') this.kernelState.addTask(name);
  }

  get kernel(): Task {
    return this.task('kernel');
  }

  task(name: string): Task {
    const known = this.views.get(name);
    if (known !== undefined) return known;
    const tasks = this.kernelState.tasks.filter((candidate) => !candidate.device);
    const task = tasks.find((candidate) => candidate.name === name);
    if (task === undefined) {
      const names = tasks.map((candidate) => candidate.name).join(', ');
      throw new RangeError(`there is no task ${JSON.stringify(name)}; there are ${names}`);
    }
    const view = this.view(task);
    this.views.set(name, view);
    return view;
  }

  /** Adds a task; for scripts and tests, where no scenario names them all. */
  addTask(name: string): Task {
    this.kernelState.addTask(name);
    return this.task(name);
  }

  share(size: number): number {
    return this.kernel.invoke(calls.share, size);
  }

  inspect(): Inspection {
    return inspectKernel(this.kernelState);
  }

  /** Runs `body` with `task` as the running task, so that I/O Kit's factories know who calls. */
  enter<R>(task: Task, body: () => R): R {
    const before = enterTask(task);
    try {
      return body();
    } finally {
      enterTask(before);
    }
  }

  private view(task: KernelTask): Task {
    const kernel = this.kernelState;
    const caller = kernel.machineThread(task);
    const id = kernel.handles.grant(task, caller);
    const kernelTask = new TaskHandle(kernel.handles.grant(kernel.kernelTask, caller));
    const link = new DirectLink(this, caller);
    return new FreeTask(
      task.name,
      caller.name,
      id,
      kernelTask,
      this.hardware,
      this.hardware.translationCache(task.space.number),
      link,
      () => {
        throw new TypeError('setup and check must not depend on chance: random() and choose() belong into tasks');
      },
    );
  }
}

/** Straight into the kernel, in the same JavaScript thread. */
class DirectLink implements Link {
  private readonly kernel: Kernel;

  constructor(
    private readonly machine: ScenarioMachine,
    private readonly caller: KernelThread,
  ) {
    this.kernel = machine.kernelState;
  }

  get onRead(): ScenarioMachine['onRead'] {
    return this.machine.onRead;
  }

  get reply(): Words {
    return this.kernel.reply;
  }

  get copy() {
    return this.kernel.copy;
  }

  begin(call: number, words: Words): number {
    return this.drive(this.kernel.begin(this.caller, call, words));
  }

  resume(): number {
    return this.drive(this.kernel.resume(this.caller));
  }

  log(): void {}

  private drive(status: number): number {
    let next = status;
    while (next === Status.Step) next = this.kernel.resume(this.caller);
    if (next === Status.Blocked) {
      const subject = this.caller.waitingIn?.subject;
      this.kernel.endThread(this.caller);
      this.caller.ended = false;
      throw new TypeError(`this call would wait for ${subject}, but no thread runs during setup and check`);
    }
    return next;
  }
}
