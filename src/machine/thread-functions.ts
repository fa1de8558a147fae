/** What each thread runs: its function from the top, or on from where it yielded. */
import type { ThreadFunction } from '../task/scenario.ts';
import type { ControlledTask } from './controlled-task.ts';
import { Stop } from './controlled-thread.ts';
import type { ExecutionState } from './execution-state.ts';

export class ThreadFunctions {
  private functions: readonly ThreadFunction<unknown>[];
  private compiled = false;
  /** Thread → its function, where it has yielded. */
  private readonly suspended: (Generator<void, unknown, void> | null)[];

  constructor(private readonly state: ExecutionState) {
    this.functions = state.loaded.functions;
    this.suspended = this.functions.map(() => null);
  }

  /** From the top, all of them: compiled to yield, where there are such, or as they were written. */
  start(compiled: boolean): void {
    const { loaded } = this.state;
    this.compiled = compiled;
    this.functions = compiled ? loaded.yielding! : loaded.functions;
    // They are a handful: `fill` takes longer to begin than they do.
    for (let thread = 0; thread < this.suspended.length; thread++) this.suspended[thread] = null;
  }

  /** Runs the thread's function on; answers as a generator does, `done` also where it is none. */
  advance(task: ControlledTask): IteratorResult<void, unknown> {
    const { number } = task;
    let suspended = this.suspended[number]!;
    if (suspended === null) {
      if (task.stopped === Stop.Suspended) task.rewind();
      const value = this.functions[number]!(task, this.state.sharedFor());
      if (!this.compiled || !isGenerator(value)) return { done: true, value };
      suspended = value;
      this.suspended[number] = suspended;
    } else {
      task.resume();
    }
    return suspended.next();
  }

  /** The function is off the stack and has not yielded: it ended, or runs from the top next time. */
  forget(thread: number): void {
    this.suspended[thread] = null;
  }
}

const isGenerator = (value: unknown): value is Generator<void, unknown, void> =>
  typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function';
