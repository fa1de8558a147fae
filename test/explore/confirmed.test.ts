// deadline: 300
/** Every failure of the gallery, and of the programs that strategies are compared with, comes out the same on threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareAll } from '../support/confirmed.ts';

const test = suite('confirmed');

for (const [folder, least] of [
  ['scripts/scenarios/', 20],
  ['scripts/bench/programs/bugs/', 20],
] as const) {
  test(`each broken rule of ${folder} is the same on threads`, async () => {
    const compared = await compareAll(folder);
    assert.ok(compared >= least, `${compared} failures`);
  });
}

test.run();
