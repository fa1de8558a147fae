// deadline: 300
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Kind, Trace } from '../../src/kernel/trace.ts';
import { Stop } from '../../src/machine/controlled-thread.ts';
import { Slot, SlotState } from '../../src/machine/threads/layout.ts';
import { type ThreadExecution, ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { within } from './support/bounded.ts';

const url = new URL('../fixtures/threads-scenarios.ts', import.meta.url).href;
const limit = 60_000;
const a = 0;
const b = 1;
const c = 2;
let threads: ThreadMachine;

test.before(async () => {
  threads = await within(limit, 'booting', ThreadMachine.boot(url, 'mortal', { maximumSteps: 1_000_000 }));
});
test.after(() => within(limit, 'shutting down', threads.shutdown()));

/** A schedule that keeps a and b busy for a while, changing every few steps. */
const busy = {
  runs: Array.from({ length: 4000 }, (_, i) => ({ actor: i === 0 ? c : i % 2, steps: i === 0 ? 1 : 5 })),
  choices: new Map(),
};

/** How each thread ended, by number: a `Stop`. */
function ends(execution: ThreadExecution): Map<number, number> {
  const trace = new Trace(execution.trace, execution.trace.length);
  const found = new Map<number, number>();
  for (let at = 0; at < trace.length; at = trace.after(at))
    if (trace.kindAt(at) === Kind.End) found.set(trace.actorAt(at), trace.words[at + 5]!);
  return found;
}

async function killing(thread: number, after: number): Promise<ThreadExecution> {
  await within(limit, 'the workers', threads.ready());
  const running = threads.replay(busy);
  setTimeout(() => threads.terminate(thread), after);
  return within(limit, `an execution in which thread ${thread} dies`, running);
}

for (const [thread, others] of [
  [a, [b]],
  [b, [a]],
] as const) {
  for (const after of [5, 15, 40]) {
    test(`worker ${thread} ends after ${after} ms, with the baton or waiting for it: the others go on`, async () => {
      const died = ends(await killing(thread, after));
      // It may have been done before; nobody else may suffer.
      assert.ok(died.get(thread) === Stop.Died || died.get(thread) === 0);
      for (const other of others) assert.is(died.get(other), 0);
    });
  }
}

test('a worker that ends in a blocked call is no deadlock', async () => {
  const died = ends(await killing(c, 10));
  if (died.get(c) === Stop.Died) assert.is(died.get(a), 0);
});

test('a worker that ends before the start dies in the execution or is replaced', async () => {
  threads.terminate(b);
  const died = ends(await within(limit, 'the execution', threads.replay(busy)));
  assert.is(died.get(a), 0);
});

test('afterwards the machine is as good as new', async () => {
  const first = await within(limit, 'an execution', threads.replay(busy));
  const second = await within(limit, 'another', threads.replay(busy));
  assert.is(first.traceHash, second.traceHash);
  assert.equal([...first.texts.values()], ['nobody can run: c waits for a message to c']);
});

/** What `choose` answers thread a: 1, so often. */
const ones = (count: number) => ({ runs: [], choices: new Map([[a, new Array<number>(count).fill(1)]]) });

test('a worker that outgrows its heap dies; the others go on, and the machine is as good as new', async () => {
  const machine = await within(limit, 'booting', ThreadMachine.boot(url, 'hungry', { heap: 48 }));
  try {
    const before = await within(limit, 'an execution', machine.replay(ones(1)));
    assert.equal(before.results, [100, 'b']);
    const died = await within(limit, 'the death', machine.replay(ones(100_000)));
    assert.is(ends(died).get(a), Stop.Died);
    assert.is(ends(died).get(b), 0);
    assert.is(died.results[b], 'b');
    assert.is((await within(limit, 'an execution', machine.replay(ones(1)))).traceHash, before.traceHash);
  } finally {
    await within(limit, 'shutting down', machine.shutdown());
  }
});

test('a worker that dies half-way through writing a request takes nothing with it', async () => {
  const machine = await within(limit, 'booting', ThreadMachine.boot(url, 'halfway', {}));
  try {
    const before = await within(limit, 'an execution', machine.replay(ones(0)));
    const running = machine.replay(ones(1));
    const deadline = Date.now() + limit;
    const payload = machine.control.payload(a + 1);
    while (payload.at(-1) !== 1) {
      assert.ok(Date.now() < deadline, 'thread a begins to write');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.is(machine.control.words[machine.control.slot(a + 1, Slot.State)], SlotState.Free, 'no request yet');
    machine.terminate(a);
    const died = await within(limit, 'the execution', running);
    assert.is(ends(died).get(a), Stop.Died);
    assert.is(died.results[b], 'b');
    assert.is((await within(limit, 'an execution', machine.replay(ones(0)))).traceHash, before.traceHash);
  } finally {
    await within(limit, 'shutting down', machine.shutdown());
  }
});

test('a machine is shut down while its tasks run', async () => {
  const machine = await within(limit, 'booting', ThreadMachine.boot(url, 'livelock', { maximumSteps: 1_000_000 }));
  const running = machine.replay({ runs: [], choices: new Map() }).then(
    () => 'done',
    () => 'rejected',
  );
  await within(limit, 'shutting down', machine.shutdown());
  assert.is(await within(limit, 'the replay', running), 'rejected');
});

test.run();
