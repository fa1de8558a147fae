/**
 * What every carrier asks of the operands of an access before it counts as one: what is no number is a mistake, not a fault.
 * Addresses are below 2^53, so that bigints are none; they are left to values that may pass it.
 */
import { show } from '../kernel/wire.ts';

export function checkAddress(address: number): void {
  if (typeof address !== 'number') throw new TypeError(`address: expected a number, got ${show(address)}`);
}

export function checkValue(value: number): number {
  if (typeof value !== 'number') throw new TypeError(`value: expected a number, got ${show(value)}`);
  return value;
}
