/** A task as a script sees it: its exported functions, called over a port; and its death, which ends every call. */

import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import * as Comlink from 'comlink';
import type { HardwareBuffers } from '../../hardware/hardware.ts';
import { Words } from '../../kernel/words.ts';
import { ScenarioError } from '../errors.ts';
import { handlesIn, installTransferHandlers } from './comlink-values.ts';
import type { Control } from './layout.ts';
import type { AddedThread } from './machine-service.ts';
import type { MainClient } from './main-client.ts';
import { opaqueHandle } from './opaque-handle.ts';
import type { PoolWorker } from './pool-worker.ts';
import { Command } from './requests.ts';
import type { ScriptApi } from './script-worker.ts';

/** How long a file may take to load, in milliseconds. */
const longestLoad = 30_000;

/** A call that only says that the file is loaded. */
const ping = '';

export class TaskClient {
  private readonly port: MessagePort;
  private readonly remote: Comlink.Remote<ScriptApi>;
  private readonly rejections = new Set<(reason: Error) => void>();
  private dead: Error | null = null;

  constructor(
    private readonly control: Control,
    buffers: HardwareBuffers,
    private readonly machine: MainClient,
    private readonly worker: PoolWorker,
    private readonly added: AddedThread,
    readonly name: string,
    private readonly url: string,
    private readonly onDeath: () => void,
  ) {
    installTransferHandlers(opaqueHandle);
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.remote = Comlink.wrap<ScriptApi>(port1 as unknown as Comlink.Endpoint);
    const { thread, ...rest } = added;
    const identity = { number: thread, name, ...rest };
    const setup = {
      control: control.buffer,
      threads: control.threads,
      running: control.threads,
      cores: availableParallelism(),
      url,
      buffers,
    };
    worker.start({ ...setup, thread: identity, scenario: null, port: port2 }, (reason) => this.died(reason));
  }

  /** Number of its thread. */
  get thread(): number {
    return this.added.thread;
  }

  get taskHandle(): number {
    return this.added.taskHandle;
  }

  /** Resolves once its file is loaded. */
  async ready(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((_, reject) => {
      timer = setTimeout(() => {
        this.terminate();
        reject(new Error(`${this.name}: ${this.url} was not loaded within ${longestLoad / 1000} s`));
      }, longestLoad);
    });
    try {
      await Promise.race([this.guarded(() => this.remote.call(ping, [])), late]);
    } catch (error) {
      throw new ScenarioError((error as Error).message);
    } finally {
      clearTimeout(timer);
    }
    this.worker.unref();
  }

  /**
   * Calls an exported function of the task's file, which gets the task and then `values`. Handles among them are handed on: the
   * task gets the right to use them.
   *
   * @throws what the function throws; an Error when the task is dead or dies meanwhile
   */
  async call(name: string, ...values: unknown[]): Promise<unknown> {
    if (this.dead !== null) throw this.dead;
    const handles = handlesIn(values);
    if (handles.length > 0) await this.grant(handles);
    return this.guarded(() => this.remote.call(name, values));
  }

  /** Rejects everything that is under way, and whatever is called later. */
  end(reason: Error): void {
    this.dead ??= reason;
    for (const reject of this.rejections) reject(this.dead);
    this.rejections.clear();
    this.port.close();
  }

  terminate(): void {
    if (this.dead === null) this.worker.terminate();
  }

  async destroy(): Promise<void> {
    await this.worker.destroy();
  }

  private async grant(handles: readonly number[]): Promise<void> {
    const words = new Words();
    words.put(this.thread);
    for (const id of handles) words.put(id);
    await this.machine.ask(Command.Grant, words);
  }

  /** Comlink never settles a call to somebody who is gone; and only a call under way keeps the process alive. */
  private async guarded(call: () => Promise<unknown>): Promise<unknown> {
    if (this.dead !== null) throw this.dead;
    let reject: (reason: Error) => void = () => {};
    const death = new Promise<never>((_, refuse) => {
      reject = refuse;
    });
    this.rejections.add(reject);
    this.port.ref();
    try {
      return await Promise.race([call(), death]);
    } finally {
      this.rejections.delete(reject);
      if (this.rejections.size === 0) this.port.unref();
    }
  }

  private died(reason: string): void {
    const first = this.dead === null;
    this.end(new Error(`the task ${this.name} died: ${reason}`));
    void this.worker.destroy();
    if (this.control.stopped) return;
    this.control.died(this.thread);
    if (first) this.onDeath();
  }
}
