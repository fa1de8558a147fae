/**
 * How values become words and back. One codec describes an argument or a result once for everybody: the mailbox between
 * threads, the record that re-execution compares with, the trace, its hash.
 *
 * A word is a double. Bytes are packed eight to a word. Encoding checks what the caller gave (TypeError, RangeError naming
 * value and expectation); decoding trusts nothing and throws `Malformed`.
 */
import { Malformed, type Words } from './words.ts';

/** Decodes to T; what a caller may pass is `Accepts`. */
export interface Codec<T, Accepts = T> {
  /** `what` names the value in messages. */
  encode(to: Words, value: Accepts, what: string): void;
  decode(from: Words): T;
}

export type Decoded<C> = C extends { decode(from: never): infer T } ? T : never;
export type Accepted<C> = C extends { encode(to: never, value: infer T, what: never): void } ? T : never;

export function integer(what: string, minimum: number, maximum: number): Codec<number> {
  return {
    encode(to, value, name) {
      if (typeof value !== 'number') throw new TypeError(`${name}: expected ${what}, got ${show(value)}`);
      if (!Number.isInteger(value) || value < minimum || value > maximum) {
        throw new RangeError(`${name}: expected ${what}, got ${show(value)}`);
      }
      to.put(value);
    },
    decode(from) {
      const value = from.take();
      if (!Number.isInteger(value) || value < minimum || value > maximum)
        throw new Malformed(`${value} is not ${what}`);
      return value;
    },
  };
}

export const u8 = integer('an integer from 0 to 255', 0, 255);
export const u32 = integer('an integer from 0 to 2^32 - 1', 0, 2 ** 32 - 1);
export const i32 = integer('an integer from -2^31 to 2^31 - 1', -(2 ** 31), 2 ** 31 - 1);
/** A handle: slot and generation in one number; 0 is the null object. */
export const handle = integer('a handle', 0, Number.MAX_SAFE_INTEGER);
export const count = integer('a whole number', 0, Number.MAX_SAFE_INTEGER);

/**
 * An unsigned 64-bit address, length or offset: a number, or a bigint where it may pass 2^53. Beyond 2^53 the kernel sees the
 * nearest double, which is enough: nothing it manages lies there, so such a value is only ever too large.
 */
export const size: Codec<number, number | bigint> = {
  encode(to, value, name) {
    if (typeof value === 'bigint') {
      if (value < 0n || value >= 1n << 64n) throw new RangeError(`${name}: expected 0 to 2^64 - 1, got ${show(value)}`);
      to.put(Number(value));
      return;
    }
    if (typeof value !== 'number') throw new TypeError(`${name}: expected a number or bigint, got ${show(value)}`);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name}: expected a whole number from 0 to 2^53 - 1 (a bigint beyond), got ${show(value)}`);
    }
    to.put(value);
  },
  decode(from) {
    const value = from.take();
    if (!Number.isInteger(value) || value < 0 || value > 2 ** 64) throw new Malformed(`${value} is not a 64-bit size`);
    return value;
  },
};

/** An address in a result: whatever a descriptor or a map was told, it answers, beyond 2^53 the nearest double. */
export const address = integer('an address of 64 bits', 0, 2 ** 64);

/** Nanoseconds, or Infinity for "no limit". */
export const duration: Codec<number> = {
  encode(to, value, name) {
    if (typeof value !== 'number') throw new TypeError(`${name}: expected nanoseconds, got ${show(value)}`);
    if (!(value >= 0)) throw new RangeError(`${name}: expected nanoseconds from 0 to Infinity, got ${show(value)}`);
    to.put(value);
  },
  decode(from) {
    const value = from.take();
    if (!(value >= 0)) throw new Malformed(`${value} is not a duration`);
    return value;
  },
};

export const boolean: Codec<boolean> = {
  encode(to, value, name) {
    if (typeof value !== 'boolean') throw new TypeError(`${name}: expected a boolean, got ${show(value)}`);
    to.put(value ? 1 : 0);
  },
  decode(from) {
    const word = from.take();
    if (word !== 0 && word !== 1) throw new Malformed(`${word} is not a boolean`);
    return word === 1;
  },
};

export const nothing: Codec<void> = { encode() {}, decode() {} };

const utf8 = new TextEncoder();
// A byte order mark is a character of the text like any other.
const fromUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const text: Codec<string> = {
  encode(to, value, name) {
    if (typeof value !== 'string') throw new TypeError(`${name}: expected a string, got ${show(value)}`);
    if (to.putName(value)) return;
    if (!value.isWellFormed())
      throw new TypeError(
        `${name}: expected a string of whole characters, got ${show(value)} with half a surrogate pair`,
      );
    to.putBytes(utf8.encode(value));
  },
  decode(from) {
    const name = from.takeName();
    if (name !== null) return name;
    const encoded = from.takeBytes();
    try {
      return fromUtf8.decode(encoded);
    } catch {
      throw new Malformed(`${encoded.length} bytes that are no UTF-8`);
    }
  },
};

export const bytes: Codec<Uint8Array> = {
  encode(to, value, name) {
    if (!(value instanceof Uint8Array)) throw new TypeError(`${name}: expected a Uint8Array, got ${show(value)}`);
    to.putBytes(value);
  },
  decode: (from) => from.takeBytes(),
};

/** Words that some other layer has encoded already (plain data, see task/plain-data.ts). */
export const raw: Codec<Float64Array> = {
  encode(to, value) {
    to.put(value.length);
    to.copy(value, 0, value.length);
  },
  decode(from) {
    const length = from.take();
    if (!Number.isInteger(length) || length < 0 || length > from.length - from.at)
      throw new Malformed(`${length} words`);
    const copy = from.data.slice(from.at, from.at + length);
    from.at += length;
    return copy;
  },
};

/** A list of at most `most` values. */
export function list<T, A = T>(of: Codec<T, A>, most = 4096): Codec<readonly T[], readonly A[]> {
  return {
    encode(to, values, name) {
      if (!Array.isArray(values)) throw new TypeError(`${name}: expected an array, got ${show(values)}`);
      if (values.length > most)
        throw new RangeError(`${name}: expected at most ${most} elements, got ${values.length}`);
      to.put(values.length);
      // Holes count: they are undefined.
      for (let i = 0; i < values.length; i++) of.encode(to, values[i], `${name}[${i}]`);
    },
    decode(from) {
      const length = from.take();
      if (!Number.isInteger(length) || length < 0 || length > most) throw new Malformed(`a list of ${length}`);
      const values: T[] = [];
      for (let i = 0; i < length; i++) values.push(of.decode(from));
      return values;
    },
  };
}

/** An object with these keys, in this order. */
export function record<S extends Record<string, Codec<unknown>>>(
  shape: S,
): Codec<{ [K in keyof S]: Decoded<S[K]> }, { [K in keyof S]: Accepted<S[K]> }> {
  const keys = Object.keys(shape);
  return {
    encode(to, value, name) {
      if (typeof value !== 'object' || value === null)
        throw new TypeError(`${name}: expected an object, got ${show(value)}`);
      for (const key of keys) shape[key]!.encode(to, (value as Record<string, unknown>)[key], `${name}.${key}`);
    },
    decode(from) {
      const value: Record<string, unknown> = {};
      for (const key of keys) value[key] = shape[key]!.decode(from);
      return value as { [K in keyof S]: Decoded<S[K]> };
    },
  };
}

export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : `a ${value.constructor?.name ?? 'object'}`;
  return String(value);
}
