/** The traces that dpor comes to, each once however often: a step can only be told from another by what it conflicts with, which `Recorder` says. */
import type { Intents } from '../../src/machine/intents.ts';
import type { Watched } from '../../src/machine/schedule.ts';
import { OptimalReduction } from '../../src/schedule/dpor/dpor.ts';
import { Recorder } from '../../src/schedule/dpor/recorder.ts';
import { noChoices } from '../../src/schedule/dpor/variants.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { Inline, load } from './inline.ts';

/** Dpor, with every step written down a second time, repeated ones too. */
class Observed extends OptimalReduction {
  private readonly observer = new Recorder();
  private actors: number[] = [];
  /** Step → what it chose. */
  private chosen: string[] = [];

  override watch(intents: Intents, execution: Watched): void {
    super.watch(intents, execution);
    this.observer.watch(intents, execution);
    this.actors = [];
    this.chosen = [];
  }

  override pick(runnable: Int32Array, count: number, current: number): number {
    this.write(true);
    this.observer.look(this.actors.length, runnable, count);
    const actor = super.pick(runnable, count, current);
    this.actors.push(actor);
    this.chosen.push('');
    return actor;
  }

  override choose(n: number): number {
    const value = super.choose(n);
    this.chosen[this.chosen.length - 1] += ` ${value}`;
    return value;
  }

  override end(): void {
    super.end();
    this.write(false);
    const last = this.actors.length - 1;
    if (last >= 0) this.observer.finish(last, this.actors[last]!);
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

export function normalForms(scenario: Scenario): number {
  const inline = new Inline(load(scenario));
  const strategy = new Observed();
  const forms = new Set<string>();
  while (strategy.begin()) {
    inline.machine.run(strategy);
    const { repeated } = strategy;
    strategy.end();
    if (!repeated) forms.add(strategy.normalForm);
    if (!inline.widen()) continue;
    strategy.restart();
    forms.clear();
  }
  return forms.size;
}
