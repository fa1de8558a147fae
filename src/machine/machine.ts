/**
 * A machine for scripts: tasks in workers of their own, whose exported functions the script calls. The kernel is in a thread
 * between them, as everywhere where people watch.
 */
import { availableParallelism } from 'node:os';
import { configure, type MachineOptions } from '../hardware/configuration.ts';
import { Hardware } from '../hardware/hardware.ts';
import type { Inspection } from '../kernel/inspection.ts';
import { Words } from '../kernel/words.ts';
import { CoordinatorWorker } from './threads/coordinator-worker.ts';
import { Control } from './threads/layout.ts';
import type { AddedThread } from './threads/machine-service.ts';
import { MainClient } from './threads/main-client.ts';
import { PoolWorker } from './threads/pool-worker.ts';
import { Command } from './threads/requests.ts';
import { TaskClient } from './threads/task-client.ts';

const mostTasks = 64;

export interface SpawnOptions {
  /** How other tasks send to it; no two alike. 'kernel' is a thread of the kernel's task. */
  name: string;
  /** Adds a thread to the task of this client, instead of making a new task. */
  task?: TaskClient;
}

/** @since 0.1.0 */
export class Machine implements AsyncDisposable {
  private readonly clients: TaskClient[] = [];
  private spare: PoolWorker | null = null;
  private stopping: Promise<void> | null = null;

  private constructor(
    private readonly hardware: Hardware,
    /** For tests that write into it what no worker would. */
    readonly control: Control,
    private readonly coordinator: CoordinatorWorker,
    private readonly client: MainClient,
  ) {}

  /** Builds a machine. Throws RangeError or TypeError for bad options, naming option, value and what was expected. */
  static async boot(options: MachineOptions = {}): Promise<Machine> {
    const hardware = Hardware.build(configure(options));
    const control = Control.create(mostTasks);
    const client = new MainClient(control);
    const coordinator = new CoordinatorWorker(
      {
        control: control.buffer,
        threads: mostTasks,
        cores: availableParallelism(),
        machine: { kind: 'script', buffers: hardware.buffers },
      },
      control,
      (reason) => client.close(reason),
    );
    // Loads while the coordinator does: the first task will want it.
    const spare = new PoolWorker('script', null);
    try {
      await coordinator.ready();
    } catch (error) {
      await spare.destroy();
      throw error;
    }
    const machine = new Machine(hardware, control, coordinator, client);
    machine.spare = spare;
    // A script that forgets `shutdown` must be able to end; calls that are under way keep the process alive themselves.
    coordinator.unref();
    spare.unref();
    return machine;
  }

  /**
   * Starts a worker for a task (or another thread of one) and loads the file in it.
   *
   * @throws RangeError for a name that is taken; ScenarioError for a file that cannot be loaded
   */
  spawn(url: URL | string, options: SpawnOptions): Promise<TaskClient> {
    return this.add(url, options, false);
  }

  /**
   * Attaches a device: a worker that runs the file's default export, which gets a `Device`, until the machine is shut down. Tasks
   * reach it by its name (`task.send`, `task.stopDevice`).
   *
   * @throws RangeError for a name that is taken; ScenarioError for a file that cannot be loaded or exports no function
   */
  async attachDevice(url: URL | string, options: { name: string }): Promise<void> {
    await this.add(url, options, true);
  }

  private async add(url: URL | string, { name, task }: SpawnOptions, device: boolean): Promise<TaskClient> {
    if (typeof name !== 'string' || name === '') throw new TypeError(`expected a name, got ${String(name)}`);
    if (this.stopping !== null) throw new Error('the machine was shut down');
    const worker = this.spare ?? new PoolWorker('script', null);
    this.spare = null;
    let added: AddedThread;
    try {
      added = (await this.client.askJson(Command.AddThread, {
        name,
        beside: task?.thread ?? null,
        device,
      })) as AddedThread;
    } catch (error) {
      await worker.destroy();
      throw error;
    }
    const client = new TaskClient(
      this.control,
      this.hardware.buffers,
      this.client,
      worker,
      added,
      name,
      String(url),
      () => this.buryBeside(added),
    );
    this.clients.push(client);
    await client.ready();
    return client;
  }

  /** What the machine holds at this moment. */
  async inspect(): Promise<Inspection> {
    return (await this.client.ask(Command.Inspect, new Words())) as Inspection;
  }

  /** Hash of the kernel's state, without its clock. */
  async stateHash(): Promise<string> {
    return (await this.client.ask(Command.Hash, new Words())) as string;
  }

  /** Ends every task and the machine. Pending calls reject. May be called twice. */
  shutdown(): Promise<void> {
    this.stopping ??= this.stop();
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  private async stop(): Promise<void> {
    const reason = new Error('the machine was shut down');
    this.client.close(reason);
    for (const client of this.clients) client.end(reason);
    try {
      await this.coordinator.stop();
    } finally {
      await Promise.all([this.spare?.destroy(), ...this.clients.map((client) => client.destroy())]);
    }
  }

  /** A task is dead when one of its threads is: the others go with it. */
  private buryBeside(dead: AddedThread): void {
    for (const client of this.clients) if (client.taskHandle === dead.taskHandle) client.terminate();
  }
}
