/** Two threads of one task add to a counter by loading and storing it: the smallest race there is. */
import { defineScenario, threads } from 'wiredown';

export default defineScenario({
  name: 'lost update',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const counter = machine.task('app').allocate(4096);
    return { counter };
  },

  tasks: {
    app: threads(2, (task, { counter }) => {
      task.store32(counter, task.load32(counter) + 1);
    }),
  },

  outcome({ machine, shared }) {
    return String(machine.task('app').load32(shared.counter));
  },
  allowed: ['2'],
});
