/** The text of a deadlock names its cycle. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeWaits, waitCycle } from '../../src/machine/wait-for.ts';

const wait = (thread: string, subject: string, holder: string | null) => ({ thread, subject, holder });

test('a cycle of two, in the order of the list', () => {
  const waits = [wait('a', 'the map lock of client', 'b'), wait('b', 'the map lock of kernel', 'a')];
  assert.is(
    describeWaits(waits),
    'a waits for the map lock of client held by b, b waits for the map lock of kernel held by a',
  );
  assert.equal(waitCycle(waits), waits);
});

test('who waits beside the cycle comes after it', () => {
  const waits = [
    wait('c', 'lock 1', 'a'),
    wait('d', 'a message to d', null),
    wait('a', 'lock 2', 'b'),
    wait('b', 'lock 1', 'a'),
  ];
  assert.is(
    describeWaits(waits),
    'a waits for lock 2 held by b, b waits for lock 1 held by a; besides, c waits for lock 1 held by a, d waits for a message to d',
  );
});

test('a thread that waits for itself is a cycle', () => {
  assert.is(describeWaits([wait('a', 'lock 1', 'a')]), 'a waits for lock 1 held by itself');
  assert.is(waitCycle([wait('a', 'lock 1', 'a')]).length, 1);
});

test('a chain to somebody who does not wait is no cycle', () => {
  const waits = [wait('a', 'lock 1', 'b'), wait('b', 'lock 2', 'c')];
  assert.equal(waitCycle(waits), []);
  assert.is(describeWaits(waits), 'a waits for lock 1 held by b, b waits for lock 2 held by c');
});

test('messages that nobody will send', () => {
  assert.is(
    describeWaits([wait('a', 'a message to a', null), wait('b', 'its time', null)]),
    'a waits for a message to a, b waits for its time',
  );
  assert.is(describeWaits([]), '');
});

test.run();
