/**
 * A thread looks at a flag without the lock and then sleeps until it is set; the other sets it and wakes nobody, because nobody
 * sleeps yet. The wakeup is lost: the rule `lost-wakeup` names both steps.
 */
import { defineScenario, IOLock } from 'wiredown';

export default defineScenario({
  name: 'missed wakeup',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const done = machine.kernel.allocate(4096);
    return { done, lock: IOLock.alloc('request') };
  },

  tasks: {
    kernel: {
      waiter(task, { done, lock }) {
        if (task.atomic.load(done) === 0) {
          lock.lock();
          lock.sleep(done);
          lock.unlock();
        }
      },
      completion(task, { done, lock }) {
        lock.lock();
        task.atomic.store(done, 1);
        lock.wakeup(done, true);
        lock.unlock();
      },
    },
  },
});
