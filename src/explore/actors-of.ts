/** Who takes part in the executions of a scenario, in the order of their numbers, as detectors, strategies and reports are told. */
import type { ActorInfo } from '../detect/finding.ts';
import { drainActors } from '../machine/drains.ts';
import { evictionActors } from '../machine/evictions.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { pressureActors } from '../machine/pressure.ts';

/**
 * Threads, then the clock, under memory pressure pager and purger, the data cache where devices are not coherent, a store buffer a
 * thread where the memory model has them, then the machine itself (check and outcome).
 */
export function actorsOf(loaded: LoadedScenario): ActorInfo[] {
  const machine = loaded.scenario.machine ?? {};
  const { memoryPressure, coherentDma } = machine;
  const cache = { name: 'cache', task: 'cache', privileged: false, sort: 'cache' } as const;
  return [
    ...loaded.plans.map(
      ({ name, task, privileged, device }): ActorInfo => ({
        name,
        task,
        privileged,
        ...(device ? { sort: 'device' } : {}),
      }),
    ),
    { name: 'clock', task: 'kernel', privileged: false },
    ...['pager', 'purger']
      .slice(0, pressureActors(memoryPressure))
      .map((name) => ({ name, task: name, privileged: false })),
    ...(evictionActors(coherentDma) > 0 ? [cache] : []),
    ...loaded.plans
      .slice(0, drainActors(loaded.plans.length, machine))
      .map(({ name, task }): ActorInfo => ({ name: `${name}'s stores`, task, privileged: false, sort: 'stores' })),
    { name: 'check', task: 'kernel', privileged: false },
  ];
}
