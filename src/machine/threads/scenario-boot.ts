/** What the coordinator of a scenario starts with: the state after `setup`, and what the workers are told of it. */
import { allowedOutcomes } from '../../task/scenario.ts';
import type { SwapStore } from '../../vm/swap-store.ts';
import { ScenarioError } from '../errors.ts';
import { ExecutionState } from '../execution-state.ts';
import { loadForSetup } from '../scenario-loader.ts';
import type { Audit } from './coordinator.ts';
import type { Control } from './layout.ts';
import { ScenarioService, type StrategyFactory } from './scenario-service.ts';
import type { CoordinatorSetup, ScenarioReady } from './setup.ts';
import type { SlotServer } from './slot-server.ts';
import { Snapshot } from './snapshot.ts';

/** Loads the scenario and runs its `setup`. Throws ScenarioError and UsageError. */
export async function bootScenario(
  { url, name, memoryModel }: CoordinatorSetup['machine'] & { kind: 'scenario' },
  control: Control,
  server: SlotServer,
  makeStrategy: StrategyFactory,
  swap: SwapStore,
  audit: Audit,
) {
  const loaded = await loadForSetup(url, name, null, memoryModel);
  let state: ExecutionState;
  try {
    state = new ExecutionState(loaded, swap);
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
  // What an execution did not begin is not what it left behind.
  const auditChanged: Audit = (changed) => {
    if (changed.journal.length > 0) audit(changed);
  };
  const reach = {
    first: new SharedArrayBuffer(4 * hardware.frames.frames),
    points: new SharedArrayBuffer(hardware.frames.frames),
  };
  const scenario: ScenarioReady = {
    name: loaded.scenario.name,
    allowed: allowedOutcomes(loaded.scenario) ?? null,
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
    service: new ScenarioService(
      state,
      control,
      server,
      snapshot,
      { first: new Int32Array(reach.first), points: new Uint8Array(reach.points) },
      makeStrategy,
      auditChanged,
    ),
    scenario,
  };
}
