/** Every execution that dpor has for a scenario, in this very thread; what is shared is found out first. */
import type { InlineMachine } from '../../src/machine/inline-machine.ts';
import { Shares } from '../../src/schedule/shares.ts';
import { type Equivalence, makeStrategy, makeTree } from '../../src/schedule/strategies.ts';
import type { Scenario } from '../../src/task/scenario.ts';
import { type Ended, Inline, load } from './inline.ts';

/** More executions than this are too many for a test. */
const most = 200_000;

export interface Reduced {
  readonly ended: number;
  /** Executions that turned out to have been had. */
  readonly repeated: number;
  /** What has tried everything, where that has parts. */
  readonly part: string | undefined;
}

/** `see` is shown each execution, and the machine as it has left it. */
export function everyTrace(
  scenario: Scenario,
  see: (ended: Ended, machine: InlineMachine) => void = () => {},
  equivalence: Equivalence = 'traces',
): Reduced {
  const inline = new Inline(load(scenario));
  const strategy = makeStrategy('dpor', { seed: 1, preemptions: null, equivalence });
  let ended = 0;
  let repeated = 0;
  for (let number = 1; strategy.begin(number); number++) {
    if (number > most) throw new Error(`${scenario.name} has more than ${most} executions`);
    inline.machine.run(strategy);
    if (strategy.repeated) repeated++;
    else ended++;
    see(inline.describe(), inline.machine);
    strategy.end(0);
    if (!inline.widen()) continue;
    strategy.restart();
    ended = 0;
    repeated = 0;
  }
  return { ended, repeated, part: strategy.part };
}

/** The same of a tree in shares: what each of them had. */
export function inShares(scenario: Scenario, count: number, see: (ended: Ended) => void = () => {}): Reduced[] {
  const inline = new Inline(load(scenario));
  for (;;) {
    const tree = makeTree('dpor', { seed: 1, preemptions: null });
    const shares = new Shares(tree, 0, count);
    while (shares.survey()) {
      inline.machine.run(tree);
      tree.end(0);
      shares.look();
    }
    const reduced = Array.from({ length: count }, (_, index) => {
      const result = { ended: 0, repeated: 0, part: tree.part };
      for (shares.take(index); shares.begin(); tree.end(0)) {
        inline.machine.run(tree);
        if (tree.repeated) result.repeated++;
        else result.ended++;
        see(inline.describe());
      }
      return result;
    });
    if (!inline.widen()) return reduced;
  }
}
