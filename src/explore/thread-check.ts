/**
 * The same schedules on real worker threads: execution 1 at the start, so that a task that is no function of its inputs is
 * refused before anything is reported, and every failure at the end.
 */
import { isStep, Trace } from '../kernel/trace.ts';
import { ScenarioError } from '../machine/errors.ts';
import { formatOperation } from '../machine/operations.ts';
import { ThreadMachine } from '../machine/threads/thread-machine.ts';
import type { Description, Probe, Reproduced, Target } from './explorer-service.ts';

export class ThreadCheck {
  readonly machine: Promise<ThreadMachine>;

  /** Starts booting at once: it takes as long as the first thousands of executions. */
  constructor(private readonly target: Target) {
    const { maximumSteps, memoryModel = null } = target.settings;
    this.machine = ThreadMachine.boot(target.url, target.scenario, { maximumSteps, memoryModel });
    this.machine.catch(() => {});
  }

  /** Runs execution 1. Throws ScenarioError when it comes out otherwise than inline. */
  async probe(description: Description, { runs, hash }: Probe): Promise<void> {
    const machine = await this.machine;
    const execution = await machine.replay(runs, { seed: this.target.settings.seed });
    if (execution.traceHash === hash) return;
    throw new ScenarioError(
      `${description.name} is not deterministic: one schedule gives another trace on threads than inline${last(execution.trace, description)}. ` +
        'Use task.random() and task.now() for chance and time, keep no state outside of the functions, or explore with --carrier threads',
    );
  }

  /** Whether a minimised failure comes out the same on threads. */
  async confirms({ replay, runs, seed }: Reproduced): Promise<boolean> {
    const machine = await this.machine;
    const execution = await machine.replay(runs, { seed });
    return execution.traceHash === replay.traceHash;
  }

  async shutdown(): Promise<void> {
    const machine = await this.machine.catch(() => null);
    await machine?.shutdown();
  }
}

/** The last step that the threads took, which is near where they parted. */
function last(words: Float64Array, description: Description): string {
  const trace = new Trace(words, words.length);
  let found = '';
  for (let at = 0; at < trace.length; at = trace.after(at)) {
    if (isStep(trace.kindAt(at)))
      found = `; the last step there was ${formatOperation(trace, at)} by ${description.actors[trace.actorAt(at)]?.name}`;
  }
  return found;
}
