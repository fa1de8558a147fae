/** How DriverKit's words of options, which have 64 bits, cross into kernel calls. */
import { wordOf } from '../iokit/arguments.ts';
import type { Size } from '../iokit/io-memory-descriptor.ts';

/** Whether `options` have bits beside `allowed`. Throws TypeError and RangeError for what is no word of 64 bits. */
export function hasOther(options: Size, allowed: number): boolean {
  return (wordOf(options, 'options') & ~BigInt(allowed)) !== 0n;
}

/** The bits of `options` that mean anything. Throws as `hasOther`. */
export function lowBits(options: Size): number {
  return Number(BigInt.asUintN(32, wordOf(options, 'options')));
}
