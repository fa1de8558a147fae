/**
 * The traces that a strategy comes to, each once however often: a step can only be told from another by what it conflicts with, which `Recorder` says.
 *
 * Left out are those in which somebody tries to take a lock that is held. Dpor has threads do so only where nobody else can go on, or where one
 * that waits is forestalled.
 */
import type { Intents } from '../../src/machine/intents.ts';
import type { Schedule, Watched } from '../../src/machine/schedule.ts';
import { DepthFirstStrategy } from '../../src/schedule/depth-first.ts';
import { OptimalReduction } from '../../src/schedule/dpor/dpor.ts';
import { Recorder } from '../../src/schedule/dpor/recorder.ts';
import { noChoices } from '../../src/schedule/dpor/variants.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { Inline, load } from './inline.ts';

interface Enumerating extends Schedule {
  readonly repeated: boolean;
  begin(): boolean;
  end(): void;
}

/** A strategy, with every step of its executions written down a second time, of repeated ones too. */
class Observed implements Schedule {
  readonly countsSteps = true;
  readonly readsEffects = true;
  private readonly observer = new Recorder();
  private actors: number[] = [];
  /** Step → what it chose. */
  private chosen: string[] = [];

  constructor(private readonly strategy: Enumerating) {}

  get repeated(): boolean {
    return this.strategy.repeated;
  }

  begin(): boolean {
    return this.strategy.begin();
  }

  watch(intents: Intents, execution: Watched): void {
    this.strategy.watch?.(intents, execution);
    this.observer.watch(intents, execution);
    this.actors = [];
    this.chosen = [];
  }

  pick(runnable: Int32Array, count: number, current: number, steps: number): number {
    this.write(true);
    this.observer.look(this.actors.length, runnable, count);
    const actor =
      count > 1 || this.strategy.countsSteps === true
        ? this.strategy.pick(runnable, count, current, steps)
        : runnable[0]!;
    this.actors.push(actor);
    this.chosen.push('');
    return actor;
  }

  choose(n: number, thread: number): number {
    const value = this.strategy.choose(n, thread);
    this.chosen[this.chosen.length - 1] += ` ${value}`;
    return value;
  }

  end(): void {
    this.strategy.end();
    this.write(false);
    const last = this.actors.length - 1;
    if (last >= 0) this.observer.finish(last, this.actors[last]!);
  }

  /** Whether somebody has tried to take a lock that was held. */
  get hasTried(): boolean {
    return this.actors.some((_, step) => this.observer.past.isAttempt(step));
  }

  /** The execution's steps, in the first order by actors that its trace has. */
  get normalForm(): string {
    const { past } = this.observer;
    const left = this.actors.map((_, step) => step);
    for (const step of left) past.order(step);
    past.raceCount = 0;
    const form: string[] = [];
    while (left.length > 0) {
      const free = left.filter((step) => left.every((other) => other >= step || !past.isBefore(other, step)));
      const next = free.reduce((best, step) => (this.actors[step]! < this.actors[best]! ? step : best));
      left.splice(left.indexOf(next), 1);
      form.push(this.actors[next]! + this.chosen[next]!);
    }
    return form.join();
  }

  private write(goesOn: boolean): void {
    const step = this.actors.length - 1;
    if (step >= 0) this.observer.write(step, this.actors[step]!, noChoices, goesOn);
  }
}

/** Null where there are more than `most` executions. */
function formsOf(scenario: Scenario, make: () => Enumerating, most: number): Set<string> | null {
  const inline = new Inline(load(scenario));
  for (;;) {
    const strategy = new Observed(make());
    const forms = new Set<string>();
    let wider = false;
    for (let left = most; !wider && strategy.begin(); left--) {
      if (left === 0) return null;
      inline.machine.run(strategy);
      const { repeated } = strategy;
      strategy.end();
      if (!repeated && !strategy.hasTried) forms.add(strategy.normalForm);
      wider = inline.widen();
    }
    if (!wider) return forms;
  }
}

/** Those of dpor. */
export const normalForms = (scenario: Scenario): Set<string> =>
  formsOf(scenario, () => new OptimalReduction(), Number.POSITIVE_INFINITY)!;

/** Those of every schedule; null where there are more than `most`. */
export const everyNormalForm = (scenario: Scenario, most: number): Set<string> | null =>
  formsOf(scenario, () => new DepthFirstStrategy(null), most);
