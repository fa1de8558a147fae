/** The end of a machine for scripts: its tasks die first, and then nothing may be left of what they had. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Machine } from '../../../src/machine/machine.ts';
import type { TaskClient } from '../../../src/machine/threads/task-client.ts';

const longest = 30_000;

/** Ends every task, waits until nothing is left, and shuts `machine` down. Throws an Error that names what is left. */
export async function shutDown(machine: Machine): Promise<void> {
  try {
    const { clients } = machine as unknown as { clients: readonly TaskClient[] };
    for (const client of clients) client.terminate();
    const end = performance.now() + longest;
    for (let left = await leftovers(machine); left.length > 0; left = await leftovers(machine)) {
      if (performance.now() > end) throw new Error(`left behind by a machine: ${left.join('; ')}`);
      await pause(5);
    }
  } finally {
    await machine.shutdown();
  }
}

async function leftovers(machine: Machine): Promise<string[]> {
  const { tasks, objects, maps, descriptors, frames, swap } = await machine.inspect();
  const living = tasks.filter(({ name, alive }) => alive && name !== 'kernel');
  const numbers = {
    'living tasks': living.length,
    'memory objects': objects.length,
    maps: maps.length,
    descriptors: descriptors.length,
    'taken frames': frames.total - 1 - frames.free,
    'slots of swap in use': swap.used,
  };
  return Object.entries(numbers)
    .filter(([, number]) => number !== 0)
    .map(([what, number]) => `${number} ${what}`);
}
