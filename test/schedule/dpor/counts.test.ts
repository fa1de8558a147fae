/**
 * How many executions dpor needs for programs that others have counted: each order of conflicting steps once, or each way for reads to read from
 * writes, and none begun in vain (execution.md, rules 26 and 27).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lostUpdate } from '../../../scripts/bench/programs/counting.ts';
import { counted, countedReads } from '../../support/counted.ts';
import { everyTrace } from '../../support/reduction.ts';

const test = suite('dpor: counts');

for (const [name, program, executions] of counted)
  test(`${name}: ${executions} executions`, () => {
    const { ended, repeated } = everyTrace(program);
    assert.equal([ended, repeated], [executions, 0]);
  });

for (const [name, program, executions] of countedReads)
  test(`${name}: ${executions} executions by who reads from whom`, () => {
    const { ended, repeated, part } = everyTrace(program, undefined, 'reads-from');
    assert.equal([ended, repeated, part], [executions, 0, 'dpor:reads-from']);
  });

test('what outcome looks at is read too: which of two lost updates came last makes a difference then', () => {
  assert.is(everyTrace(lostUpdate(2, 1), undefined, 'reads-from').ended, 4);
});

test.run();
