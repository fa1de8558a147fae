/** CS.twostage_N: two words that belong together, each under a lock of its own; a reader comes between the two stages of a writer. */
import { defineScenario, IOLock, threads } from 'wiredown';
import { creates, upTo, words } from './words.ts';

const sizes = { twostage: [1, 1], twostage_20: [10, 10], twostage_50: [40, 10], twostage_100: [99, 1] };

export default Object.entries(sizes).map(([name, [writers = 0, readers = 0]]) =>
  defineScenario({
    name,
    machine: { physicalMemory: 1 << 20 },
    setup(machine) {
      const d1 = words(machine);
      return { d1, d2: d1 + 4, first: IOLock.alloc('first'), second: IOLock.alloc('second') };
    },
    tasks: {
      main: creates(...upTo(writers + readers)),
      app: threads(writers + readers, (task, { d1, d2, first, second }, i) => {
        task.receive();
        first.lock();
        if (i < writers) {
          task.store32(d1, 1);
          first.unlock();
          second.lock();
          task.store32(d2, task.load32(d1) + 1);
          second.unlock();
          return;
        }
        const before = task.load32(d1);
        first.unlock();
        if (before === 0) return;
        second.lock();
        const after = task.load32(d2);
        second.unlock();
        task.assert(after === before + 1, 'both stages are done');
      }),
    },
  }),
);
