/**
 * The ways in that only scripts and the command line use. What stands behind them is loaded when it is first called: every
 * scenario and every task imports this library too, in each worker, and would wait for pools and campaigns that it never uses.
 */
import type { MachineOptions } from './hardware/configuration.ts';
import type { Machine as MachineClass } from './machine/machine.ts';

type Explore = typeof import('./explore/explore.ts').explore;
type Merge = typeof import('./explore/merge.ts').merge;
type Replay = typeof import('./explore/replay.ts').replay;
type Minimise = typeof import('./explore/replay.ts').minimise;
type Stress = typeof import('./explore/stress.ts').stress;
type Work = typeof import('./explore/queue/worker.ts').work;
type Check = typeof import('./explore/check.ts').check;

/** Explores the interleavings of a scenario; see explore/explore.ts. @since 0.1.0 */
export const explore: Explore = async (...values) => (await import('./explore/explore.ts')).explore(...values);

/** Puts together what shards have recorded; see explore/merge.ts. @since 0.1.0 */
export const merge: Merge = async (...values) => (await import('./explore/merge.ts')).merge(...values);

/** Explores shards that a queue has; see explore/queue/worker.ts. @since 0.1.0 */
export const work: Work = async (...values) => (await import('./explore/queue/worker.ts')).work(...values);

/** Runs the schedule of a token again; see explore/replay.ts. @since 0.1.0 */
export const replay: Replay = async (...values) => (await import('./explore/replay.ts')).replay(...values);

/** Shrinks the schedule of a token; see explore/replay.ts. @since 0.1.0 */
export const minimise: Minimise = async (...values) => (await import('./explore/replay.ts')).minimise(...values);

/** Runs free threads and counts outcomes; see explore/stress.ts. @since 0.1.0 */
export const stress: Stress = async (...values) => (await import('./explore/stress.ts')).stress(...values);

/** Explores, and throws for a failure: what a test calls; see explore/check.ts. @since 0.1.0 */
export const check: Check = async (...values) => (await import('./explore/check.ts')).check(...values);

/** A machine for scripts; see machine/machine.ts. @since 0.1.0 */
export const Machine = {
  boot: async (options?: MachineOptions): Promise<MachineClass> =>
    (await import('./machine/machine.ts')).Machine.boot(options),
};
export type Machine = MachineClass;
