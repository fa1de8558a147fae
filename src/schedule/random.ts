/**
 * Random walk: at each point every runnable actor is equally likely. No guarantee but that every schedule can happen; good at
 * short programs, weak where a bug needs one thread to run long undisturbed.
 */
import type { Strategy } from '../machine/schedule.ts';
import { Generator } from './generator.ts';

export class RandomStrategy implements Strategy {
  readonly name = 'random';
  readonly repeated = false;
  private readonly generator = new Generator();

  /** Execution n uses the stream of `seed` and n, whoever runs it. */
  constructor(private readonly seed: number) {}

  begin(number: number): boolean {
    this.generator.seed(this.seed, number);
    return true;
  }

  pick(runnable: Int32Array, count: number): number {
    return runnable[this.generator.below(count)]!;
  }

  choose(n: number): number {
    return this.generator.below(n);
  }

  end(): void {}

  restart(): void {}
}
