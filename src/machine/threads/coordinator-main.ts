/** Puts a coordinator together in its worker and serves until the machine is stopped. */
import { parentPort } from 'node:worker_threads';
import { Hardware } from '../../hardware/hardware.ts';
import { Journal } from '../../hardware/journal.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { ScenarioError } from '../errors.ts';
import { ExecutionState } from '../execution-state.ts';
import { loadForSetup } from '../scenario-loader.ts';
import { Coordinator, type Service } from './coordinator.ts';
import { Control } from './layout.ts';
import { MachineService } from './machine-service.ts';
import { ScenarioService, type StrategyFactory } from './scenario-service.ts';
import type { CoordinatorReady, CoordinatorSetup, ScenarioReady } from './setup.ts';
import { SlotServer } from './slot-server.ts';
import { Snapshot } from './snapshot.ts';
import { Spin, spinsFor } from './spin.ts';

/** @param makeStrategy strategies live on a floor above; the worker's entry hands them in */
export async function coordinate(setup: CoordinatorSetup, makeStrategy: StrategyFactory): Promise<void> {
  const control = new Control(setup.control, setup.threads);
  const server = new SlotServer(control);
  let service: Service;
  let scenario: ScenarioReady | null = null;
  try {
    if (setup.machine.kind === 'script') {
      service = new MachineService(new Kernel(new Hardware(setup.machine.buffers, new Journal())), control, server);
    } else {
      ({ service, scenario } = await forScenario(setup.machine.url, setup.machine.name, control, server, makeStrategy));
    }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    report({ error: { name, message } });
    return;
  }
  report({ error: null, scenario });
  // Whoever asks it waits, so that the two of them need a core each. In a scenario the next thread needs one as well.
  const spins = spinsFor(scenario === null ? 2 : scenario.threads.length + 1, setup.cores);
  new Coordinator(control, server, service, new Spin(Math.max(spins, 200))).run();
}

async function forScenario(
  url: string,
  name: string | null,
  control: Control,
  server: SlotServer,
  makeStrategy: StrategyFactory,
) {
  const loaded = await loadForSetup(url, name);
  let state: ExecutionState;
  try {
    state = new ExecutionState(loaded);
  } catch (error) {
    throw new ScenarioError(
      `${loaded.scenario.name}: setup throws: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
    );
  }
  if (state.threads.length > control.threads)
    throw new ScenarioError(`${loaded.scenario.name}: more than ${control.threads} threads`);
  const { kernel } = state;
  const { hardware } = kernel;
  const snapshot = new Snapshot(hardware);
  const reach = {
    first: new SharedArrayBuffer(4 * hardware.frames.frames),
    points: new SharedArrayBuffer(hardware.frames.frames),
  };
  const scenario: ScenarioReady = {
    name: loaded.scenario.name,
    allowed: loaded.scenario.allowed ?? null,
    buffers: hardware.buffers,
    touched: snapshot.touched,
    reach,
    shared: state.shared,
    threads: state.threads.map((thread) => ({
      number: thread.number,
      name: thread.name,
      task: thread.task.name,
      taskHandle: thread.task.handle,
      kernelHandle: kernel.kernelTask.handle,
      space: thread.task.space.number,
      device: thread.device,
    })),
  };
  return {
    service: new ScenarioService(state, control, server, snapshot, new Uint8Array(reach.points), makeStrategy),
    scenario,
  };
}

function report(ready: CoordinatorReady): void {
  parentPort!.postMessage(ready);
}
