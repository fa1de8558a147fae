/**
 * CS.reorder_N: setters store a = 1 and then b = -1; a checker that comes between sees one without the other. The more setters, the
 * less likely that none has finished.
 */
import { defineScenario, threads } from 'wiredown';
import { creates, upTo, words } from './words.ts';

const minusOne = 2 ** 32 - 1;

const sizes = { 3: [2, 1], 4: [3, 1], 5: [4, 1], 10: [9, 1], 20: [10, 10], 50: [40, 10], 100: [99, 1] };

export default Object.entries(sizes).map(([size, [setters = 0, checkers = 0]]) =>
  defineScenario({
    name: `reorder_${size}`,
    machine: { physicalMemory: 1 << 20 },
    setup(machine) {
      const a = words(machine);
      return { a, b: a + 4 };
    },
    tasks: {
      main: creates(...upTo(setters + checkers)),
      app: threads(setters + checkers, (task, { a, b }, i) => {
        task.receive();
        if (i < setters) {
          task.store32(a, 1);
          task.store32(b, minusOne);
        } else {
          const good =
            (task.load32(a) === 0 && task.load32(b) === 0) || (task.load32(a) === 1 && task.load32(b) === minusOne);
          task.assert(good, 'a and b are set together');
        }
      }),
    },
  }),
);
