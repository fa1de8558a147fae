/**
 * Puts a coordinator together in its worker and serves until the machine is stopped. Each kind of machine brings its own modules:
 * whoever boots one waits for them.
 */
import { parentPort } from 'node:worker_threads';
import { FileSwapStore } from '../file-swap-store.ts';
import { type Audit, Coordinator, type Service } from './coordinator.ts';
import { Control, Head } from './layout.ts';
import type { StrategyFactory } from './scenario-service.ts';
import type { CoordinatorReady, CoordinatorSetup, ScenarioReady } from './setup.ts';
import { SlotServer } from './slot-server.ts';
import { Spin, spinsFor } from './spin.ts';

/** @param strategies loads them: they live on a floor above, so that the worker's entry has to hand them in */
export async function coordinate(setup: CoordinatorSetup, strategies: () => Promise<StrategyFactory>): Promise<void> {
  const control = new Control(setup.control, setup.threads);
  const server = new SlotServer(control);
  let service: Service;
  let scenario: ScenarioReady | null = null;
  const swap = new FileSwapStore();
  try {
    const audit: Audit =
      control.head(Head.Audit) === 0 ? () => {} : (await import('../../kernel/leftovers.ts')).checkNothingLeft;
    if (setup.machine.kind === 'script') {
      const { bootMachine } = await import('./machine-boot.ts');
      service = bootMachine(setup.machine.buffers, control, server, swap, audit);
    } else {
      const { bootScenario } = await import('./scenario-boot.ts');
      ({ service, scenario } = await bootScenario(setup.machine, control, server, await strategies(), swap, audit));
    }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    report({ error: { name, message } });
    return;
  }
  report({ error: null, scenario });
  // Whoever asks it waits, so that the two of them need a core each. In a scenario the next thread needs one as well.
  const spins = spinsFor(scenario === null ? 2 : scenario.threads.length + 1, setup.cores);
  try {
    new Coordinator(control, server, service, new Spin(Math.max(spins, 200))).run();
  } finally {
    swap.close();
  }
}

function report(ready: CoordinatorReady): void {
  parentPort!.postMessage(ready);
}
