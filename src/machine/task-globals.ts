/**
 * What a task's function does to the process around it. While one runs, `console` writes into the log of its thread, in order
 * with its operations, and `process.exit()` is the death of its task: on both carriers, in the same way.
 */
import { format } from 'node:util';

/** The task in whose name the running code speaks. */
export interface Guest {
  log(...values: unknown[]): void;
  /** The task is gone; the caller throws what this returns. */
  die(): unknown;
}

let guest: Guest | null = null;
let installed = false;

/** From here on the running code belongs to `next`; null for nobody's. */
export function setGuest(next: Guest | null): void {
  guest = next;
}

/** Puts the substitutes in place, once a JavaScript thread. Without a guest everything is as before. */
export function installTaskGlobals(): void {
  if (installed) return;
  installed = true;
  const exit = process.exit;
  process.exit = ((code?: number) => {
    if (guest === null) return exit.call(process, code);
    throw guest.die();
  }) as typeof process.exit;
  for (const method of ['log', 'info', 'debug', 'warn', 'error'] as const) {
    const print = console[method];
    console[method] = (...values: unknown[]) => {
      if (guest === null) print.apply(console, values);
      else guest.log(format(...values));
    };
  }
}
