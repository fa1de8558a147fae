/**
 * Tables of failures: which call answers which code, when, and that it left everything as it was. `npm run conformance` reads the
 * first two arguments of `fails`, and holds them against the list of codes that each call has.
 */
import * as assert from 'uvu/assert';
import type { MachineOptions } from '../../src/hardware/configuration.ts';
import * as codes from '../../src/iokit/return-codes.ts';
import { stateHash } from '../../src/kernel/state-hash.ts';
import * as kernCodes from '../../src/vm/kern-return.ts';
import { machineSuite, type Semantics, type TestMachine } from './machine.ts';

type Names<T> = Extract<{ [K in keyof T]: T[K] extends number ? K : never }[keyof T], string>;
/** A code by its name, or how else a call says no. */
export type Failure = Names<typeof codes> | Names<typeof kernCodes> | 'null' | 'false' | 'panic' | 0;

export interface FailureOptions {
  readonly semantics?: readonly Semantics[];
  readonly machine?: MachineOptions;
  /** Semantics under which the call changes something although it fails: a hazard of the sources that the reference names. */
  readonly changes?: readonly Semantics[];
  /** Compare what is held, not the whole state: the next frame or address that is handed out may be another one. */
  readonly only?: 'counts';
}

/** Makes what the call needs; returns the call itself, and what of it must be as `failure` says. */
export type Arrange = (machine: TestMachine, semantics: Semantics) => () => unknown;

export function failureSuite(title: string) {
  const suite = machineSuite(title);
  return {
    run: suite.run,
    fails(call: string, failure: Failure, when: string, arrange: Arrange, options: FailureOptions = {}): void {
      suite.case(
        `${call} → ${failure}: ${when}`,
        (machine, semantics) => {
          const act = arrange(machine, semantics);
          if (failure === 'panic') {
            // The execution ends with it: what it leaves behind is nobody's.
            assert.throws(act, (error: Error) => error.name === 'KernelPanic');
            return;
          }
          const state = () => (options.only === 'counts' ? counts(machine) : stateHash(machine.kernelState));
          const before = state();
          assert.is(answerOf(act()), expected(failure));
          if (!options.changes?.includes(semantics)) assert.equal(state(), before, 'it changed nothing');
        },
        options.semantics,
        options.machine,
      );
    },
  };
}

function expected(failure: Exclude<Failure, 'panic'>): unknown {
  if (failure === 0) return 0;
  if (failure === 'null') return null;
  if (failure === 'false') return false;
  return (codes as Record<string, unknown>)[failure] ?? (kernCodes as Record<string, unknown>)[failure];
}

/** The code in a result object; anything else is an answer itself. */
export function answerOf(answer: unknown): unknown {
  return typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : answer;
}

/** What there is of everything that a call could take and not give back. */
function counts({ kernelState: { handles, hardware, iokit, vm } }: TestMachine): unknown {
  const { frames } = hardware;
  let wires = 0;
  for (let frame = 1; frame < frames.frames; frame++) wires += frames.wires(frame);
  return {
    free: frames.freeFrames,
    wires,
    references: [...handles.objects()].map(({ references }) => references),
    held: [...handles.objects()].map((object) => [object.kind, object.handle]),
    entries: vm.spaces.map(({ entries }) => entries.count),
    descriptors: iokit.descriptors.size,
    maps: iokit.maps.size,
    commands: iokit.commands.size,
    windows: iokit.systemMapper?.loose.size ?? 0,
    swapped: vm.swap?.used ?? 0,
  };
}
