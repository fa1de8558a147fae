/** Sleep locks: whoever waits is woken, one after the other, whatever becomes of those before. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Journal } from '../../src/hardware/journal.ts';
import { allFree, SleepLock } from '../../src/vm/lock.ts';
import type { Steps, Waiter, WaitQueue } from '../../src/vm/steps.ts';

/** A thread that runs one generator, and sleeps in the queue that it yields. */
class Sleeper implements Waiter {
  readonly pool = 1;
  asleep = false;
  done = false;
  private steps: Steps<void> | null = null;

  constructor(readonly name: string) {}

  run(steps: Steps<void>): this {
    this.steps = steps;
    return this.go();
  }

  go(): this {
    assert.is(this.asleep, false);
    const { done, value } = this.steps!.next();
    if (done) this.done = true;
    else {
      this.asleep = true;
      (value as WaitQueue).waiters.push(this);
    }
    return this;
  }

  die(): void {
    this.steps!.return();
  }

  woken(queue: WaitQueue): void {
    queue.waiters.splice(queue.waiters.indexOf(this), 1);
    this.asleep = false;
  }
}

const lock = () => new SleepLock(new Journal(), 'a lock');

test('those who only wait for it to be free wake one another', () => {
  const held = lock();
  const owner = new Sleeper('owner');
  owner.run(held.take(owner));
  const sleepers = ['a', 'b', 'c'].map((name) => {
    const sleeper = new Sleeper(name);
    return sleeper.run(held.free(sleeper));
  });
  assert.equal(
    sleepers.map(({ asleep }) => asleep),
    [true, true, true],
  );
  held.release(owner);
  for (const sleeper of sleepers) assert.ok(sleeper.go().done);
});

test('whoever is woken and dies lets the next one go on', () => {
  for (const call of ['take', 'free'] as const) {
    const held = lock();
    const owner = new Sleeper('owner');
    owner.run(held.take(owner));
    const [first, second] = [new Sleeper('first'), new Sleeper('second')];
    first.run(held[call](first));
    second.run(held.take(second));
    held.release(owner);
    assert.is(first.asleep, false);
    assert.is(second.asleep, true);
    first.die();
    assert.ok(second.go().done);
    assert.is(held.owner, second);
  }
});

test('whoever takes it keeps the others asleep', () => {
  const held = lock();
  const owner = new Sleeper('owner');
  owner.run(held.take(owner));
  const [first, second] = [new Sleeper('first'), new Sleeper('second')];
  first.run(held.take(first));
  second.run(held.free(second));
  held.release(owner);
  assert.ok(first.go().done);
  assert.is(second.asleep, true);
  held.release(first);
  assert.ok(second.go().done);
});

test('several locks are waited for until all are free at once', () => {
  const [one, two] = [lock(), lock()];
  const owner = new Sleeper('owner');
  const waiter = new Sleeper('waiter');
  owner.run(one.take(owner));
  waiter.run(allFree(waiter, [one, two]));
  owner.run(two.take(owner));
  one.release(owner);
  assert.is(waiter.go().done, false);
  owner.run(one.take(owner));
  two.release(owner);
  assert.is(waiter.go().done, false);
  one.release(owner);
  assert.ok(waiter.go().done);
});

test.run();
