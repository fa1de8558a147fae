/**
 * Random programs, as text: compiled to yield, each execution leaves the very trace that it leaves when its functions are suspended by
 * throwing and run again, under the same schedules (execution.md, rule 17: how a thread is suspended is the engine's business).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadScenario } from '../../src/machine/scenario-loader.ts';
import { singleCallNames, singleCalls } from '../../src/machine/single-calls.ts';
import { Inline } from '../support/inline.ts';
import { propertySeed } from '../support/seeded.ts';

const test = suite('functions compiled to yield');
const folder = mkdtempSync(join(tmpdir(), 'wiredown-yielding-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const word = fc.nat(3).map((n) => `(at + ${4 * n})`);
/** Past the page that is allocated, so that it faults; and across the edge of the two that are. */
const odd = fc.constantFrom('(at + 4094)', '(at + 70000)');

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.nat(5).map(String),
    fc.tuple(fc.constantFrom('8', '16', '32'), word).map(([width, a]) => `task.load${width}(${a})`),
    word.map((a) => `Number(task.load64(${a}) & 7n)`),
    fc
      .tuple(fc.constantFrom('add', 'exchange', 'store', 'xor'), word, fc.nat(3))
      .map(([name, a, value]) => `task.atomic.${name}(${a}, ${value})`),
    word.map((a) => `task.atomic.compareExchange(${a}, 1, 2)`),
    word.map((a) => `twice(task, ${a})`),
    word.map((a) => `[1, 2].map((n) => task.load8(${a} + n)).length`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} ? ${b} : 1)`),
    fc.constantFrom('task.choose(3)', 'task.now()', 'Math.floor(task.random() * 4)'),
    fc.constantFrom('(lock.tryLock() ? lock.unlock() ?? 1 : 0)', 'memory.prepare()', 'memory.complete() % 7'),
    fc.constantFrom('task.atomic.notify(at, 1)', 'task.atomic.wait(at, 1, 9).length', 'task.allocate(4096) % 5'),
  ),
}));

const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc
      .tuple(fc.constantFrom('8', '16', '32'), word, expression)
      .map(([width, a, e]) => `task.store${width}(${a}, ${e});`),
    fc.tuple(word, expression).map(([a, e]) => `task.store64(${a}, BigInt(${e} % 9));`),
    expression.map((e) => `sum += ${e};`),
    fc.tuple(expression, tie('statement')).map(([e, s]) => `if (${e} > 1) ${s} else task.yield();`),
    fc.tuple(fc.integer({ min: 1, max: 3 }), tie('statement')).map(([n, s]) => `for (let i = 0; i < ${n}; i++) ${s}`),
    fc
      .tuple(odd, tie('statement'))
      .map(([a, s]) => `try { task.store32(${a}, 1); ${s} } catch (error) { sum += error.name.length; }`),
    fc.tuple(tie('statement'), tie('statement')).map(([a, b]) => `{ ${a} ${b} }`),
    fc.tuple(tie('statement'), tie('statement')).map(([a, b]) => `try { ${a} } finally { ${b} }`),
    fc.constantFrom('task.yield();', 'task.spinHint();', "task.log('here');", 'task.sleep(5);', 'task.allocate(4096);'),
    // While others stand before an access to it: where they were about to go is no more what it was.
    fc.constantFrom('task.protect(at, 4096, 1);', 'task.protect(at, 4096, 3);', 'task.deallocate(at, 4096);'),
    expression.map((e) => `task.assert(${e} < 9, 'small');`),
    expression.map((e) => `{ const one = locks[${e} % 2]; one?.lock(); sum += ${e}; one?.unlock(); }`),
    tie('statement').map((s) => `{ lock.lock(); ${s} lock.unlock(); }`),
    tie('statement').map(
      (s) => `{ locks[0] /* held */ .lock(); try { ${s} } finally { locks[task.load8(at + 63) & 0].unlock(); } }`,
    ),
    fc.constantFrom('{ lock.lock(); lock.sleepDeadline(1, 50); lock.unlock(); }', 'lock.wakeup(1, false);'),
    fc.constantFrom(
      "task.send('app.t0', 1);",
      "task.send('app.t1', [2]);",
      'sum += JSON.stringify(task.receive()).length;',
    ),
  ),
}));

const functions = fc.array(fc.array(statement, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 3 });

function scenario(bodies: readonly string[][]): string {
  const threads = bodies.map(
    (body, i) => `t${i}(task, { at, lock, locks, memory }) { let sum = 0; ${body.join('\n')} return sum; }`,
  );
  return `import { defineScenario, IOLock, IOMemoryDescriptor } from 'wiredown';
