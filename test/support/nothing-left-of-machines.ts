/**
 * Nothing is left behind by machines either: loaded before each test file (scripts/test-file.ts), so that none can forget it. A kernel
 * that runs inline is looked at before its next execution, since tests look at what the one before has done, and when the process
 * ends; that of a coordinator, in a thread of its own, when the coordinator lets go of an execution or stops.
 */
import type { Kernel } from '../../src/kernel/kernel.ts';
import { InlineMachine } from '../../src/machine/inline-machine.ts';
import { Control, Head } from '../../src/machine/threads/layout.ts';
import { checkNothingLeft, watch } from './nothing-left.ts';

/** So many executions of a machine are looked at, then one in so many. */
const looks = 64;

const executions = new WeakMap<Kernel, number>();
const { run } = InlineMachine.prototype;

InlineMachine.prototype.run = function (...schedule) {
  const { kernel } = this.state;
  const before = executions.get(kernel) ?? 0;
  if (before > 0 && (before < looks || before % looks === 0)) checkNothingLeft(kernel);
  watch(kernel);
  executions.set(kernel, before + 1);
  run.apply(this, schedule);
};

const { create } = Control;

Control.create = (threads) => {
  const control = create.call(Control, threads);
  control.setHead(Head.Audit, 1);
  return control;
};
