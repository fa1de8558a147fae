/**
 * What decides an execution: who runs next, and which numbers `task.choose` gets. Strategies (floor 6), a token being replayed
 * and a minimiser's attempt all answer these two questions.
 */
import type { Trace } from '../kernel/trace.ts';
import type { Actors } from './actors.ts';
import type { Intents } from './intents.ts';

/** An execution as a schedule may look at it, between steps and once it is over. */
export interface Watched {
  readonly trace: Trace;
  /** Who can take a step; when it is over, who could have. */
  readonly actors: Pick<Actors, 'count' | 'at' | 'lookAtHardware'>;
  /** The number of the clock; pager, purger and data cache, where there are any, follow it. */
  readonly clock: number;
  /** The number of the data cache, or -1 where there is none. */
  readonly cache: number;
  /** The number of the first thread's store buffer, or -1 where stores go to memory at once. */
  readonly firstBuffer: number;
  /** Whether there are actors that may be in the middle of something when the last thread ends. */
  readonly endsEarly: boolean;
  /** A name for the byte at a physical address that does not depend on whose access made its page come. */
  nameOf(physical: number): number;
  /** Whether the thread's next step is to take a lock that somebody holds: it would sleep. */
  standsAside(actor: number): boolean;
  /** Whether the thread has asked for others to go first. */
  isYielding(actor: number): boolean;
}

export interface Schedule {
  /**
   * The actor that takes the next step, out of `runnable[0 … count - 1]` (ascending). `current` is the thread that stands before
   * its next step and could go on, or -1 when the last one ended, sleeps or yielded: taking another than `current` is a
   * preemption. `steps` have been taken so far. Not asked where there is only one, unless `countsSteps`. Must not allocate.
   */
  pick(runnable: Int32Array, count: number, current: number, steps: number): number;
  /** A number from 0 to n - 1 for the thread, or for another actor whose step can be taken in n ways. */
  choose(n: number, thread: number): number;
  /** It repeats what a trace says: numbers count all the ways there are, also those that no strategy need be asked about. */
  readonly isWritten?: boolean;
  /** The actor that is written down for the step after `steps`; -1 past the end. Left out where nothing is written. */
  wanted?(steps: number): number;
  /** It wants to be asked about each step, also where there is only one actor to take it. */
  readonly countsSteps?: boolean;
  /** It wants to know what actors are about to do: called before an execution. Where it is left out nobody writes that down. */
  watch?(intents: Intents, execution: Watched): void;
  /** It wants the trace to say what kernel calls read and change (`Kind.Affects`). */
  readonly readsEffects?: boolean;
  /** It wants the trace to say what `check` and `outcome` read (`Kind.Looked`). */
  readonly readsLooks?: boolean;
}

/** Numbers that executions have shown, by keys that only the strategy understands; in the order of keys. */
export type Measured = readonly (readonly [key: number, value: number])[];

/** What a strategy learns from executions, for later ones. */
export interface Lessons {
  /** What was measured takes effect. */
  adopt(): void;
  measured(): Measured;
  /** Knows this from now on and nothing else. */
  reset(measured: Measured): void;
}

/** A schedule that explores: a new one for each execution of a campaign. */
export interface Strategy extends Schedule {
  readonly name: string;
  /** Where it is made of several: the one that decided the execution in hand, as the user may ask for it. */
  readonly part?: string;
  /** Null for one that learns nothing. Whoever runs the strategy says when its lessons take effect. */
  readonly lessons: Lessons | null;
  /** The execution that has just ended was one that came before: it does not count. */
  readonly repeated: boolean;
  /** Readies itself for execution `number` (from 1). False when every schedule has been had. */
  begin(number: number): boolean;
  /** The execution is over, and `check` and `outcome` have looked at it; `steps` it took. */
  end(steps: number): void;
  /** What is a scheduling point has changed: strategies that enumerate start over, those that learn forget. */
  restart(): void;
}
