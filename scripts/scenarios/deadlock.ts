/**
 * Two paths of a driver take two locks in two orders: each has one and waits for the other. The rule `deadlock` names the cycle
 * at once, whatever else still runs.
 */
import { defineScenario, IOLock } from 'wiredown';

export default defineScenario({
  name: 'deadlock',
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
        request.lock();
        queue.lock();
        task.store32(pending, 0);
        queue.unlock();
        request.unlock();
      },
    },
  },
});
