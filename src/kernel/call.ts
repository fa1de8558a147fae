/**
 * What one line of the call table is: a name, the layout of arguments and result for both sides of the boundary, and what the
 * kernel does. Nothing about a call is written anywhere else.
 */
import type { Steps } from '../vm/steps.ts';
import type { Declared } from './effects.ts';
import type { Kernel } from './kernel.ts';
import type { KernelThread } from './thread.ts';
import type { Accepted, Codec, Decoded } from './wire.ts';
import type { Words } from './words.ts';

export interface Parameter<C = Codec<unknown>> {
  readonly name: string;
  readonly codec: C;
  /** What messages call it: 'allocate: size'. Put together once, since every call would pay for it. */
  readonly label: string;
}

export const parameter = <C extends Codec<unknown>>(name: string, codec: C): Parameter<C> => ({
  name,
  codec,
  label: name,
});

type Values<P extends readonly Parameter[]> = { [I in keyof P]: Accepted<P[I]['codec']> };
type DecodedValues<P extends readonly Parameter[]> = { [I in keyof P]: Decoded<P[I]['codec']> };

export interface Call<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  readonly name: string;
  /** Place in the table; given when the table is put together. */
  number: number;
  readonly parameters: readonly Parameter[];
  readonly result: Codec<R>;
  readonly resultLabel: string;
  /** Runs to its end, or (a generator) in steps. It must not change anything before it has checked its arguments. */
  readonly run: (kernel: Kernel, caller: KernelThread, ...values: never[]) => R | Steps<R>;
  /** What it reads and changes; null where that may be everything. */
  readonly effects: Declared<readonly never[]> | null;
  /** It takes the lock that it names first, and sleeps until it can. */
  readonly takesLock: boolean;
  /** For TypeScript only: what the caller passes. */
  readonly accepts?: A;
}

/**
 * Defines a call. `run` gets the kernel, the calling thread and the decoded arguments in the order of `parameters`. `effects` says what a
 * step of it reads and changes, wherever it stops in between; a call without commutes with nothing.
 */
export function call<const P extends readonly Parameter[], R>(
  name: string,
  parameters: P,
  result: Codec<R>,
  run: (kernel: Kernel, caller: KernelThread, ...values: DecodedValues<P>) => R | Steps<R>,
  effects: Declared<DecodedValues<P>> | null = null,
  takesLock = false,
): Call<Values<P>, R> {
  const labelled = parameters.map((one) => ({ ...one, label: `${name}: ${one.name}` }));
  return {
    name,
    number: -1,
    parameters: labelled,
    result,
    resultLabel: `result of ${name}`,
    run: run as never,
    effects: effects as Declared<readonly never[]> | null,
    takesLock,
  };
}

/** Writes down what the caller passes. Throws TypeError and RangeError that name call, parameter and value. */
export function encodeArguments(to: Words, { parameters }: Call<never>, values: readonly unknown[]): void {
  for (let i = 0; i < parameters.length; i++) {
    const { codec, label } = parameters[i]!;
    codec.encode(to, values[i], label);
  }
}

/** How a call stands after a step of it. */
export const Status = {
  /** The result is in the reply. */
  Done: 0,
  /** Others may run; resume it later. */
  Step: 1,
  /** The caller sleeps until it is woken. */
  Blocked: 2,
  /** The caller is to copy a fragment, then resume. */
  Copy: 3,
  /** The call was refused and changed nothing; the reply holds kind and message of the error. */
  Refused: 4,
  /** The simulated kernel panicked; the reply holds the message. */
  Panicked: 5,
} as const;
