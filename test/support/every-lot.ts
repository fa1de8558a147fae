/** What a probe stands for in the mean, exactly: over every lot that it could draw, each with its probability. */
import { TraceWalk } from '../../src/schedule/estimate/trace-walk.ts';
import { Generator } from '../../src/schedule/generator.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { Inline, load } from './inline.ts';

/** Draws by lot in the first few probes, and in the next one everything there is to be drawn, one way after the other. */
class EveryLot extends Generator {
  /** With which the present way is drawn. */
  probability = 1;
  private readonly drawn: { value: number; ways: number }[] = [];
  private at = 0;
  private isLottery = false;

  constructor(private readonly lessons: number) {
    super();
  }

  override seed(seed: number, number: number): void {
    super.seed(seed, number);
    this.isLottery = number <= this.lessons;
    this.at = 0;
    this.probability = 1;
  }

  override below(n: number): number {
    if (this.isLottery) return super.below(n);
    if (this.at === this.drawn.length) this.drawn.push({ value: 0, ways: n });
    const { value, ways } = this.drawn[this.at++]!;
    this.probability /= ways;
    return value;
  }

  /** False when every way has been had. */
  turn(): boolean {
    while (this.drawn.length > 0) {
      const last = this.drawn[this.drawn.length - 1]!;
      if (++last.value < last.ways) return true;
      this.drawn.pop();
    }
    return false;
  }
}

/** The expectation of a probe that came after `lessons` others. Null where it is refused, or there are more than `most` ways. */
export function expectation(scenario: Scenario, lessons: number, most: number): number | null {
  const inline = new Inline(load(scenario));
  const run = (walk: TraceWalk, number: number): void => {
    walk.begin(number);
    inline.machine.run(walk);
    walk.end();
  };
  // What its threads do first is known once all have begun, and what they share.
  for (let number = 1, wider = true; number < 4 || wider; number++) {
    run(new TraceWalk(number), number);
    wider = inline.widen();
  }
  const lots = new EveryLot(lessons);
  let sum = 0;
  let ways = 0;
  do {
    const walk = new TraceWalk(1, lots);
    for (let number = 1; number <= lessons + 1; number++) run(walk, number);
    if (walk.refusal !== null || ++ways > most) return null;
    sum += walk.weight * lots.probability;
  } while (lots.turn());
  return inline.widen() ? null : sum;
}
