/** What of a scenario's module is compiled to generators (scripts/yielding.mjs), and what is left alone because it is not certain. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileThreads } from '../../scripts/yielding.mjs';

const test = suite('compiling thread functions');

const scenario = (tasks: string, before = '', name = 'wiredown') =>
  `import { daemon, defineScenario, kernelMode, threads } from '${name}';\n${before}\nexport default defineScenario({ name: 'x', tasks: { ${tasks} } });\n`;

/** How many functions became generators, and how many operations may yield. */
function compiled(text: string): { generators: number; sites: number } | null {
  const out = compileThreads(text);
  if (out === null) return null;
  return {
    generators: out.match(/function\s*\*|\*\w+\(/g)?.length ?? 0,
    sites: out.match(/\$again\(\)/g)?.length ?? 0,
  };
}

const one = { generators: 1, sites: 1 };

test('functions in tasks, in every way they can be written', () => {
  assert.equal(compiled(scenario('a: (task) => task.load32(4)')), one);
  assert.equal(compiled(scenario('a: task => task.load32(4)')), one);
  assert.equal(compiled(scenario('a: (task) => { task.store32(4, 1); }')), one);
  assert.equal(compiled(scenario('a: function (task) { task.store32(4, 1); }')), one);
  assert.equal(compiled(scenario('a(task) { task.store32(4, 1); }')), one);
  assert.equal(compiled(scenario('a: { b(task) { task.store32(4, 1); } }')), one);
  assert.equal(compiled(scenario('a: threads(2, (task) => task.load8(4))')), one);
  assert.equal(compiled(scenario('a: daemon((task) => task.load8(4))')), one);
  assert.equal(compiled(scenario('a: { b: kernelMode((task) => task.load8(4)) }')), one);
  assert.equal(compiled(scenario('a: f', 'const f = (task) => task.load8(4);')), one);
  assert.equal(compiled(scenario('f', 'function f(task) { task.load8(4); }')), one);
});

test('every operation that waits for nothing but its turn', () => {
  const operations = [
    ...[8, 16, 32, 64].flatMap((width) => [`load${width}(8)`, `store${width}(8, 1)`]),
    ...['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'].map(
      (name) => `atomic.${name}(8, 1, 2)`,
    ),
    'yield()',
    'spinHint()',
  ];
  for (const operation of operations)
    assert.equal(compiled(scenario(`a: (task) => { task.${operation}; }`)), one, operation);
});

test('what may be a kernel call, whatever stands before it and around it', () => {
  const one = { generators: 1, calls: 1 };
  const made = (body: string) => {
    const out = compileThreads(scenario(`a: (task, { lock, locks }) => { ${body} }`));
    return out === null ? null : { generators: 1, calls: out.match(/\.\$call(Bare)?\(/g)?.length ?? 0 };
  };
  assert.equal(made('lock.lock();'), one);
  assert.equal(made('lock\n  .lock();'), one);
  assert.equal(made('return (lock ?? locks[0]).tryLock();'), one);
  assert.equal(made('(locks?.[0]).unlock();'), one);
  assert.equal(made('task.send(1, task.receive());'), { ...one, calls: 2 });
  assert.equal(made('const x = [1]\n locks[task.load8(1)].lock()\n lock.unlock()'), { ...one, calls: 2 });
  assert.equal(made('lock./* ( */lock();'), { ...one, calls: 0 }, 'a comment may hold anything');
  const text = scenario('a: (task, { locks }) => {\n locks[task.load8(1)]\n .sleepDeadline(1,\n 2)\n}');
  const out = compileThreads(text)!;
  assert.is(out.split('\n').length - 2, text.split('\n').length, 'lines stay lines');
  assert.match(out, /\(\$wiredown=task\.\$call\(locks\[.*\]\n ,'sleepDeadline',1,\n 2\),task\.\$waits\?/);
  const twice = out.match(/\(yield,\$wiredown=task\.\$more\(\),task\.\$waits\?/g);
  assert.is(twice?.length, 2, 'it may wait twice before a generator has to');
  assert.ok(out.includes('yield*task.$rest()'));
});

test('functions that are called by a name which means one thing', () => {
  const add = 'const add = (task, a) => task.store32(a, task.load32(a) + 1);';
  assert.equal(compiled(scenario('a: (task) => { add(task, 4); }', add)), { generators: 2, sites: 2 });
  const chain = 'function one(task) { two(task); }\nfunction two(task) { task.load8(1); }';
  assert.equal(compiled(scenario('a: (task) => one(task)', chain)), { generators: 3, sites: 1 });
  const again = 'function count(task, n) { task.load8(1); if (n > 0) count(task, n - 1); }';
  assert.equal(compiled(scenario('a: (task) => count(task, 3)', again)), { generators: 2, sites: 1 });
});

test('what esbuild makes of them: names kept by a wrapper', () => {
  const before =
    'const add = __name((task, a) => task.load32(a), "add");\nfunction f(task) { add(task, 1); }\n__name(f, "f");';
  assert.equal(compiled(scenario('a: __name((task) => { f(task); }, "a")', before)), { generators: 3, sites: 1 });
});

test('nothing that is not certain', () => {
  const untouched = {
    'another library': scenario('a: (task) => task.load32(4)', '', 'another'),
    'no task is its first parameter': scenario('a: ({ load32 }) => load32(4)'),
    'the task is given away': scenario('a: (task) => { task = other; task.load32(4); }'),
    'another means the same name': scenario('a: (task) => { for (const task of others) task.load32(4); }'),
    'the object is another': scenario('a: (task, list) => { list.load32(4); }'),
    'a callback': scenario('a: (task) => { [1].forEach(() => task.load32(4)); }'),
    'an operation in a default': scenario('a: (task, s, x = task.load32(4)) => x'),
    asynchronous: scenario('a: async (task) => { task.load32(4); }'),
    'a generator already': scenario('a: function* (task) { task.load32(4); }'),
    optional: scenario('a: (task) => { task?.load32(4); }'),
    'spread values': scenario('a: (task) => { task.load32(...[4]); }'),
    'a computed name': scenario("a: (task) => { task['load32'](4); }"),
    'no operations': scenario('a: (task) => { task.random(); }'),
    'a kernel call that may be left out': scenario('a: (task, { lock }) => { lock?.lock(); }'),
    'one behind something that may be left out': scenario('a: (task, s) => { s?.locks[0].lock(); }'),
    'one in a callback': scenario('a: (task, s) => { s.locks.map((lock) => lock.lock()); }'),
    'this of an arrow': scenario('a: (task) => { this.x = task.load32(4); }'),
    'no module': 'const = ;',
  };
  for (const [why, text] of Object.entries(untouched)) assert.is(compileThreads(text), null, why);
});

test('no function that anybody else may call', () => {
  const entry = 'a: (task) => { task.load8(1); f(task); }';
  const alone = { generators: 1, sites: 1 };
  const declared = 'function f(task) { task.load8(2); }';
  assert.equal(compiled(scenario(entry, `export ${declared}`)), alone, 'exported');
  assert.equal(compiled(scenario(entry, `${declared}\nexport { f };`)), alone, 'exported by name');
  assert.equal(compiled(scenario(entry, `${declared}\nf(something);`)), alone, 'called by the module');
  assert.equal(compiled(scenario(entry, `${declared}\nconst g = [f];`)), alone, 'kept in a list');
  assert.equal(compiled(scenario(entry, `${declared}\nconst g = (f) => f;`)), alone, 'declared twice');
  assert.equal(
    compiled(scenario(`${entry}, b: (task, s) => f(s)`, declared)),
    { ...alone, generators: 1 },
    'given no task',
  );
  assert.equal(
    compiled(scenario(entry, 'const f = function g(task) { task.load8(1); g(task); };')),
    alone,
    'named inside',
  );
});

test('a statement without a semicolon before it stays one', () => {
  const text = scenario(
    'a: (task) => {\n const x = [1]\n task.load8(1) + 1\n const y = x\n task.load8(task.load8(2))\n f(task)\n}',
    'function f(task) { task.load8(1) }',
  );
  const out = compileThreads(text)!;
  assert.not(/^\s*\(/m.test(out.replace(/^.*=> \(function/gm, '')), out);
  // Parses, and runs: the values of the operations reach what they are for.
  assert.equal(compiled(text), { generators: 2, sites: 4 });
});

test('lines stay lines', () => {
  const text = scenario('a: (\n task,\n) =>\n task\n .load32(\n 4\n )');
  const lines = (all: string) => all.split('\n').length;
  assert.is(lines(compileThreads(text)!), lines(text) + 2, 'the two that say that it was compiled stand at the end');
});

test.run();
