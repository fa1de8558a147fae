/** A machine for tests: tasks that can be used at once, the violations that calls report, and a check of every invariant. */
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MachineOptions } from '../../src/hardware/configuration.ts';
import { pteFrameShift } from '../../src/hardware/page-table.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import type { RuleName } from '../../src/kernel/rules.ts';
import { ScenarioMachine } from '../../src/machine/scenario-machine.ts';
import type { Task } from '../../src/task/task.ts';
import { checkNothingLeft, watch } from './nothing-left.ts';

export class TestMachine extends ScenarioMachine {
  readonly client: Task;
  readonly other: Task;
  readonly pageSize: number;
  /** Rules that calls have reported as broken, in order. */
  readonly violations: RuleName[] = [];

  constructor(options: MachineOptions = {}) {
    super({ physicalMemory: 2 ** 20, ...options }, ['client', 'other']);
    watch(this.kernelState);
    this.client = this.task('client');
    this.other = this.task('other');
    this.pageSize = this.hardware.pageSize;
    this.kernelState.observer = {
      acquire() {},
      release() {},
      touch() {},
      recycled() {},
      moved() {},
      pagedOut() {},
      pagedIn() {},
      reclaimed() {},
      maintained() {},
      woken() {},
      violation: (_thread, rule) => {
        this.violations.push(rule);
      },
    };
  }

  /** The frame that `task` sees at `address`, 0 when no translation was entered. */
  frameOf(task: Task, address: number): number {
    return this.hardware.tables.entry(this.spaceOf(task).number, Math.floor(address / this.pageSize)) >>> pteFrameShift;
  }

  spaceOf(task: Task) {
    return this.kernelState.tasks.find((candidate) => candidate.name === task.name)!.space;
  }

  /** Touches every page of a range, so that it is resident. Pages are dirty only with `write`. */
  touch(task: Task, address: number, length: number, write = false): void {
    for (let at = address; at < address + length; at += this.pageSize) {
      if (write) task.store8(at, task.load8(at));
      else task.load8(at);
    }
  }

  wires(task: Task, address: number): number {
    return this.hardware.frames.wires(this.frameOf(task, address));
  }

  isDirty(task: Task, address: number): boolean {
    return this.hardware.frames.isDirty(this.frameOf(task, address));
  }

  get freeFrames(): number {
    return this.hardware.frames.freeFrames;
  }

  kill(task: Task): void {
    this.kernelState.killTask(this.kernelState.tasks.find((candidate) => candidate.name === task.name)!);
  }
}

export type Semantics = 'documented' | 'xnu';
const both: readonly Semantics[] = ['documented', 'xnu'];

/** A suite whose cases run on a fresh machine for each page size and each of `semantics`, invariants checked and nothing left at the end. */
export function machineSuite(title: string): {
  case: (
    name: string,
    body: (machine: TestMachine, semantics: Semantics) => void,
    semantics?: readonly Semantics[],
    options?: MachineOptions,
  ) => void;
  run: () => void;
} {
  const cases: Test = suite(title);
  return {
    case: (name, body, semantics = both, options = {}) => {
      for (const word of semantics) {
        for (const pageSize of [4096, 16384] as const) {
          cases(`${name} [${word}, ${pageSize}]`, () => {
            const machine = new TestMachine({ pageSize, semantics: word, ...options });
            // Drivers run in the kernel; cases that speak of another caller enter it themselves.
            machine.enter(machine.kernel, () => body(machine, word));
            assert.equal(checkInvariants(machine.kernelState), []);
            checkNothingLeft(machine.kernelState);
          });
        }
      }
    },
    run: () => cases.run(),
  };
}
