/** Replays on worker threads: steps a second with a switch at every step, and where threads run for a while. */
import { ThreadMachine } from '../../src/machine/threads/thread-machine.ts';
import { type Figure, rounds, thousands } from './measure.ts';
import { undisturbed } from './undisturbed.ts';

/** Steps of one replay, about: enough that starting and ending it is little. */
const steps = 4000;

export async function threadFigures(): Promise<Figure[]> {
  const few = await stepsPerSecond(2, 1);
  const many = await stepsPerSecond(4, 1);
  const long = await stepsPerSecond(2, 50);
  return [
    {
      name: 'replay on threads, 4 workers, a switch at every step',
      target: '30,000 steps/s',
      value: `${thousands(many)} steps/s`,
      reached: many >= 30_000,
      behind: 'more workers than cores',
    },
    {
      name: 'replay on threads, 2 workers, a switch at every step',
      target: '100,000 steps/s where the workers are no more than the cores',
      value: `${thousands(few)} steps/s`,
      reached: few >= 100_000,
      behind: `${thousands(long)} steps/s with a switch every 50 steps`,
    },
  ];
}

/** Each thread in turn takes `length` steps. */
async function stepsPerSecond(threads: number, length: number): Promise<number> {
  const file = new URL('./programs/turns.ts', import.meta.url).href;
  const machine = await ThreadMachine.boot(file, `${threads} threads in turn`, { maximumSteps: 2 * steps });
  const runs = Array.from({ length: steps / length }, (_, i) => ({ actor: i % threads, steps: length }));
  const replay = async (): Promise<number[]> => {
    const start = performance.now();
    await machine.replay({ runs, choices: new Map() }, { seed: 1 });
    return [steps / ((performance.now() - start) / 1000)];
  };
  try {
    await replay();
    const { quiet } = await undisturbed(rounds * 3, replay);
    return quiet[0]!;
  } finally {
    await machine.shutdown();
  }
}
