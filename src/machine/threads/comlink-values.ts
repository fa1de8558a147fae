/**
 * How values cross between a script and its tasks: handles as handles, at any depth of plain objects and arrays, and errors as
 * what they were. Everything else is cloned as `postMessage` does.
 */
import * as Comlink from 'comlink';
import { KernelPanic, MemoryFault } from '../../hardware/errors.ts';
import { HandleError } from '../../kernel/handle-table.ts';
import { type Branded, handleBrand, isHandle } from '../../task/handle.ts';

const marker = 'wiredown:handle';

interface WireHandle {
  readonly [marker]: string;
  readonly id: number;
}

interface WireError {
  readonly isError: boolean;
  readonly value: unknown;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Record<string, unknown>;
}

/** @param make makes the object that stands for a handle on this side */
export function installTransferHandlers(make: (kind: string, id: number) => Branded): void {
  Comlink.transferHandlers.set('wiredown', {
    canHandle: (value: unknown): value is unknown => handlesIn(value).length > 0,
    serialize: (value: unknown) => [toWire(value), []],
    deserialize: (value: unknown) => fromWire(value, make),
  });
  const thrown = Comlink.transferHandlers.get('throw')!;
  Comlink.transferHandlers.set('throw', {
    canHandle: thrown.canHandle,
    serialize: (value: unknown) => [errorToWire((value as { value: unknown }).value), []],
    deserialize: (wire: unknown) => {
      throw errorFromWire(wire as WireError);
    },
  });
}

/** Numbers of the handles in a value. */
export function handlesIn(value: unknown, found: number[] = [], depth = 0): number[] {
  if (isHandle(value)) found.push(value.id);
  else if (depth < 64 && Array.isArray(value)) for (const item of value) handlesIn(item, found, depth + 1);
  else if (depth < 64 && isPlain(value)) for (const item of Object.values(value)) handlesIn(item, found, depth + 1);
  return found;
}

function toWire(value: unknown): unknown {
  if (isHandle(value)) return { [marker]: value[handleBrand], id: value.id };
  if (Array.isArray(value)) return value.map(toWire);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toWire(item)]));
  return value;
}

function fromWire(value: unknown, make: (kind: string, id: number) => Branded): unknown {
  if (Array.isArray(value)) return value.map((item) => fromWire(item, make));
  if (!isPlain(value)) return value;
  if (marker in value) return make((value as unknown as WireHandle)[marker], (value as unknown as WireHandle).id);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromWire(item, make)]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function errorToWire(value: unknown): WireError {
  if (!(value instanceof Error))
    return { isError: false, value: toWire(value), name: '', message: '', stack: undefined, fields: {} };
  const plain = Object.entries(value).filter(
    ([key, item]) => key !== 'name' && ['string', 'number', 'boolean', 'bigint'].includes(typeof item),
  );
  return {
    isError: true,
    value: undefined,
    name: value.name,
    message: value.message,
    stack: value.stack,
    fields: Object.fromEntries(plain),
  };
}

function errorFromWire(wire: WireError): unknown {
  if (!wire.isError) return wire.value;
  const error = emptyError(wire.name);
  Object.defineProperty(error, 'message', { value: wire.message, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', { value: wire.stack, configurable: true, writable: true });
  if (error.name !== wire.name)
    Object.defineProperty(error, 'name', { value: wire.name, configurable: true, writable: true });
  return Object.assign(error, wire.fields);
}

function emptyError(name: string): Error {
  switch (name) {
    case 'MemoryFault':
      return new MemoryFault(0, 'read', 0, '', '');
    case 'KernelPanic':
      return new KernelPanic('');
    case 'HandleError':
      return new HandleError('', false);
    case 'TypeError':
      return new TypeError();
    case 'RangeError':
      return new RangeError();
    case 'SyntaxError':
      return new SyntaxError();
    default:
      return new Error();
  }
}
