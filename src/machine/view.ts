/** What schedules may see of an execution, on both carriers: the trace, who can go on, who would only sleep. */
import { Effects, resource, Shared } from '../kernel/effects.ts';
import { KernelLock } from '../kernel/locks/kernel-lock.ts';
import { Kind, type Trace } from '../kernel/trace.ts';
import type { Actors } from './actors.ts';
import { firstDrainActor } from './drains.ts';
import { cacheActor } from './evictions.ts';
import type { ExecutionState } from './execution-state.ts';
import { yielding } from './intents.ts';
import type { Schedule, Watched } from './schedule.ts';

const everything = resource(Shared.Everything, 0);

export class View implements Watched {
  readonly clock: number;
  readonly cache: number;
  readonly firstBuffer: number;
  readonly endsEarly: boolean;
  private readonly effects: Effects;
  private readonly onRead: (physical: number, length: number) => void;
  private readsLooks = false;

  /** @param machine number of the machine itself, which makes the calls of `check` */
  constructor(
    private readonly state: ExecutionState,
    readonly trace: Trace,
    readonly actors: Actors,
    machine: number,
  ) {
    const { kernel, threads } = state;
    const { caches, configuration, stores } = kernel.hardware;
    this.clock = threads.length;
    this.cache = caches === null ? -1 : cacheActor(threads.length, configuration);
    this.firstBuffer = stores === null ? -1 : firstDrainActor(threads.length, configuration);
    this.endsEarly = configuration.memoryPressure || threads.some((thread) => thread.daemon);
    this.effects = new Effects(kernel, (affected, physical, length, use) => {
      const actor = kernel.caller?.number ?? -1;
      if (actor >= 0) trace.append(Kind.Affects, actor, 0, affected, physical, length, use, 0);
      // The machine itself makes calls too, in `check`.
      else if (this.readsLooks && physical < 0 && affected === everything) this.onRead(-1, 0);
    });
    this.onRead = (physical, length) => {
      trace.append(Kind.Looked, machine, 0, 0, physical, length, 0, 0);
    };
  }

  /** An execution under `schedule` begins: lets it look, where it wants to. */
  show(schedule: Schedule): void {
    this.state.kernel.effects = schedule.readsEffects === true ? this.effects : null;
    this.readsLooks = schedule.readsLooks === true;
    this.state.machine.onRead = this.readsLooks ? this.onRead : null;
    if (schedule.watch === undefined) return;
    this.actors.intents.clear();
    schedule.watch(this.actors.intents, this);
  }

  nameOf(physical: number): number {
    return this.effects.names.of(physical);
  }

  standsAside(actor: number): boolean {
    const handle = this.actors.intents.locks[actor]!;
    if (handle === 0 || handle === yielding) return false;
    const lock = this.state.kernel.handles.find(handle);
    if (!(lock instanceof KernelLock) || !lock.isExclusive || lock.holders.length === 0) return false;
    return lock.mayWait(this.state.threads[actor]!);
  }

  isYielding(actor: number): boolean {
    return this.actors.intents.locks[actor] === yielding;
  }
}
