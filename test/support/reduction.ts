/** Every execution that dpor has for a scenario, in this very thread; what is shared is found out first. */
import { makeStrategy } from '../../src/schedule/strategies.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { type Ended, Inline, load } from './inline.ts';

/** More executions than this are too many for a test. */
const most = 200_000;

export interface Reduced {
  readonly ended: number;
  /** Executions that turned out to have been had. */
  readonly repeated: number;
}

/** `see` is shown each execution. */
export function everyTrace(scenario: Scenario, see: (ended: Ended) => void = () => {}): Reduced {
  const inline = new Inline(load(scenario));
  const strategy = makeStrategy('dpor', { seed: 1, preemptions: null });
  let ended = 0;
  let repeated = 0;
  for (let number = 1; strategy.begin(number); number++) {
    if (number > most) throw new Error(`${scenario.name} has more than ${most} executions`);
    inline.machine.run(strategy);
    if (strategy.repeated) repeated++;
    else ended++;
    strategy.end(0);
    see(inline.describe());
    if (!inline.widen()) continue;
    strategy.restart();
    ended = 0;
    repeated = 0;
  }
  return { ended, repeated };
}
