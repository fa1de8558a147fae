/** 2 threads, each adding to a word of one page, 4,000 steps in all. */
import { defineScenario, threads } from 'wiredown';

export default defineScenario({
  name: 'bench: 2 threads in turn',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const app = machine.task('app');
    const words = app.allocate(4096);
    app.store32(words, 0);
    return { words };
  },
  tasks: {
    app: threads(2, (task, { words }, i) => {
      for (let k = 0; k < 4000 / 2; k++) task.atomic.add(words + 4 * i, 1);
    }),
  },
});
