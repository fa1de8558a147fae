/**
 * Which task is running in this JavaScript thread. I/O Kit's factories are static functions without a task argument, so they
 * ask here.
 *
 * The cell hangs on `globalThis`, because a scenario may see another instance of this library than the one that runs it
 * (CommonJS, `tsImport`); both must see the same task.
 */
import type { Task } from './task.ts';

interface Cell {
  task: Task | null;
}

const key = Symbol.for('wiredown.current');
const place = globalThis as unknown as Record<symbol, Cell | undefined>;
const cell: Cell = (place[key] ??= { task: null });

/** The running task. Throws a TypeError outside of tasks, `setup` and `check`. */
export function currentTask(): Task {
  if (cell.task === null) {
    throw new TypeError(
      'no task is running here: use I/O Kit objects inside a task function, setup or check (on the main thread handles are opaque)',
    );
  }
  return cell.task;
}

/** Makes `task` the running one and returns the one before. */
export function enterTask(task: Task | null): Task | null {
  const before = cell.task;
  cell.task = task;
  return before;
}
