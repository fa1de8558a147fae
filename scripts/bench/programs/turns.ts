/** Two and four threads, each adding to a word of its own in one page, 4,000 steps in all. */
import { defineScenario, threads } from 'wiredown';

const steps = 4000;

export default [2, 4].map((count) =>
  defineScenario({
    name: `${count} threads in turn`,
    machine: { physicalMemory: 1 << 20 },
    setup(machine) {
      const app = machine.task('app');
      const words = app.allocate(4096);
      app.store32(words, 0);
      return { words };
    },
    tasks: {
      app: threads(count, (task, { words }, i) => {
        for (let k = 0; k < steps / count; k++) task.atomic.add(words + 4 * i, 1);
      }),
    },
  }),
);
