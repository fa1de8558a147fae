/** 2 threads × 2 operations: a load and a store each, of a page that is there from the start. No outcome, no check: what is measured is the explorer. */
import { defineScenario, threads } from 'wiredown';

export default defineScenario({
  name: 'bench: lost update',
  machine: { physicalMemory: 1 << 20 },
  setup(machine) {
    const app = machine.task('app');
    const counter = app.allocate(4096);
    app.store32(counter, 0);
    return { counter };
  },
  tasks: {
    app: threads(2, (task, { counter }) => {
      task.store32(counter, task.load32(counter) + 1);
    }),
  },
});
