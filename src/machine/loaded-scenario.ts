/** A scenario as the carriers take it: the instance for setup and check, and one instance of the modules for each thread. */
import type { Scenario, ThreadFunction, ThreadPlan } from '../task/scenario.ts';

export interface LoadedScenario {
  /** The instance whose `setup`, `check` and `outcome` are called. */
  readonly scenario: Scenario;
  readonly plans: readonly ThreadPlan[];
  /** The function of each thread, from that thread's own instance. */
  readonly functions: readonly ThreadFunction<unknown>[];
  /** Short digest of what tokens depend on: the scenario's name, its threads and machine. */
  readonly digest: string;
}
