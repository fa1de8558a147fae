/**
 * Estimates how many traces a scenario has, by probes of it (schedule/estimate) on a machine of its own: what is explored is the same with and
 * without.
 */
import type { ActorInfo } from '../detect/finding.ts';
import type { MemoryModel } from '../hardware/configuration.ts';
import type { InlineMachine } from '../machine/inline-machine.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { noEstimate, Probes, type TraceEstimate } from '../schedule/estimate/probes.ts';
import { actorsOf } from './actors-of.ts';
import { buildMachine, type ExecutionSettings, flag, machineFrames } from './explorer.ts';

export class Estimator {
  private readonly machine: InlineMachine;
  private readonly probes: Probes;
  private hasWidened = false;

  constructor(
    private readonly loaded: LoadedScenario,
    settings: ExecutionSettings,
  ) {
    const frames = machineFrames(loaded);
    const points = new Uint8Array(frames);
    const reach = { first: new Int32Array(frames), points };
    this.machine = buildMachine(loaded, settings, reach, false, (frame) => {
      this.hasWidened ||= points[frame] === 0;
      points[frame] = 1;
    });
    this.probes = new Probes(settings.seed);
  }

  /** Runs so many probes that count; fewer where one shows that there is no estimate, or `flags` asks to stop. */
  estimate(wanted: number, flags: Int32Array): TraceEstimate {
    const { loaded, machine, probes } = this;
    const reason = whyNoEstimate(actorsOf(loaded), loaded.scenario.machine?.memoryModel ?? 'sc');
    if (reason !== null) return noEstimate(reason);
    machine.heartbeat = flags;
    const isAsked = (): boolean => probes.count < wanted && probes.refused === null && flags[flag.stop] === 0;
    for (let number = 1; isAsked() && !machine.spins.cut; number++) {
      probes.begin(number);
      machine.run(probes);
      probes.end();
      if (this.hasWidened) probes.restart();
      this.hasWidened = false;
    }
    return probes.estimate(machine.spins.cut);
  }
}

/** Why too little is known of the machine's steps to move them; null where it is not. */
export function whyNoEstimate(actors: readonly ActorInfo[], memoryModel: MemoryModel): string | null {
  if (actors.some(({ sort }) => sort === 'cache'))
    return 'what a data cache may do after a step is not known (coherentDma: false)';
  if (memoryModel !== 'sc') return `a store and its way to memory are two steps (memoryModel: ${memoryModel})`;
  return null;
}
