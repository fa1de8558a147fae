/**
 * Estimates how many traces a scenario has, by probes of it (schedule/estimate/trace-walk.ts) on a machine of its own: what is explored is
 * the same with and without. The first probes only teach what to expect, and so do all those before a page turned out to be shared.
 */
import type { InlineMachine } from '../machine/inline-machine.ts';
import type { LoadedScenario } from '../machine/loaded-scenario.ts';
import { TraceWalk } from '../schedule/estimate/trace-walk.ts';
import { buildMachine, type ExecutionSettings, flag, machineFrames } from './explorer.ts';
import type { TraceEstimate } from './results.ts';

/** Probes that only teach. */
const lessons = 16;

export class Estimator {
  private readonly machine: InlineMachine;
  private readonly walk: TraceWalk;
  private hasWidened = false;
  // Of the probes that count.
  private probes = 0;
  private sum = 0;
  private squares = 0;

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
    this.walk = new TraceWalk(settings.seed);
  }

  /** Runs so many probes that count; fewer where `flags` asks to stop. */
  estimate(probes: number, flags: Int32Array): TraceEstimate {
    const refusal = refusalOf(this.loaded) ?? this.probe(probes, flags);
    if (refusal !== null) return none(this.probes, refusal);
    if (this.probes < 2) return none(this.probes, 'there was no time for two probes');
    if (this.sum === 0) return none(this.probes, 'no probe came to a schedule that counts: take more of them');
    const traces = this.sum / this.probes;
    const variance = (this.squares - this.probes * traces ** 2) / (this.probes - 1);
    if (!Number.isFinite(variance)) return none(this.probes, 'there are more traces than a number can say');
    return { traces, standardError: Math.sqrt(Math.max(0, variance) / this.probes), probes: this.probes, reason: null };
  }

  /** Answers why there is no estimate, or null. */
  private probe(probes: number, flags: Int32Array): string | null {
    const { machine, walk } = this;
    machine.heartbeat = flags;
    let taught = 0;
    for (let number = 1; this.probes < probes && flags[flag.stop] === 0; number++) {
      walk.begin(number);
      machine.run(walk);
      walk.end();
      if (this.hasWidened) {
        this.hasWidened = false;
        walk.restart();
        taught = 0;
        this.probes = 0;
        this.sum = 0;
        this.squares = 0;
      } else if (taught < lessons) taught++;
      else if (machine.spins.cut) return 'loops that wait by looking are cut short';
      else if (walk.refusal !== null) return walk.refusal;
      else {
        this.probes++;
        this.sum += walk.weight;
        this.squares += walk.weight ** 2;
      }
    }
    return null;
  }
}

const none = (probes: number, reason: string): TraceEstimate => ({ traces: null, standardError: null, probes, reason });

/** Why too little is known of the machine's steps to move them; null where it is not. */
function refusalOf({ scenario }: LoadedScenario): string | null {
  const { coherentDma = true, memoryModel = 'sc' } = scenario.machine ?? {};
  if (!coherentDma) return 'what a data cache may do after a step is not known (coherentDma: false)';
  if (memoryModel !== 'sc') return `a store and its way to memory are two steps (memoryModel: ${memoryModel})`;
  return null;
}
