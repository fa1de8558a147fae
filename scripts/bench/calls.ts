/** A kernel call from a worker to the coordinator and back, against the same with synckit. */
import { createSyncFn } from 'synckit';
import { Machine } from '../../src/machine/machine.ts';
import { type Figure, rounds, sideBySide } from './measure.ts';

const callsPerRound = 20_000;
const synckitCallsPerRound = 2000;

export async function callFigure(): Promise<Figure> {
  const machine = await Machine.boot({ physicalMemory: 1 << 20 });
  try {
    const client = await machine.spawn(new URL('./programs/call-client.ts', import.meta.url), { name: 'client' });
    const viaSynckit = createSyncFn(new URL('./programs/synckit-echo.mjs', import.meta.url).pathname) as (
      value: number,
    ) => number;
    viaSynckit(1);
    await client.call('kernelCalls', callsPerRound);
    const kernel = async (): Promise<number> => (await client.call('kernelCalls', callsPerRound)) as number;
    const synckit = async (): Promise<number> => {
      const start = performance.now();
      for (let i = 0; i < synckitCallsPerRound; i++) viaSynckit(i);
      return ((performance.now() - start) * 1000) / synckitCallsPerRound;
    };
    const { a, b, ratio } = await sideBySide(kernel, synckit, rounds);
    return {
      name: 'kernel call from a worker and back, against synckit',
      target: 'at most 0.10 ×',
      value: `${ratio.toFixed(3)} ×`,
      reached: ratio <= 0.1,
      behind: `${a.toFixed(2)} µs, ${b.toFixed(2)} µs`,
    };
  } finally {
    await machine.shutdown();
  }
}
