/**
 * How many executions dpor needs for programs that others have counted: each order of conflicting steps once, none begun in vain
 * (execution.md, rules 26 and 27).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { counted } from '../../support/counted.ts';
import { everyTrace } from '../../support/reduction.ts';

const test = suite('dpor: counts');

for (const [name, program, executions] of counted)
  test(`${name}: ${executions} executions`, () => {
    const { ended, repeated } = everyTrace(program);
    assert.equal([ended, repeated], [executions, 0]);
  });

test.run();
