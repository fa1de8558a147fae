/**
 * Writes down the steps of an execution as they are taken: what each read and changed, and which one made it possible. From that `Past`
 * tells their order.
 */
import type { Intents } from '../../machine/intents.ts';
import type { Watched } from '../../machine/schedule.ts';
import { FootprintReader, Trait } from './footprint-reader.ts';
import { everything, Footprints } from './footprints.ts';
import { Past } from './past.ts';

export class Recorder {
  readonly footprints = new Footprints();
  readonly reader = new FootprintReader(this.footprints);
  readonly past = new Past(this.footprints);

  private execution: Watched | null = null;
  private intents: Intents | null = null;
  /** Where the step under way begins in the trace. */
  from = 0;
  /** Actor → the step before which it was able to go on ever since, and the last before which it was. */
  private since = new Int32Array(0);
  private seen = new Int32Array(0);
  /** Actor → its last step, or -1. */
  private last = new Int32Array(0);

  /** An execution begins. */
  watch(intents: Intents, execution: Watched): void {
    this.intents = intents;
    this.execution = execution;
    const actors = intents.next.length;
    if (this.since.length !== actors) {
      this.since = new Int32Array(actors);
      this.seen = new Int32Array(actors);
      this.last = new Int32Array(actors);
      this.past.reset(actors);
    }
    this.seen.fill(-1);
    this.last.fill(-1);
  }

  get actors(): number {
    return this.since.length;
  }

  /** The last step of `actor`, or -1. */
  lastOf(actor: number): number {
    return this.last[actor]!;
  }

  /** Whether `actor` was able to take step `step`, which was looked at as the last one. */
  couldTake(actor: number, step: number): boolean {
    return this.seen[actor] === step;
  }

  /** Whether a step of the actor becomes impossible when what it is for has gone: no deadline is left, no page can be taken. */
  comesAndGoes(actor: number): boolean {
    const { clock, firstBuffer } = this.execution!;
    return actor >= clock && (firstBuffer < 0 || actor < firstBuffer);
  }

  /** Whether all that `actor` could do is to sleep, until somebody gives back the lock that it is about to take. */
  waits(actor: number): boolean {
    return this.intents!.locks[actor] !== 0 && this.execution!.standsAside(actor);
  }

  /** Step `step` is about to be taken, by one of `runnable`. */
  look(step: number, runnable: Int32Array, count: number): void {
    const { since, seen } = this;
    this.from = this.execution!.trace.length;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (seen[actor] !== step - 1 || step === 0) since[actor] = step;
      seen[actor] = step;
    }
  }

  /** `actor` has taken the step, which was written down in an earlier execution already. */
  repeat(step: number, actor: number): void {
    this.last[actor] = step;
  }

  /** `actor` has taken the step. `goesOn`: the execution is not over. Returns the footprint. */
  write(step: number, actor: number, variant: number, goesOn: boolean): number {
    const { reader, past } = this;
    const execution = this.execution!;
    const previous = this.last[actor]!;
    this.last[actor] = step;
    let footprint = reader.read(execution, actor, this.from, execution.trace.length);
    // Who goes first while it yields must not be moved to before it did.
    if (goesOn && execution.isYielding(actor)) footprint = everything;
    let enabler = this.since[actor]! > previous + 1 ? this.since[actor]! - 1 : -1;
    if ((reader.traits & Trait.Yields) !== 0) enabler = -1;
    if (reader.stored >= 0)
      enabler = Math.max(enabler, past.during(actor - execution.firstBuffer, reader.stored, step - 1));
    past.set(step, actor, footprint, variant, reader.traits, previous, enabler, reader.operation, reader.taken);
    return footprint;
  }
  /**
   * The execution is over, with step `step` of `taker`. Where others could still go on it has ended everything, and conflicts with whatever
   * they would have done.
   */
  finish(step: number, taker: number): void {
    const { actors } = this.execution!;
    actors.lookAtHardware();
    for (let i = 0; i < actors.count; i++) {
      const actor = actors.at(i);
      if (actor !== taker && !this.waits(actor)) this.past.setFootprint(step, everything);
    }
  }
}
