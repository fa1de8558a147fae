// deadline: 480
/** Every failure of the gallery, and of the programs that strategies are compared with, comes out the same on threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareAll } from '../support/confirmed.ts';

const test = suite('confirmed');

for (const { folder, least, large } of [
  { folder: 'scripts/scenarios/', least: 20, large: [] },
  {
    folder: 'scripts/bench/programs/bugs/',
    least: 20,
    // More threads than there should be workers.
    large: [
      ...[
        'din_phil4_sat',
        'din_phil5_sat',
        'din_phil6_sat',
        'din_phil7_sat',
        'fsbench',
        'phil_cycle_5',
        'phil_cycle_7',
      ],
      ...['reorder_4', 'reorder_5', 'reorder_10', 'reorder_20', 'reorder_50', 'reorder_100'],
      ...['twostage_20', 'twostage_50', 'twostage_100'],
    ],
  },
]) {
  test(`each broken rule of ${folder} is the same on threads`, async () => {
    const { compared, passedOver } = await compareAll(folder);
    assert.ok(compared >= least, `${compared} failures`);
    assert.equal([...passedOver].sort(), [...large].sort());
  });
}

test.run();
