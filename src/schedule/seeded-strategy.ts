/** What all strategies have in common that draw lots: execution n draws from the stream of the seed and n, whoever runs it. */
import { mostActors } from '../machine/actors.ts';
import type { Strategy } from '../machine/schedule.ts';
import { Generator } from './generator.ts';
import type { Maxima } from './maxima.ts';

/** A scenario has at most 256 threads. */
export const actorLimit = mostActors(256);

export abstract class SeededStrategy implements Strategy {
  abstract readonly name: string;
  readonly repeated = false;
  readonly lessons: Maxima | null = null;
  protected readonly generator = new Generator();

  constructor(private readonly seed: number) {}

  begin(number: number): boolean {
    this.generator.seed(this.seed, number);
    return true;
  }

  abstract pick(runnable: Int32Array, count: number, current: number, steps: number): number;

  /** Another strategy has picked `actor`: what there is to be measured is measured all the same. Between `begin` and `end`, in place of `pick`. */
  follow(_runnable: Int32Array, _count: number, _actor: number): void {}

  choose(n: number): number {
    return this.generator.below(n);
  }

  end(): void {}

  /** Lengths were counted in other points. */
  restart(): void {
    this.lessons?.reset([]);
  }
}
