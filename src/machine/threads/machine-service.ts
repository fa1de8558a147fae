/** The coordinator of a machine for scripts: no scenario, tasks come and go, calls are served as they arrive. */
import { Status } from '../../kernel/call.ts';
import { inspectKernel } from '../../kernel/inspection.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { stateHash } from '../../kernel/state-hash.ts';
import type { KernelTask } from '../../kernel/task.ts';
import { text } from '../../kernel/wire.ts';
import { Malformed, Words } from '../../kernel/words.ts';
import { encodePlain } from '../../task/plain-data.ts';
import type { Audit, Service } from './coordinator.ts';
import { FreeKernel } from './free-kernel.ts';
import { type Control, Own, Phase } from './layout.ts';
import { Quarantine } from './quarantine.ts';
import { Command } from './requests.ts';
import type { SlotServer } from './slot-server.ts';

const main = 0;

/** What the main thread writes, as JSON, to add a thread. */
export interface AddThread {
  readonly name: string;
  /** Number of a thread whose task it joins; null for a task of its own. */
  readonly beside: number | null;
  readonly device: boolean;
}

export interface AddedThread {
  readonly thread: number;
  readonly task: string;
  readonly taskHandle: number;
  readonly kernelHandle: number;
  readonly space: number;
  readonly device: boolean;
}

export class MachineService implements Service {
  private readonly free: FreeKernel;
  private readonly quarantine: Quarantine;
  private readonly words = new Words();

  constructor(
    private readonly kernel: Kernel,
    private readonly control: Control,
    private readonly server: SlotServer,
    private readonly audit: Audit,
  ) {
    this.free = new FreeKernel(kernel, server, () => {});
    const { tables, frames } = kernel.hardware;
    this.quarantine = new Quarantine(control, tables, frames);
    frames.quarantine = this.quarantine;
  }

  fromTask(thread: number, call: number, words: Words): void {
    const caller = this.kernel.threads[thread];
    if (caller === undefined || caller.ended) {
      this.server.refuse(thread + 1, 'TypeError', `${caller?.name ?? 'this thread'} has ended`);
      return;
    }
    this.free.serve(caller, call, words);
  }

  fromMain(call: number, words: Words): void {
    switch (call) {
      case Command.AddThread:
        return this.answer(this.addThread(JSON.parse(text.decode(words)) as AddThread));
      case Command.Grant:
        return this.answer(this.grant(words));
      case Command.Inspect:
        return this.answer(inspectKernel(this.kernel, this.quarantine.size));
      case Command.Hash:
        // Time is the coordinator's clock here, and moves by itself.
        return this.answer(stateHash(this.kernel, { time: false }));
      default:
        throw new Malformed(`there is no command ${call}`);
    }
  }

  died(thread: number): void {
    const dead = this.kernel.threads[thread];
    if (dead !== undefined && !dead.ended) this.kernel.killTask(dead.task);
    for (const other of this.kernel.threads) {
      if (other.task !== dead?.task || !this.server.isBusy(other.number + 1)) continue;
      this.server.refuse(other.number + 1, 'TypeError', `${other.name} has ended: its task died`);
    }
    Atomics.store(this.control.words, this.control.own(thread, Own.Phase), Phase.Absent);
  }

  progress(): boolean {
    const worked = this.free.progress();
    this.quarantine.sweep();
    return worked;
  }

  patience(): number {
    return this.free.patience();
  }

  close(): void {
    // Whoever still writes to what was freed writes to what nobody reads.
    this.quarantine.release();
    this.kernel.hardware.frames.quarantine = null;
    this.audit(this.kernel);
  }

  private addThread({ name, beside, device }: AddThread): AddedThread {
    const { kernel } = this;
    if (kernel.threads.some((thread) => thread.name === name))
      throw new RangeError(`there is a task ${JSON.stringify(name)} already`);
    if (kernel.threads.length === this.control.threads)
      throw new RangeError(`a machine has at most ${this.control.threads} tasks in all its life`);
    const task = device ? kernel.addTask(name, true) : this.taskFor(name, beside);
    if (task.dead) throw new RangeError(`the task ${JSON.stringify(task.name)} is dead`);
    const thread = kernel.addThread(name, task, device);
    return {
      thread: thread.number,
      task: task.name,
      taskHandle: kernel.handles.grant(task, thread),
      kernelHandle: kernel.handles.grant(kernel.kernelTask, thread),
      space: task.space.number,
      device,
    };
  }

  private taskFor(name: string, beside: number | null): KernelTask {
    if (beside !== null) return this.kernel.threads[beside]!.task;
    return name === 'kernel' ? this.kernel.kernelTask : this.kernel.addTask(name);
  }

  /** Words: thread, then the handles that it was handed. It gets the right to them; their references stay with whoever had them. */
  private grant(words: Words): null {
    const thread = this.kernel.threads[words.take()]!;
    const machine = this.kernel.machineThread(this.kernel.kernelTask);
    const objects = [];
    while (words.at < words.length) objects.push(this.kernel.handles.lookup(words.take(), null, machine));
    for (const object of objects) this.kernel.handles.grant(object, thread);
    return null;
  }

  private answer(value: unknown): void {
    this.words.clear();
    encodePlain(this.words, value, [], 'result');
    this.server.answer(main, Status.Done, this.words);
  }
}
