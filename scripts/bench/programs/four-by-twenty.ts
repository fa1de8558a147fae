/** 4 threads × 20 operations on four words of one page. */
import { defineScenario, threads } from 'wiredown';

export default defineScenario({
  name: 'bench: four threads, twenty operations',
  machine: { physicalMemory: 1 << 20 },
  setup: (machine) => ({ words: machine.task('app').allocate(4096) }),
  tasks: {
    app: threads(4, (task, { words }, i) => {
      for (let k = 0; k < 10; k++) {
        const address = words + 4 * ((i + k) % 4);
        task.store32(address, task.load32(address) + 1);
      }
    }),
  },
});
