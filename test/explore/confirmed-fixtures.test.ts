// deadline: 480
/** Every failure of the scenarios that tests explore comes out the same on threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareAll } from '../support/confirmed.ts';

const test = suite('confirmed fixtures');

test('each broken rule of test/fixtures/ is the same on threads', async () => {
  const { compared, passedOver } = await compareAll('test/fixtures/');
  assert.ok(compared >= 50, `${compared} failures`);
  assert.equal(passedOver, []);
});

test.run();
