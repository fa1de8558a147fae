/** Threads that add to a counter with a load and a store: the sum is too small when one comes between the two of another. */
import { defineScenario, threads } from 'wiredown';
import { creates, upTo, words } from './words.ts';

export default [
  [2, 1],
  [2, 3],
].map(([count = 0, times = 0]) =>
  defineScenario({
    name: `lost_update_${count}x${times}`,
    machine: { physicalMemory: 1 << 20 },
    setup: (machine) => ({ counter: words(machine) }),
    tasks: {
      main: creates(...upTo(count)),
      app: threads(count, (task, { counter }) => {
        task.receive();
        for (let i = 0; i < times; i++) task.store32(counter, task.load32(counter) + 1);
      }),
    },
    check(machine, { counter }) {
      const sum = machine.task('app').load32(counter);
      if (sum !== count * times) throw new Error(`${sum} instead of ${count * times}`);
    },
  }),
);
