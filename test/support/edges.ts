/** Addresses, lengths and offsets at every edge: what each is answered, and that whatever is refused changes nothing. */
import * as assert from 'uvu/assert';
import type { MachineOptions } from '../../src/hardware/configuration.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import type { Size } from '../../src/task/iokit/io-memory-descriptor.ts';
import { answerOf } from './failures.ts';
import { machineSuite, type Semantics, type TestMachine } from './machine.ts';

/** The edges of 64 bits, as numbers where they fit. */
export function edges(m: TestMachine): Size[] {
  const page = BigInt(m.pageSize);
  const values = [
    0n,
    1n,
    page - 1n,
    page,
    page + 1n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 32n + 1n,
    2n ** 47n - page,
    2n ** 47n - 1n,
    2n ** 47n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n,
    2n ** 64n - 2n * page,
    2n ** 64n - page,
    2n ** 64n - 1n,
  ];
  return values.map((value) => (value < 2n ** 53n ? Number(value) : value));
}

/** No 64-bit numbers; numbers from 2^53 on may be none, since they may have been another one. */
const none: readonly unknown[] = [
  -1,
  -1n,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  2n ** 64n,
  '1',
  null,
  {},
];

/** One argument of a call. */
export interface Edge {
  /** The call. What it makes it takes back. */
  readonly act: (value: Size) => unknown;
  readonly legal: (value: bigint) => boolean;
  /** The answer, or the code in it, for what is not legal. */
  readonly otherwise: unknown;
  /** The answer for what is legal; anything but `otherwise` unless given. */
  readonly answer?: (value: bigint) => unknown;
}

export function edgeSuite(title: string) {
  const suite = machineSuite(title);
  return {
    run: suite.run,
    edge(
      name: string,
      arrange: (machine: TestMachine, semantics: Semantics) => Edge,
      semantics?: readonly Semantics[],
      options?: MachineOptions,
    ): void {
      suite.case(name, (m, word) => checkEdges(m, arrange(m, word)), semantics, options);
    },
  };
}

function checkEdges(m: TestMachine, { act, legal, otherwise, answer }: Edge): void {
  for (const value of edges(m)) {
    const before = stateHash(m.kernelState);
    const got = answerOf(act(value));
    const what = `${value}`;
    if (!legal(BigInt(value))) {
      assert.equal(got, otherwise, what);
      assert.is(stateHash(m.kernelState), before, `${what} is refused and changes nothing`);
    } else if (answer !== undefined) assert.equal(got, answer(BigInt(value)), what);
    else assert.is.not(got, otherwise, what);
  }
  for (const value of none) {
    const before = stateHash(m.kernelState);
    assert.throws(() => act(value as Size), isClear, `${String(value)} is refused by name`);
    assert.is(stateHash(m.kernelState), before, `${String(value)} changes nothing`);
  }
}

/** What was wrong and what was expected, not what an engine stumbled over. */
export function isClear(error: Error): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && /: expected .*, got /.test(error.message);
}

/** For calls that refuse with a RangeError: 'refused' for a value of 64 bits that they do not take. What is none is still thrown. */
export function refusing(act: (value: Size) => unknown): (value: Size) => unknown {
  return (value) => {
    try {
      return act(value);
    } catch (error) {
      if (!(error instanceof RangeError) || !isWord(value)) throw error;
      return 'refused';
    }
  };
}

const isWord = (value: Size): boolean =>
  typeof value === 'bigint' ? BigInt.asUintN(64, value) === value : Number.isSafeInteger(value) && value >= 0;
