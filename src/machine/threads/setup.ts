/** What crosses between threads while a machine is put together; afterwards everything goes through the control memory. */
import type { MessagePort } from 'node:worker_threads';
import type { MemoryModel } from '../../hardware/configuration.ts';
import type { HardwareBuffers } from '../../hardware/hardware.ts';

/** For the coordinator's worker. */
export interface CoordinatorSetup {
  readonly control: SharedArrayBuffer;
  readonly threads: number;
  readonly cores: number;
  readonly machine:
    | {
        readonly kind: 'scenario';
        readonly url: string;
        readonly name: string | null;
        readonly memoryModel: MemoryModel | null;
      }
    | { readonly kind: 'script'; readonly buffers: HardwareBuffers };
}

/** The coordinator's one message: the scenario is loaded, or why it is not. */
export type CoordinatorReady =
  | { readonly error: { readonly name: string; readonly message: string } }
  | { readonly error: null; readonly scenario: ScenarioReady | null };

export interface ScenarioReady {
  readonly name: string;
  readonly allowed: readonly string[] | null;
  readonly buffers: HardwareBuffers;
  readonly touched: SharedArrayBuffer;
  readonly reach: { readonly first: SharedArrayBuffer; readonly points: SharedArrayBuffer };
  /** What `setup` returned, as words. */
  readonly shared: Float64Array;
  readonly threads: readonly ThreadReady[];
}

export interface ThreadReady {
  readonly number: number;
  readonly name: string;
  readonly task: string;
  readonly taskHandle: number;
  readonly kernelHandle: number;
  readonly space: number;
  readonly device: boolean;
}

/** For a task's worker: one thread of a scenario, or one of a script's machine. */
export interface TaskSetup {
  readonly control: SharedArrayBuffer;
  /** Room in the control memory. */
  readonly threads: number;
  /** Threads that there are. */
  readonly running: number;
  readonly cores: number;
  readonly url: string;
  readonly thread: ThreadReady;
  readonly buffers: HardwareBuffers;
  readonly scenario: Pick<ScenarioReady, 'name' | 'touched' | 'reach' | 'shared'> | null;
  /** Where a script's calls arrive. */
  readonly port: MessagePort | null;
}
