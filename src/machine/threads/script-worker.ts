/** A worker that carries one task of a script's machine: exported functions of the user's file, called from the main thread. */
import * as Comlink from 'comlink';
import { BusAddresses } from '../../hardware/bus-addresses.ts';
import { Hardware } from '../../hardware/hardware.ts';
import { enterTask } from '../../task/current.ts';
import { Device } from '../../task/device.ts';
import { makeHandle } from '../../task/handle.ts';
import { suspension } from '../carrier.ts';
import type { FreeTask } from '../free-task.ts';
import { loadModule } from '../user-module.ts';
import { installTransferHandlers } from './comlink-values.ts';
import { makeFreeTask } from './free-link.ts';
import { Control, Own, Phase } from './layout.ts';
import type { TaskSetup } from './setup.ts';
import { SlotClient } from './slot-client.ts';
import { Spin, spinsFor } from './spin.ts';

/** What the main thread calls. */
export interface ScriptApi {
  call(name: string, values: unknown[]): unknown;
}

export class ScriptWorker implements ScriptApi {
  private readonly control: Control;
  private readonly task: FreeTask;
  private module: Record<string, unknown> = {};
  private begin: () => void = () => {};

  constructor(private readonly setup: TaskSetup) {
    const { thread, buffers } = setup;
    this.control = new Control(setup.control, setup.threads);
    const hardware = new Hardware(buffers);
    const cache = thread.device ? new BusAddresses(hardware) : hardware.translationCache(thread.space);
    cache.publish(this.control.words, this.control.own(thread.number, Own.Epoch));
    const client = new SlotClient(this.control, thread.number + 1, new Spin(Math.max(500, spinsFor(2, setup.cores))));
    this.task = makeFreeTask(thread, hardware, cache, client, (line) => console.log(line));
  }

  /** Answers calls until the port is closed. */
  async serve(): Promise<void> {
    const { port, url, thread } = this.setup;
    installTransferHandlers(makeHandle);
    this.module = await loadModule(url, null);
    // This JavaScript thread is that task's for ever, so its functions may be asynchronous too.
    enterTask(this.task);
    const closed = new Promise<void>((resolve) => port!.once('close', resolve));
    Comlink.expose(
      { call: (name: string, values: unknown[]) => this.call(name, values) },
      port as unknown as Comlink.Endpoint,
    );
    port!.start();
    if (thread.device) await Promise.race([this.operate(), closed]);
    else await closed;
  }

  /** A device runs once the main thread knows that it is there. From then on this thread answers nobody. */
  private async operate(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.begin = resolve;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const { control, setup } = this;
    Atomics.store(control.words, control.own(setup.thread.number, Own.Phase), Phase.Running);
    try {
      (this.module.default as (device: Device) => unknown)(new Device(this.task));
    } catch (error) {
      if (error !== suspension) throw error;
    }
  }

  /** The empty name asks only whether the file is loaded. */
  call(name: string, values: unknown[]): unknown {
    if (name === '') {
      if (this.setup.thread.device && typeof this.module.default !== 'function')
        throw new TypeError(`${this.setup.url}: a device's file exports its function as default`);
      this.begin();
      return undefined;
    }
    const target = this.module[name];
    if (typeof target !== 'function') {
      const names = Object.keys(this.module).filter((key) => typeof this.module[key] === 'function');
      throw new TypeError(
        `${this.setup.url} exports no function ${JSON.stringify(name)}; it exports ${names.join(', ') || 'none'}`,
      );
    }
    const phase = this.control.own(this.setup.thread.number, Own.Phase);
    // Quarantined frames wait for workers that run; one that sits idle holds no translation in hand.
    Atomics.store(this.control.words, phase, Phase.Running);
    const done = (): void => {
      Atomics.compareExchange(this.control.words, phase, Phase.Running, Phase.Idle);
    };
    let value: unknown;
    try {
      value = target(this.task, ...values);
    } catch (error) {
      done();
      throw error;
    }
    if (value instanceof Promise) return value.finally(done);
    done();
    return value;
  }
}
