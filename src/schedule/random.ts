/**
 * Random walk: at each point every runnable actor is equally likely. No guarantee but that every schedule can happen; good at
 * short programs, weak where a bug needs one thread to run long undisturbed.
 */
import { SeededStrategy } from './seeded-strategy.ts';

export class RandomStrategy extends SeededStrategy {
  readonly name = 'random';

  pick(runnable: Int32Array, count: number): number {
    return runnable[this.generator.below(count)]!;
  }
}
