// deadline: 400
/** dpor reaches exactly the outcomes that every schedule together reaches (property), where devices are not coherent: what a data cache may do is tried too. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CachedProgram, cachedProgram, cachedScenario } from '../../support/cached-programs.ts';
import { compareOutcomes, everySchedule, outcomeOf } from '../../support/outcomes.ts';
import { everyTrace, inShares } from '../../support/reduction.ts';

const test = suite('dpor: data cache');

const programs = Math.ceil(Number(process.env.PROGRAMS ?? 1000) / 2);

const value = 1;
const known: readonly [string, CachedProgram][] = [
  [
    'a load puts the whole line into the cache, where its other words stay as they were',
    [
      // Beside a device the last step of a thread conflicts with everything.
      [
        { op: 'storePast', at: 0, value },
        { op: 'loadPast', at: 2, value },
      ],
      [
        { op: 'load', at: 1, value },
        { op: 'loadPast', at: 0, value },
        { op: 'load', at: 0, value },
        { op: 'loadPast', at: 2, value },
      ],
      [],
    ],
  ],
  [
    'which lines there are to choose from depends on when one goes',
    [
      [
        { op: 'store', at: 0, value },
        { op: 'store', at: 2, value },
        { op: 'loadPast', at: 2, value },
        { op: 'loadPast', at: 0, value },
      ],
      [],
      [],
    ],
  ],
  [
    'a line can go only until it is cleaned, another one all the time',
    [
      [
        { op: 'store', at: 0, value },
        { op: 'store', at: 2, value },
        { op: 'loadPast', at: 2, value },
        { op: 'clean', at: 2 },
      ],
      [{ op: 'load', at: 0, value }],
      [],
    ],
  ],
];

for (const [title, program] of known) {
  test(title, () => {
    const scenario = cachedScenario(program);
    const expected = [...everySchedule(scenario, 100_000)!.outcomes].sort();
    const outcomes = new Set<string>();
    const { ended } = everyTrace(scenario, (one) => outcomes.add(outcomeOf(one)));
    assert.equal([...outcomes].sort(), expected);
    const inParts = new Set<string>();
    const shares = inShares(scenario, 5, (one) => inParts.add(outcomeOf(one)));
    assert.equal([...inParts].sort(), expected);
    assert.is(
      shares.reduce((sum, share) => sum + share.ended, 0),
      ended,
    );
  });
}

test(`the outcomes of ${programs} random programs with cached and uncached accesses, maintenance and a device`, () => {
  const all = compareOutcomes(cachedProgram, cachedScenario, 'traces', programs);
  assert.ok(all.traces < all.schedules, `${all.traces} executions in place of ${all.schedules} are no reduction`);
});

test.run();
