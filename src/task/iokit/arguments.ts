/** How arguments and results of I/O Kit's methods cross into kernel calls. */

import { show } from '../../kernel/wire.ts';
import { type Branded, handleBrand, isHandle, makeHandle } from '../handle.ts';
import type { Size } from './io-memory-descriptor.ts';

/** Options as the 32 bits they are: JavaScript's operators make numbers with the highest bit negative. */
export function bits(options: number): number {
  return Number.isInteger(options) && options >= -(2 ** 31) && options < 0 ? options + 2 ** 32 : options;
}

/** The handle of a descriptor of whatever class. Throws a TypeError. */
export function descriptorId(value: unknown, what: string): number {
  if (isHandle(value) && value[handleBrand].endsWith('MemoryDescriptor')) return value.id;
  throw new TypeError(
    `${what}: expected an IOMemoryDescriptor, got ${isHandle(value) ? `a handle of ${value[handleBrand]}` : show(value)}`,
  );
}

/**
 * The object behind a handle that a call answered, or null for none. The types do not say null, as C++'s pointers do not:
 * code for I/O Kit reads as its manual has it, and checks where it wants to.
 */
export function objectOrNull<T>(id: number, handleClass: new (id: number) => T): T {
  return (id === 0 ? null : new handleClass(id)) as T;
}

/** The object behind a handle whose class the call answered too; null for none. */
export function anyObjectOrNull({ id, kind }: { readonly id: number; readonly kind: string }): Branded | null {
  return id === 0 ? null : makeHandle(kind, id);
}

/** The handle of a descriptor, or 0 for null. Throws a TypeError. */
export function descriptorIdOrNull(value: unknown, what: string): number {
  return value === null || value === undefined ? 0 : descriptorId(value, what);
}

/** A word of 64 bits. Throws TypeError and RangeError that name it. */
export function wordOf(value: Size, what: string): bigint {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    throw new TypeError(`${what}: expected a whole number or a bigint, got ${show(value)}`);
  const word = BigInt(value);
  if (word !== BigInt.asUintN(64, word)) throw new RangeError(`${what}: expected 0 to 2^64 - 1, got ${show(value)}`);
  return word;
}