const inner = (task, a) => task.load32(a) + 1;
function twice(task, a) { task.store32(a, inner(task, a)); return inner(task, a) % 5; }
export default defineScenario({
  name: 'random', machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const app = machine.task('app'); const at = app.allocate(8192); app.store32(at, 1);
    const memory = IOMemoryDescriptor.withAddressRange(at, 64, 1, app);
    return { at, lock: IOLock.alloc(), locks: [IOLock.alloc(), IOLock.alloc()], memory };
  },
  tasks: { app: { ${threads.join(',\n')} } },
});`;
}

let count = 0;

async function loaded(text: string) {
  const file = join(folder, `program-${count++}.mjs`);
  writeFileSync(file, text);
  return loadScenario(pathToFileURL(file).href, null);
}

test('a random program leaves the same trace compiled and not', async () => {
  let compiled = 0;
  await fc.assert(
    fc.asyncProperty(functions, fc.nat(1000), async (bodies, seed) => {
      const program = await loaded(scenario(bodies));
      if (program.yielding !== null) compiled++;
      const yielding = new Inline(program);
      const thrown = new Inline({ ...program, yielding: null });
      for (let number = 1; number <= 25; number++) {
        const expected = thrown.random(number, seed);
        assert.equal(yielding.random(number, seed), expected);
        // And by its runs, which is how the two are compared in a campaign.
        assert.is(yielding.replay(expected.runs).hash, expected.hash);
        yielding.widen();
        thrown.widen();
      }
    }),
    { seed: propertySeed, numRuns: 120, includeErrorInReport: true },
  );
  assert.ok(compiled > 60, `only ${compiled} of the programs were compiled: the property shows too little`);
});

/** What a program's threads return, and what ends them, compiled and not, under one schedule. */
async function bothWays(body: string): Promise<[unknown, unknown]> {
  const program = await loaded(`import { defineScenario, IOLock, threads } from 'wiredown';
export default defineScenario({
  name: 'ways', machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const app = machine.task('app'); const at = app.allocate(4096); app.store32(at, 7);
    return { at, lock: IOLock.alloc() };
  },
  tasks: { app: threads(2, (task, { at, lock }) => { ${body} }) },
});`);
  assert.ok(program.yielding, 'it is compiled');
  const ways = [program, { ...program, yielding: null }].map((way) => {
    const machine = new Inline(way);
    machine.random(1);
    machine.widen();
    return Array.from({ length: 20 }, (_, i) => machine.random(i + 2));
  });
  return ways as [unknown, unknown];
}

for (const [what, operation] of Object.entries({
  'an address': 'task.load32(undefined)',
  'the address of a store': "task.store8('1', 1)",
  'the value of a store': 'task.store64(at, 1)',
  'the address of an atomic': 'task.atomic.add(at + 1, 1)',
  'the value of an atomic': 'task.atomic.exchange(at, undefined)',
  'the expected value': 'task.atomic.compareExchange(at, 1n, 1)',
  'the argument of a kernel call': 'task.sleep(-1)',
}))
  test(`${what} that is refused is refused alike, and what comes next waits for its turn`, async () => {
    // What is in the inner function is not compiled.
    const [compiled, thrown] = await bothWays(`
      let sum = 0;
      for (let i = 0; i < 3; i++) {
        try { ${operation}; } catch (error) { sum += error.message.length; }
        sum += [0, 1].map((n) => task.load32(at + 4 * n))[0];
        task.store32(at, sum);
      }
      return sum;`);
    assert.equal(compiled, thrown);
  });

test('a suspended function is not run again: what it did outside of operations happens once', async () => {
  const program = await loaded(`import { defineScenario, threads } from 'wiredown';
