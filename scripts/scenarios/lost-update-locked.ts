/** The counter of lost-update.ts under a lock: plain loads and stores, ordered by who holds it. */
import { defineScenario, IOLock, threads } from 'wiredown';

export default defineScenario({
  name: 'lost update, locked',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const counter = machine.task('app').allocate(4096);
    return { counter, lock: IOLock.alloc('counter') };
  },

  tasks: {
    app: threads(2, (task, { counter, lock }) => {
      lock.lock();
      task.store32(counter, task.load32(counter) + 1);
      lock.unlock();
    }),
  },

  outcome({ machine, shared }) {
    return String(machine.task('app').load32(shared.counter));
  },
  allowed: ['2'],
});
