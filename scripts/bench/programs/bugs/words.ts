/**
 * What the programs have in common: one page of shared 32-bit words, and a main thread that creates the others. Threads of a
 * scenario all begin together; where the published program creates them one after the other, they wait for a message first.
 */
import type { ScenarioMachine, Task } from 'wiredown';

/** Address of the first word, all of them 0. A page that has to come first would be a step of whoever touches it first. */
export function words(machine: ScenarioMachine): number {
  const app = machine.task('app');
  const address = app.allocate(4096);
  app.store32(address, 0);
  return address;
}

/** A main thread that creates threads of `app` in this order; each begins with `receive()`. */
export const creates =
  (...names: readonly (string | number)[]) =>
  (task: Task): void => {
    for (const name of names) task.send(`app.${name}`, null);
  };

/** The names of so many threads of `threads`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
