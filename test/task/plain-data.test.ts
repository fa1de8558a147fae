/** Plain data (execution.md rule 14): what comes back, what is refused with its path, what is frozen. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Words } from '../../src/kernel/words.ts';
import { handleBrand, TaskHandle } from '../../src/task/handle.ts';
import { decodePlain, encodePlain, holdsBytes, packPlain, unpackPlain } from '../../src/task/plain-data.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('plain data');
const again = (value: unknown, freeze = false): unknown => unpackPlain(packPlain(value, 'value').words, freeze);

test('every kind comes back as it was (rule 14)', () => {
  const values = [
    undefined,
    null,
    true,
    false,
    0,
    1.5,
    1e300,
    Infinity,
    0n,
    -1n,
    2n ** 70n,
    -(2n ** 70n),
    '',
    'text',
    '\ufeffmark',
    [],
    {},
    [[]],
    { a: { b: [1, undefined, null] } },
  ];
  for (const value of values) assert.equal(again(value), value);
  assert.ok(Object.is(again(-0), -0));
  assert.ok(Number.isNaN(again(Number.NaN)));
});

test('any nest of them comes back (property)', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '0', 'then'));
  const leaf = fc.oneof(
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 20 }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  seeded(
    fc.property(tree, fc.boolean(), (value, freeze) => assert.ok(isDeepStrictEqual(again(value, freeze), value))),
    500,
  );
});

test('bytes are copied, bit for bit, each time; a Buffer arrives as the Uint8Array that it is', () => {
  const source = Uint8Array.of(1, 0, 0, 0, 0, 0, 0xf0, 0x7f, 3);
  const { words } = packPlain({ source }, 'value');
  source.fill(9);
  const one = unpackPlain(words) as { source: Uint8Array };
  one.source[0] = 77;
  const two = unpackPlain(words) as { source: Uint8Array };
  assert.equal([...two.source], [1, 0, 0, 0, 0, 0, 0xf0, 0x7f, 3]);
  const view = new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2);
  assert.equal([...(again(view) as Uint8Array)], [2, 3]);
  assert.is(Object.getPrototypeOf(again(Buffer.from('ab'))), Uint8Array.prototype);
});

test('handles arrive as handles of their class, and are listed', () => {
  const handle = new TaskHandle(77);
  const { words, handles } = packPlain({ list: [handle, handle] }, 'value');
  assert.equal(handles, [77, 77]);
  const { list } = unpackPlain(words) as { list: TaskHandle[] };
  assert.is(list[0]![handleBrand], 'Task');
  assert.is(list[0]!.id, 77);
  assert.is.not(list[0], list[1]);
});

test('a key __proto__ is a key, and no way into a prototype', () => {
  const value = JSON.parse('{"__proto__": {"polluted": 1}}');
  const back = again(value) as Record<string, unknown>;
  assert.ok(Object.hasOwn(back, '__proto__'));
  assert.is(Object.getPrototypeOf(back), Object.prototype);
  assert.is(back.polluted, undefined);
});

class Custom {
  field = 1;
}

const refusals: [string, unknown, string][] = [
  ['a function', { a: [0, () => 1] }, 'value.a[1]'],
  ['a symbol', { key: Symbol('s') }, 'value.key'],
  ['a class instance', [new Custom()], 'value[0]'],
  ['a Map', { map: new Map() }, 'value.map'],
  ['a Set', new Set(), 'value'],
  ['a Date', { at: { date: new Date(0) } }, 'value.at.date'],
  ['an error', [[new Error('x')]], 'value[0][0]'],
  ['a promise', { later: Promise.resolve() }, 'value.later'],
  ['another typed array', { words: new Int32Array(1) }, 'value.words'],
  ['an ArrayBuffer', { buffer: new ArrayBuffer(1) }, 'value.buffer'],
  ['a boxed number', [Object(1)], 'value[0]'],
  ['a regular expression', { re: /x/ }, 'value.re'],
  ['an inherited object', { child: Object.create({ a: 1 }) }, 'value.child'],
  ['half a surrogate pair', { text: '\ud800' }, 'value.text'],
];

for (const [what, value, path] of refusals) {
  test(`${what} is a TypeError that names ${path} (rule 14)`, () => {
    assert.throws(
      () => packPlain(value, 'value'),
      (error: Error) => error instanceof TypeError && error.message.startsWith(`${path}: expected`),
    );
  });
}

test('a cycle is refused by its depth, not by the stack', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assert.throws(
    () => packPlain(cycle, 'value'),
    (error: Error) => error instanceof TypeError && /cycles/.test(error.message),
  );
  let deep: unknown = 1;
  for (let i = 0; i < 60; i++) deep = [deep];
  assert.equal(again(deep), deep);
});

test('what setup returns is frozen to its depth, handles too; what a message carries is not', () => {
  const value = { a: [1, { b: 2 }], handle: new TaskHandle(5) };
  const frozen = again(value, true) as typeof value;
  for (const part of [frozen, frozen.a, frozen.a[1], frozen.handle]) assert.ok(Object.isFrozen(part));
  assert.throws(() => frozen.a.push(3), TypeError);
  const free = again(value) as typeof value;
  for (const part of [free, free.a, free.a[1]]) assert.not(Object.isFrozen(part));
});

test('knows whether there are bytes, which cannot be frozen', () => {
  assert.ok(holdsBytes({ a: [{ b: new Uint8Array(1) }] }));
  assert.not(holdsBytes({ a: [{ b: 'x' }], handle: new TaskHandle(1) }));
});

test('getters are read once and come as values; holes come as undefined', () => {
  let reads = 0;
  const value = {
    get once() {
      return ++reads;
    },
  };
  assert.equal(again(value), { once: 1 });
  const holed = [1, 2, 3];
  delete holed[1];
  assert.equal(again(holed), [1, undefined, 3]);
});

test('words that are no plain data are refused, not read for ever (property)', () => {
  seeded(
    fc.property(fc.array(fc.oneof(fc.integer({ min: -1, max: 12 }), fc.double()), { maxLength: 12 }), (list) => {
      const words = new Words();
      for (const word of list) words.put(word);
      try {
        const value = decodePlain(words);
        const back = new Words();
        encodePlain(back, value, []);
      } catch (error) {
        assert.ok(['Malformed', 'TypeError', 'SyntaxError'].includes((error as Error).name), String(error));
      }
    }),
    1000,
  );
});

test.run();
