/** 4 threads × 20 operations on four words of one page. */
import { defineScenario, threads } from 'wiredown';

export default defineScenario({
  name: 'bench: four threads, twenty operations',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const app = machine.task('app');
    const words = app.allocate(4096);
    app.store32(words, 0);
    return { words };
  },
  tasks: {
    app: threads(4, (task, { words }, i) => {
      for (let k = 0; k < 10; k++) {
        const address = words + 4 * ((i + k) % 4);
        task.store32(address, task.load32(address) + 1);
      }
    }),
  },
});
