/**
 * Exploring on real worker threads (`--carrier threads`): one execution after the other, each carried by the workers and read by
 * the detectors here. A hundred times slower than inline, and free of its rule that a function can be run again.
 */
import { Detectors } from '../detect/detectors.ts';
import type { ActorInfo } from '../detect/finding.ts';
import { Meeting } from '../detect/meetings.ts';
import { PartialOrder } from '../detect/partial-order.ts';
import { isStep, Trace } from '../kernel/trace.ts';
import type { ThreadMachine } from '../machine/threads/thread-machine.ts';
import { titleOf } from '../schedule/strategies.ts';
import { tokenOf } from '../schedule/token.ts';
import { Distinct } from './distinct.ts';
import type { Found } from './explorer.ts';
import type { Settings } from './options.ts';
import type { Tally } from './tally.ts';

export interface ThreadRounds {
  readonly machine: ThreadMachine;
  readonly actors: readonly ActorInfo[];
  readonly digest: string;
  readonly settings: Settings;
  readonly tally: Tally;
  /** Asked before each execution. */
  isOver(): boolean;
}

export async function exploreOnThreads({
  machine,
  actors,
  digest,
  settings,
  tally,
  isOver,
}: ThreadRounds): Promise<void> {
  const detectors = new Detectors(settings.rules, actors);
  const order = new PartialOrder(actors, null, 1);
  const traces = new Distinct();
  const { strategy, depth, seed, preemptions, delays, maximumSteps } = settings;
  let points: readonly number[] = [];
  for (let number = 1; number <= settings.executions && !isOver(); number++) {
    const options = { seed, depth, preemptions, delays, maximumSteps, points };
    const execution = await machine.explore(strategy, number, options);
    if (execution === null) {
      tally.merge({ ...nothing, exhausted: titleOf(settings) });
      return;
    }
    const trace = new Trace(execution.trace, execution.trace.length);
    const acting = stepsByActor(trace);
    const steps = [...acting.values()].reduce((sum, one) => sum + one, 0);
    traces.clear();
    traces.add(order.hash(trace));
    points = execution.shared;
    detectors.scan({ trace, actors, texts: execution.texts });
    const { failed, fresh } = detectors.sink;
    const found = fresh.map(({ key, rule, level, message }): Found => {
      return {
        key,
        rule,
        level,
        message,
        execution: number,
        token: tokenOf(trace, digest, seed, actors.length - 1),
        by: execution.part ?? titleOf(settings),
        occurrences: 1,
      };
    });
    for (const known of tally.found.values()) known.occurrences = detectors.sink.occurrences(known.key);
    tally.merge({
      ...nothing,
      executions: 1,
      steps,
      longest: steps,
      traces: traces.seen(),
      outcomes: failed || execution.outcome === null ? [] : [[execution.outcome, 1]],
      found,
      // Its workers do not tell.
      cut: true,
      meeting: order.meetings.sort,
      branched: acting.size > 1,
      failedAt: failed ? number : null,
    });
  }
}

const nothing = {
  executions: 0,
  repeated: 0,
  steps: 0,
  longest: 0,
  traces: new Distinct().seen(),
  outcomes: [],
  found: [],
  reached: [],
  measured: [],
  cut: true,
  meeting: Meeting.Never,
  branched: false,
  by: '',
  exhausted: null,
  nextTier: null,
  failedAt: null,
};

function stepsByActor(trace: Trace): Map<number, number> {
  const steps = new Map<number, number>();
  for (let at = 0; at < trace.length; at = trace.after(at)) {
    if (isStep(trace.kindAt(at))) steps.set(trace.actorAt(at), (steps.get(trace.actorAt(at)) ?? 0) + 1);
  }
  return steps;
}
