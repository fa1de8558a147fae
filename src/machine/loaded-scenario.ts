/** A scenario as the carriers take it: the instance for setup and check, and one instance of the modules for each thread. */
import type { Scenario, ThreadFunction, ThreadPlan } from '../task/scenario.ts';

export interface LoadedScenario {
  /** The instance whose `setup`, `check` and `outcome` are called. */
  readonly scenario: Scenario;
  readonly plans: readonly ThreadPlan[];
  /** The function of each thread, from that thread's own instance. */
  readonly functions: readonly ThreadFunction<unknown>[];
  /**
   * The same, compiled to generators that yield where the thread has to wait (scripts/yielding.mjs); null where nothing could be
   * compiled. For exploring only: positions in the source are taken from the others.
   */
  readonly yielding: readonly ThreadFunction<unknown>[] | null;
  /** Short digest of what tokens depend on: the scenario's name, its threads and machine. */
  readonly digest: string;
}
