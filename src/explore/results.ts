/** The shapes that exploring, replaying and stress return: what scripts read and `--json` prints (api.md). */
import type { MemoryModel } from '../hardware/configuration.ts';
import type { RuleName } from '../kernel/rules.ts';
import type { TraceEstimate } from '../schedule/estimate/probes.ts';

/** One access or call that a failure is about. */
export interface Site {
  /** Name of the thread, as 'kernel.submit'. */
  thread: string;
  /** Number of the operation within that thread, from 0. */
  operation: number;
  /** Its part in the story: 'first fetch', 'store between', 'second fetch'. */
  role: string;
  /** What was done, as a person would write it: 'load32(0x100000000) = 16'. */
  description: string;
  /** Where in the user's source, when it is known. Path relative to the working directory. */
  file: string | null;
  line: number | null;
  column: number | null;
}

/** Something that happened to a page, or a call that an object went through. */
export interface PastStep {
  /** Number of the step in the trace; null for what was so after `setup`. */
  step: number | null;
  /** Name of the thread, or of another actor; null for `setup`. */
  thread: string | null;
  /** 'frame 5 is wired', 'prepare(0x1, 0) = 0' */
  description: string;
  file: string | null;
  line: number | null;
}

/** Two steps of different threads, by their numbers in the trace, from 1. */
export interface OrderFlip {
  /** The one that comes first where it fails, and where in the source it is. */
  first: TraceStep;
  second: TraceStep;
}

export interface Failure {
  rule: RuleName;
  /** 'fail', or 'note' for what is worth knowing but fails nothing. */
  level: 'fail' | 'note';
  message: string;
  threads: string[];
  sites: Site[];
  /** The step that would mend it, as 'no prepare in force while the device transfers'; absent where the rule alone does not say. */
  missing?: string;
  /** What happened before to the page or the object that it is about, in order; absent where it is about neither. */
  history?: PastStep[];
  /** Paste it to `wiredown replay FILE TOKEN`. */
  token: string;
  /** From 1: the execution that failed so first. Null where exhaustive search in parallel has no such number. */
  execution: number | null;
  /** What decided that execution: the strategy, or the part of the portfolio ('flips', 'surw', 'lock-circles', 'dpor:reads-from', 'trace-walk' for probes, …). In an exploration only. */
  foundBy?: string;
  /** How many executions showed it; at least, where several groups turned out to be one failure. */
  occurrences: number;
  /** Of the minimised schedule. */
  steps: number;
  preemptions: number;
  traceHash: string;
  /** Whether replaying it on real worker threads gave the same trace. Null when that was not tried. */
  confirmed: boolean | null;
  /** The steps of the minimised schedule. In an exploration only: a replay has its own. */
  trace?: TraceStep[];
  /**
   * The fewest pairs of steps that make it vanish when in each `second` comes before `first`, all else being left as near as it can
   * be. Only where it was minimised, and where one pair or two are enough.
   */
  explanation?: OrderFlip[];
}

export interface Exploration {
  scenario: string;
  /** What was between stores and memory (`machine.memoryModel`): whatever follows holds under it alone. */
  memoryModel: MemoryModel;
  /** Names of the threads, in their order. */
  threads: string[];
  strategy: string;
  seed: number;
  executions: number;
  /**
   * Executions that were run and do not count, since another one stands for each: with 'dfs' those that cost less than the round they were in,
   * with 'dpor' those of a share that turned out to go on as one of another share. Absent where there are none.
   */
  repeated?: number;
  /** True only when the whole space (within `preemptions` or `delays`) was covered: by 'dfs', 'dpor', or an attempt of 'portfolio'. */
  exhausted: boolean;
  /** What that proves, as 'every schedule with at most 2 preemptions was tried, under sc'; null where it is false. */
  proof: string | null;
  /** Milliseconds. */
  elapsed: number;
  executionsPerSecond: number;
  steps: number;
  /** Executions that differ in more than the order of independent steps (Mazurkiewicz traces). */
  traces: {
    seen: number;
    /** Among so many executions: all of the first 4,096, then one in sixteen, since telling them apart takes time; and all of `dpor`. */
    among: number;
    /** False above a few thousand: `seen` is then an estimate, within about 2 %. */
    exact: boolean;
    /** An estimate of the probability that one more execution shows a trace that none did; null where schedules are not drawn by chance, or all were had. */
    unseen: number | null;
  };
  /** How many traces there are in all, by probes that are no part of the exploration. Absent where nobody asked (`estimate`). */
  estimate?: TraceEstimate;
  /**
   * Orderings that a bug needs ('2', '3') → the largest probability with which one was missed, supposing that no execution is longer than those
   * seen. Null where the strategy guarantees nothing of the kind: all but 'pct'.
   */
  missed: Record<string, number> | null;
  /** Label returned by `outcome` → number of executions. */
  outcomes: Record<string, number>;
  /** Labels in `allowed` that never occurred. */
  unobserved: string[];
  failures: Failure[];
  notes: Failure[];
  /** True when Ctrl-C or a signal ended it early. */
  interrupted: boolean;
  /** '2/3', where this was only a part of the executions. */
  shard?: string;
  /** Executions, of those above, that records knew of and were not run again. */
  recalled?: number;
}

/** One line of the side-by-side picture, and of `--json`'s trace. */
export interface TraceStep {
  step: number;
  thread: string;
  operation: number;
  description: string;
  file: string | null;
  line: number | null;
  /** The thread was switched to here, and the one before it could have gone on. */
  preemption: boolean;
}

export interface Replay {
  scenario: string;
  memoryModel: MemoryModel;
  carrier: 'inline' | 'threads';
  /** Of this execution. */
  token: string;
  /** Where the token that was given and the scenario part, as 'it parts at switch 3, …' (`bestEffort` alone goes on then); null where it fits. */
  parted: string | null;
  /** The failure with the lowest step, or null. */
  failure: Failure | null;
  /** Other failures of the same execution. */
  others: Failure[];
  notes: Failure[];
  threads: string[];
  trace: TraceStep[];
  traceHash: string;
  outcome: string | null;
  logs: { thread: string; text: string }[];
}

/** What `stress` counts. */
export type { StressResult as Histogram } from '../machine/threads/thread-machine.ts';
export type { TraceEstimate };
