/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010). Every actor gets a random
 * priority, and the highest that can run does; at d − 1 random steps whoever runs falls below all others.
 *
 * Guarantee: of n threads that take at most k steps, a bug of depth d (d orderings are enough to cause it) is hit with a probability of
 * at least 1 / (n · kᵈ⁻¹) in each execution. Choose it for bugs that need one thread to run long while another stands still, and where
 * few orderings matter.
 *
 * k is how many choices the longest execution so far has had. Past twice that it goes on as a random walk: somebody of high priority
 * who spins until one of low priority has done something would spin for ever. So does the first execution, which measures.
 */
import { Maxima } from './maxima.ts';
import { actorLimit, SeededStrategy } from './seeded-strategy.ts';

/** The key of k. */
const length = 0;

export class PctStrategy extends SeededStrategy {
  readonly name = 'pct';
  override readonly lessons = new Maxima();
  /** Actor → its priority, 0 while it has none. Changes give those from 1 to d − 1, all others are above. */
  private readonly priorities = new Float64Array(actorLimit);
  /** The choices, counted from 0, at which priorities change. */
  private readonly changes: Int32Array;
  private choices = 0;
  private walksFrom = 0;

  /** @param depth d, from 1 */
  constructor(
    seed: number,
    private readonly depth: number,
  ) {
    super(seed);
    this.changes = new Int32Array(depth - 1);
  }

  override begin(number: number): boolean {
    super.begin(number);
    const { generator, changes } = this;
    this.priorities.fill(0);
    this.choices = 0;
    const steps = this.lessons.of(length);
    this.walksFrom = 2 * steps;
    for (let i = 0; i < changes.length; i++) changes[i] = generator.below(steps);
    return true;
  }

  pick(runnable: Int32Array, count: number): number {
    const { changes, priorities } = this;
    const choice = this.choices++;
    if (choice >= this.walksFrom) return runnable[this.generator.below(count)]!;
    let best = this.highest(runnable, count);
    for (let i = 0; i < changes.length; i++) {
      if (changes[i] !== choice) continue;
      priorities[best] = i + 1;
      best = this.highest(runnable, count);
    }
    return best;
  }

  override follow(): void {
    this.choices++;
  }

  override end(): void {
    this.lessons.note(length, this.choices);
  }

  private highest(runnable: Int32Array, count: number): number {
    const { priorities } = this;
    let best = -1;
    for (let i = 0; i < count; i++) {
      const actor = runnable[i]!;
      if (priorities[actor] === 0) priorities[actor] = this.depth + this.generator.next();
      if (best < 0 || priorities[actor]! > priorities[best]!) best = actor;
    }
    return best;
  }
}
