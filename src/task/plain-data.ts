/**
 * Plain data as words: what `setup` returns, what messages carry, what thread functions return. Numbers, bigints, strings,
 * booleans, null, undefined, arrays and plain objects of these, Uint8Array and handles; anything else is a TypeError that names
 * the path (execution.md, rule 14).
 */
import { show, text } from '../kernel/wire.ts';
import { Malformed, Words } from '../kernel/words.ts';
import { handleBrand, isHandle, makeHandle } from './handle.ts';

const Tag = {
  Undefined: 0,
  Null: 1,
  True: 2,
  False: 3,
  Number: 4,
  BigInt: 5,
  String: 6,
  Array: 7,
  Object: 8,
  Bytes: 9,
  Handle: 10,
} as const;

const deepest = 64;

/** Appends `value` to `words` and the numbers of its handles to `handles`. */
export function encodePlain(words: Words, value: unknown, handles: number[], path = 'value', depth = 0): void {
  if (depth > deepest) throw new TypeError(`${path}: more than ${deepest} levels deep; plain data has no cycles`);
  if (value === undefined) words.put(Tag.Undefined);
  else if (value === null) words.put(Tag.Null);
  else if (value === true) words.put(Tag.True);
  else if (value === false) words.put(Tag.False);
  else if (typeof value === 'number') {
    words.put(Tag.Number);
    words.put(value);
  } else if (typeof value === 'bigint') {
    words.put(Tag.BigInt);
    text.encode(words, value.toString(16), path);
  } else if (typeof value === 'string') {
    words.put(Tag.String);
    text.encode(words, value, path);
  } else if (isHandle(value)) {
    words.put(Tag.Handle);
    text.encode(words, value[handleBrand], path);
    words.put(value.id);
    handles.push(value.id);
  } else if (value instanceof Uint8Array) {
    words.put(Tag.Bytes);
    words.putBytes(value);
  } else if (Array.isArray(value)) {
    words.put(Tag.Array);
    words.put(value.length);
    for (let i = 0; i < value.length; i++) encodePlain(words, value[i], handles, `${path}[${i}]`, depth + 1);
  } else if (isPlainObject(value)) {
    const entries = Object.entries(value);
    words.put(Tag.Object);
    words.put(entries.length);
    for (const [key, item] of entries) {
      text.encode(words, key, path);
      encodePlain(words, item, handles, `${path}.${key}`, depth + 1);
    }
  } else {
    throw new TypeError(`${path}: expected plain data or a handle, got ${show(value)}`);
  }
}

/** Reads one value. `freeze` makes it deeply immutable, as what `setup` returns must be. */
export function decodePlain(words: Words, freeze = false): unknown {
  const tag = words.take();
  switch (tag) {
    case Tag.Undefined:
      return undefined;
    case Tag.Null:
      return null;
    case Tag.True:
      return true;
    case Tag.False:
      return false;
    case Tag.Number:
      return words.take();
    case Tag.BigInt: {
      const digits = text.decode(words);
      return digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
    }
    case Tag.String:
      return text.decode(words);
    case Tag.Bytes:
      return words.takeBytes();
    case Tag.Handle: {
      const made = makeHandle(text.decode(words), words.take());
      return freeze ? Object.freeze(made) : made;
    }
    case Tag.Array: {
      const values: unknown[] = [];
      for (let left = words.take(); left > 0; left--) values.push(decodePlain(words, freeze));
      return freeze ? Object.freeze(values) : values;
    }
    case Tag.Object: {
      const value: Record<string, unknown> = {};
      for (let left = words.take(); left > 0; left--) {
        const key = text.decode(words);
        const item = decodePlain(words, freeze);
        Object.defineProperty(value, key, { value: item, enumerable: true, configurable: true, writable: true });
      }
      return freeze ? Object.freeze(value) : value;
    }
    default:
      throw new Malformed(`${tag} is no tag of plain data`);
  }
}

/** `value` as words of its own, with the handles in it; `words` is what they are written to at first. */
export function packPlain(
  value: unknown,
  path: string,
  words = new Words(),
): { words: Float64Array; handles: number[] } {
  words.clear();
  const handles: number[] = [];
  encodePlain(words, value, handles, path);
  return { words: words.data.slice(0, words.length), handles };
}

export function unpackPlain(packed: Float64Array, freeze = false): unknown {
  const words = new Words(packed.slice());
  words.length = packed.length;
  return decodePlain(words, freeze);
}

/** Whether it holds bytes, which cannot be frozen and must be cloned for each use. */
export function holdsBytes(value: unknown): boolean {
  if (value instanceof Uint8Array) return true;
  if (typeof value !== 'object' || value === null || isHandle(value)) return false;
  return Object.values(value).some(holdsBytes);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
