/**
 * Nothing is left behind (src/kernel/leftovers.ts), whatever made the kernel: what makes kernels for tests has them watched, so that no
 * test file has to think of it. For machines that is nothing-left-of-machines.ts.
 */

import type { Kernel } from '../../src/kernel/kernel.ts';
import { checkNothingLeft as check } from '../../src/kernel/leftovers.ts';

const watched = new Set<Kernel>();

/** Has `kernel` checked when this process ends, unless `checkNothingLeft` is called with it before. */
export function watch(kernel: Kernel): void {
  watched.add(kernel);
}

/** Lets go of a kernel whose test has failed already: one that a property tries again in smaller would report each try. */
export function unwatch(kernel: Kernel): void {
  watched.delete(kernel);
}

/** Ends every task and gives up whatever is held, then finds nothing left. Only a rollback makes the kernel of use again. */
export function checkNothingLeft(kernel: Kernel): void {
  watched.delete(kernel);
  check(kernel);
}

process.on('exit', () => {
  for (const kernel of [...watched]) {
    try {
      checkNothingLeft(kernel);
    } catch (error) {
      console.error(`FAIL  ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
});