export default defineScenario({
  name: 'runs', machine: { physicalMemory: 1 << 20 },
  setup(machine) { const app = machine.task('app'); const at = app.allocate(4096); app.store32(at, 0); return { at }; },
  tasks: { app: threads(2, (task, { at }) => { globalThis.begun++; for (let i = 0; i < 9; i++) task.store32(at, i); }) },
});`);
  const world = globalThis as unknown as { begun: number };
  const machine = new Inline(program);
  machine.random(1);
  machine.widen();
  world.begun = 0;
  const { runs } = machine.random(2);
  assert.ok(runs.runs.length > 4, 'it switches');
  assert.is(world.begun, 2);
});

test('nor is one that waits in the kernel', async () => {
  const program = await loaded(`import { defineScenario, IOLock, threads } from 'wiredown';
export default defineScenario({
  name: 'waits', machine: { physicalMemory: 1 << 20 },
  setup: () => ({ lock: IOLock.alloc() }),
  tasks: { app: threads(3, (task, { lock }, i) => {
    globalThis.begun++;
    lock.lock();
    task.send('app.' + (i + 1) % 3, i);
    lock.unlock();
    task.sleep(10);
    return task.receive();
  }) },
});`);
  const world = globalThis as unknown as { begun: number };
  const machine = new Inline(program);
  for (let number = 1; number <= 50; number++) {
    world.begun = 0;
    const { results, runs } = machine.random(number);
    assert.equal(results, { 'app.0': 2, 'app.1': 0, 'app.2': 1 });
    assert.is(world.begun, 3, `execution ${number}: ${JSON.stringify(runs)}`);
  }
});

test('a method that is only called like a kernel call is the object’s own', async () => {
  const [compiled, thrown] = await bothWays(`
    const own = { lock: () => task.load32(at) + task.load32(at + 4), prepare(n) { return this.lock() * n; } };
    task.store32(at, own.prepare(2) % 100);
    try { undefined.unlock(); } catch (error) { return own.lock() + error.message; }`);
  assert.equal(compiled, thrown);
});

for (const [what, message] of Object.entries({
  'does an operation': '{ get x() { return task.load32(at); } }',
  'makes a kernel call': '{ get x() { lock.lock(); lock.unlock(); return task.load32(at); } }',
  counts: '{ deep: [{ get x() { return ++sum; } }] }',
  'is behind a proxy': 'new Proxy({ x: 1 }, { get: () => task.load32(at) })',
  'is in a class of its own': 'new (class { get x() { return task.load32(at); } })()',
}))
  test(`a message that runs code when it is read, which ${what}, is sent alike`, async () => {
    const [compiled, thrown] = await bothWays(`
      let sum = 0;
      task.store32(at, task.load32(at) + 1);
      for (let i = 0; i < 3; i++) {
        try { task.send('app.0', ${message}); } catch (error) { sum += error.message.length; }
        task.store32(at, sum);
      }
      if (task.thread === 'app.0') for (let i = 0; i < 3; i++) sum = sum * 9 + (JSON.stringify(task.receive()).length);
      return sum;`);
    assert.equal(compiled, thrown);
  });

test('what may be one kernel call is compiled by its name, and nothing else', async () => {
  const { callNames } = await import(new URL('../../scripts/yielding-analysis.mjs', import.meta.url).href);
  // `sleep` of a lock and of a task, `release` and `unlock` of several classes are one name each.
  assert.equal([...callNames].sort(), [...singleCallNames].sort());
  assert.not(singleCalls.has(undefined), 'each of them is a method');
});

test.run();
