/** The driver of missed-wakeup.ts, mended: it looks at the flag under the lock that `sleep` lets go of. No wakeup falls between. */
import { defineScenario, IOLock } from 'wiredown';

export default defineScenario({
  name: 'missed wakeup, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const done = machine.kernel.allocate(4096);
    return { done, lock: IOLock.alloc('request') };
  },

  tasks: {
    kernel: {
      waiter(task, { done, lock }) {
        lock.lock();
        while (task.load32(done) === 0) lock.sleep(done);
        lock.unlock();
      },
      completion(task, { done, lock }) {
        lock.lock();
        task.store32(done, 1);
        lock.wakeup(done, true);
        lock.unlock();
      },
    },
  },
});
