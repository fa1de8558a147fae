/** The wire: what is encoded comes back, what is no encoding is refused (design.md, idea 3; issue 2, "malformed requests"). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  boolean,
  bytes,
  type Codec,
  count,
  duration,
  handle,
  i32,
  list,
  nothing,
  raw,
  record,
  size,
  text,
  u8,
  u32,
} from '../../src/kernel/wire.ts';
import { Malformed, Words } from '../../src/kernel/words.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('wire');

function encoded<T, A>(codec: Codec<T, A>, value: A): Words {
  const words = new Words(new Float64Array(1));
  codec.encode(words, value, 'value');
  return words;
}

function roundTrip<T, A>(codec: Codec<T, A>, value: A): T {
  const words = encoded(codec, value);
  const result = codec.decode(words);
  assert.is(words.at, words.length, 'all words are taken');
  return result;
}

/** Words whose bits are given, so that any NaN can be made. */
function bitsOf(...halves: number[]): Float64Array {
  return new Float64Array(Uint32Array.from(halves).buffer);
}

const integers: [string, Codec<number>, number, number][] = [
  ['u8', u8, 0, 255],
  ['u32', u32, 0, 2 ** 32 - 1],
  ['i32', i32, -(2 ** 31), 2 ** 31 - 1],
  ['handle', handle, 0, Number.MAX_SAFE_INTEGER],
  ['count', count, 0, Number.MAX_SAFE_INTEGER],
];

for (const [name, codec, minimum, maximum] of integers) {
  test(`${name} carries ${minimum} to ${maximum} and nothing else`, () => {
    for (const value of [minimum, minimum + 1, maximum - 1, maximum]) assert.is(roundTrip(codec, value), value);
    for (const value of [minimum - 1, maximum + 1, 0.5, Number.NaN, Infinity, -Infinity]) {
      assert.throws(
        () => encoded(codec, value),
        (error: Error) => error instanceof RangeError && error.message.startsWith('value: expected'),
      );
      const words = new Words();
      words.put(value);
      assert.throws(
        () => codec.decode(words),
        (error: Error) => error instanceof Malformed,
      );
    }
    for (const value of ['1', 1n, null, undefined, {}, true]) {
      assert.throws(
        () => encoded(codec, value as never),
        (error: Error) => error instanceof TypeError && error.message.startsWith('value: expected'),
      );
    }
  });
}

