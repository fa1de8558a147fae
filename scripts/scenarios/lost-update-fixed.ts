/** The counter of lost-update.ts, with an atomic addition. */
import { defineScenario, threads } from 'wiredown';

export default defineScenario({
  name: 'lost update, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const counter = machine.task('app').allocate(4096);
    return { counter };
  },

  tasks: {
    app: threads(2, (task, { counter }) => {
      task.atomic.add(counter, 1);
    }),
  },

  outcome({ machine, shared }) {
    return String(machine.task('app').load32(shared.counter));
  },
  allowed: ['2'],
});
