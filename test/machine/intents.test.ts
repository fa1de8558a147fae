/** What schedules are told of the steps ahead: the object of each actor's next one (machine/intents.ts). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { conflict, gone, type Intents, nothing, objectOf } from '../../src/machine/intents.ts';
import type { Schedule } from '../../src/machine/schedule.ts';
import { IOLock } from '../../src/task/iokit/io-lock.ts';
import type { Task } from '../../src/task/task.ts';
import { inline } from '../support/inline.ts';

const test = suite('intents');

interface Shared {
  at: number;
  lock: IOLock;
}

const run = inline<Shared>({
  setup(machine) {
    const at = machine.share(4096);
    machine.task('app').store32(at, 0);
    return { at, lock: IOLock.alloc() };
  },
  tasks: {
    app: {
      writer(task: Task, { at, lock }: Shared) {
        task.store32(at, 1);
        task.store32(at + 4, 1);
        lock.lock();
        lock.unlock();
        task.now();
      },
      reader(task: Task, { at, lock }: Shared) {
        task.load32(at);
        task.load32(at + 4);
        lock.lock();
        lock.unlock();
      },
    },
  },
});

test('an access names its word and whether it writes, a call the handle that it takes first; before the first step nothing is known', () => {
  let seen: Intents | null = null;
  const codes: [number, number][] = [];
  // In turn, so that both stand before the same.
  const inTurn: Schedule = {
    watch: (intents) => {
      seen = intents;
    },
    pick(runnable, count, current) {
      codes.push([seen!.next[0]!, seen!.next[1]!]);
      return count === 1 || current !== runnable[0] ? runnable[0]! : runnable[1]!;
    },
    choose: () => 0,
  };
  run.run(inTurn);
  run.widen();
  codes.length = 0;
  run.run(inTurn);
  assert.equal(codes[0], [0, 0], 'nobody has begun');
  const [first, second] = [seen!.first[0]!, seen!.first[1]!];
  assert.is(objectOf(first), objectOf(second), 'both begin with the same word');
  assert.ok(conflict(first, second));
  assert.equal([first & 1, second & 1], [1, 0], 'one writes, one reads');
  const together = codes.filter(([a, b]) => objectOf(a) !== 0 && objectOf(a) === objectOf(b));
  const objects = new Set(together.map(([a]) => objectOf(a)));
  assert.is(objects.size, 2, 'the second word, and the lock');
  assert.ok([...objects].some((object) => object < 0) && [...objects].some((object) => object > 0));
  assert.ok(
    codes.some(([a]) => a === nothing),
    'now() is about nothing',
  );
  assert.equal([seen!.next[0], seen!.next[1]], [gone, gone], 'at the end');
});

test('two reads do not conflict, nor do steps about nothing, nor those who have ended', () => {
  const [read, write] = [5 << 1, (5 << 1) | 1];
  assert.not(conflict(read, read));
  assert.ok(conflict(read, write));
  assert.not(conflict(write, (6 << 1) | 1));
  assert.not(conflict(nothing, nothing));
  assert.not(conflict(gone, gone));
});

test.run();
