/** How DriverKit's words of options, which have 64 bits, cross into kernel calls. */
import { show } from '../../kernel/wire.ts';
import type { Size } from '../iokit/io-memory-descriptor.ts';

/** Whether `options` have bits beside `allowed`. Throws TypeError and RangeError for what is no word of 64 bits. */
export function hasOther(options: Size, allowed: number): boolean {
  return (wordOf(options, 'options') & ~BigInt(allowed)) !== 0n;
}

/** The bits of `options` that mean anything. Throws as `hasOther`. */
export function lowBits(options: Size): number {
  return Number(BigInt.asUintN(32, wordOf(options, 'options')));
}

/** A word of 64 bits. Throws TypeError and RangeError that name it. */
export function wordOf(value: Size, what: string): bigint {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    throw new TypeError(`${what}: expected a whole number or a bigint, got ${show(value)}`);
  const word = BigInt(value);
  if (word !== BigInt.asUintN(64, word)) throw new RangeError(`${what}: expected 0 to 2^64 - 1, got ${show(value)}`);
  return word;
}