test('size carries numbers to 2^53 - 1 and bigints to 2^64 - 1, the latter as the nearest double (api.md)', () => {
  assert.is(roundTrip(size, Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  assert.is(roundTrip(size, 5n), 5);
  assert.is(roundTrip(size, 2n ** 53n + 1n), 2 ** 53);
  assert.is(roundTrip(size, 2n ** 64n - 1n), 2 ** 64);
  for (const value of [2 ** 53, -1, 0.5, Number.NaN, -1n, 2n ** 64n]) {
    assert.throws(
      () => encoded(size, value),
      (error: Error) => error instanceof RangeError && /^value: expected/.test(error.message),
    );
  }
  for (const value of ['1', null, undefined, {}]) assert.throws(() => encoded(size, value as never), TypeError);
  for (const value of [-1, 2 ** 65, 0.5, Number.NaN]) {
    const words = new Words();
    words.put(value);
    assert.throws(
      () => size.decode(words),
      (error: Error) => error instanceof Malformed,
    );
  }
});

test('duration carries nanoseconds from 0 to Infinity', () => {
  for (const value of [0, 0.5, 1e300, Infinity]) assert.is(roundTrip(duration, value), value);
  for (const value of [-1, Number.NaN, -Infinity]) assert.throws(() => encoded(duration, value), RangeError);
  assert.throws(() => encoded(duration, '1' as never), TypeError);
});

test('boolean and nothing', () => {
  assert.is(roundTrip(boolean, true), true);
  assert.is(roundTrip(boolean, false), false);
  assert.is(encoded(nothing, undefined).length, 0);
  assert.throws(() => encoded(boolean, 1 as never), TypeError);
  const words = new Words();
  words.put(2);
  assert.throws(
    () => boolean.decode(words),
    (error: Error) => error instanceof Malformed,
  );
});

test('text comes back as it was: any plane, a byte order mark, nothing (property)', () => {
  for (const value of ['', 'é', '\u{1f600}', '\ufeffmark', 'a\ufeff', '\u0000', 'x'.repeat(100_000)]) {
    assert.is(roundTrip(text, value), value);
  }
  seeded(fc.property(fc.string({ unit: 'binary' }), (value) => assert.is(roundTrip(text, value), value)));
});

test('a short name takes the words that any text takes, also where other words lay before (property)', () => {
  const names = fc.string({ unit: 'binary-ascii', maxLength: 40 });
  seeded(
    fc.property(names, (name) => {
      const words = new Words(new Float64Array(64).fill(Number.NaN));
      text.encode(words, name, 'value');
      const expected = new Words();
      expected.putBytes(new TextEncoder().encode(name));
      const upTo = 2 * expected.length;
      assert.is(words.length, expected.length);
      assert.equal([...words.bits.subarray(0, upTo)], [...expected.bits.subarray(0, upTo)]);
      assert.is(text.decode(words), name);
      assert.is(words.at, words.length);
    }),
  );
});

test('a string that is no Unicode text is refused, for it would come back changed', () => {
  for (const value of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
    assert.throws(
      () => encoded(text, value),
      (error: Error) => error instanceof TypeError && error.message.startsWith('value: expected'),
    );
  }
});

test('bytes that are no UTF-8 are no text', () => {
  const words = encoded(bytes, Uint8Array.of(0x61, 0xff, 0xfe));
  assert.throws(
    () => text.decode(words),
    (error: Error) => error instanceof Malformed,
  );
});

test('bytes come back bit for bit, those that look like a signalling NaN too (property)', () => {
  const awkward = Uint8Array.of(1, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0xff, 0xff, 0xf7, 0xff, 0xff, 0xff, 0xf7, 0xff, 9);
  assert.equal(roundTrip(bytes, awkward), awkward);
  seeded(fc.property(fc.uint8Array({ maxLength: 40 }), (value) => assert.equal(roundTrip(bytes, value), value)));
});

test('what bytes decode to is a copy, and so is what was encoded', () => {
  const source = Uint8Array.of(1, 2, 3);
  const words = encoded(bytes, source);
  source[0] = 9;
  const one = bytes.decode(words);
  words.at = 0;
  const two = bytes.decode(words);
  one[1] = 9;
  assert.equal([...two], [1, 2, 3]);
});

test('equal bytes are equal words, whatever lay in the buffer before', () => {
  const words = new Words();
  words.putBytes(new Uint8Array(64).fill(0xff));
  words.clear();
  words.putBytes(Uint8Array.of(1, 2, 3));
  const fresh = encoded(bytes, Uint8Array.of(1, 2, 3));
  assert.equal([...words.data.subarray(0, words.length)], [...fresh.data.subarray(0, fresh.length)]);
});

test('a byte count that does not fit the words is malformed', () => {
  for (const counted of [-1, 0.5, 17, Number.NaN, Infinity, 2 ** 53]) {
    const words = new Words();
    words.put(counted);
    words.put(0);
    words.put(0);
    assert.throws(
      () => bytes.decode(words),
      (error: Error) => error instanceof Malformed,
      `${counted} bytes`,
    );
  }
});

test('raw words come back bit for bit: any NaN in them may be bytes', () => {
  const patterns = bitsOf(
    1,
    0x7ff00000,
    0xfff7ffff,
    0xfff7ffff,
    0xffffffff,
    0xffffffff,
    0,
    0x7ff40000,
    0x12345678,
    0xfff12345,
  );
  const result = roundTrip(raw, patterns);
  assert.equal(
    [...new Uint32Array(result.buffer, result.byteOffset, result.length * 2)],
    [...new Uint32Array(patterns.buffer)],
  );
});

test('raw words are counted before they are taken', () => {
  for (const counted of [-1, 0.5, 2, Number.NaN]) {
    const words = new Words();
    words.put(counted);
    words.put(0);
    assert.throws(
      () => raw.decode(words),
      (error: Error) => error instanceof Malformed,
    );
  }
});

test('lists and records come back, nested (property)', () => {
  const codec = list(record({ address: size, name: text, flags: list(boolean) }));
  const value = fc.array(
    fc.record(
      { address: fc.maxSafeNat(), name: fc.string(), flags: fc.array(fc.boolean(), { maxLength: 3 }) },
      { noNullPrototype: true },
    ),
    { maxLength: 5 },
  );
  seeded(fc.property(value, (items) => assert.equal(roundTrip(codec, items), items)));
});

test('a list names the element that is wrong, and holds what it says', () => {
  assert.throws(
    () => encoded(list(u8), [1, 2, 300]),
    (error: Error) => error.message.startsWith('value[2]: expected'),
  );
  assert.throws(
    () => encoded(list(u8, 2), [1, 2, 3]),
    (error: Error) => error instanceof RangeError && /at most 2/.test(error.message),
  );
  assert.throws(() => encoded(list(u8), 'abc' as never), TypeError);
  assert.throws(
    () => encoded(record({ a: u8 }), { a: '1' } as never),
    (error: Error) => error.message.startsWith('value.a: expected'),
  );
  assert.throws(() => encoded(record({ a: u8 }), null as never), TypeError);
  const holed = [1, 2, 3];
  delete holed[1];
  // A hole is an element too: skipping it would leave fewer words than the length promises.
  assert.throws(
    () => encoded(list(u8), holed as never),
    (error: Error) => error.message.startsWith('value[1]: expected'),
  );
});

test('a list longer than its bound, or than its words, is malformed', () => {
  for (const length of [-1, 0.5, 5000, Number.NaN, 3]) {
    const words = new Words();
    words.put(length);
    words.put(1);
    assert.throws(
      () => list(u8).decode(words),
      (error: Error) => error instanceof Malformed,
      `length ${length}`,
    );
  }
});

test('random words never decode to something that encodes otherwise (property)', () => {
  const codecs = [
    u8,
    u32,
    i32,
    handle,
    count,
    duration,
    boolean,
    list(u8),
    record({ a: u8, b: boolean }),
    text,
    bytes,
    raw,
  ] as Codec<unknown>[];
  const word = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.double());
  seeded(
    fc.property(fc.nat(codecs.length - 1), fc.array(word, { maxLength: 8 }), (which, list) => {
      const words = new Words();
      for (const value of list) words.put(value);
      let value: unknown;
      try {
        value = codecs[which]!.decode(words);
      } catch (error) {
        assert.instance(error, Malformed);
        return;
      }
      const again = encoded(codecs[which]!, value);
      assert.is(again.length, words.at, 'it takes as many words as it is encoded to');
    }),
    1000,
  );
});

test('Words over shared memory has a fixed size, and says so', () => {
  const words = new Words(new Float64Array(new SharedArrayBuffer(32)));
  for (let i = 0; i < 4; i++) words.put(i);
  assert.throws(
    () => words.put(4),
    (error: Error) => error instanceof RangeError && /32 bytes/.test(error.message),
  );
  words.clear();
  assert.throws(() => words.putBytes(new Uint8Array(33)), RangeError);
});

test.run();
