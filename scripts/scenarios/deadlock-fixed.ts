/**
 * The driver of deadlock.ts, mended: both paths take the queue's lock first. The same search must stay silent.
 */
import { defineScenario, IOLock } from 'wiredown';

export default defineScenario({
  name: 'deadlock, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const pending = machine.kernel.allocate(4096);
    return { pending, queue: IOLock.alloc('queue'), request: IOLock.alloc('request') };
  },

  tasks: {
    kernel: {
      submit(task, { pending, queue, request }) {
        queue.lock();
        request.lock();
        task.store32(pending, task.load32(pending) + 1);
        request.unlock();
        queue.unlock();
      },
      abort(task, { pending, queue, request }) {
        queue.lock();
        request.lock();
        task.store32(pending, 0);
        request.unlock();
        queue.unlock();
      },
    },
  },
});
