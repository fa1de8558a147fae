/** data-queue.ts with a fence on both sides, between what it stores and what it looks at: atomics empty the store buffer. */
import { defineScenario } from 'wiredown';

const head = 0;
const tail = 64;

export default defineScenario({
  name: 'data queue with fences',
  machine: { physicalMemory: 1 << 20, memoryModel: 'tso' },

  setup(machine) {
    const queue = machine.share(4096);
    // One entry is in it.
    machine.kernel.store32(queue + tail, 1);
    return { queue };
  },

  tasks: {
    kernel(task, { queue }) {
      task.atomic.store(queue + tail, 2);
      const wasEmpty = task.atomic.load(queue + head) === 1;
      if (wasEmpty) task.send('client', 'data available');
    },

    client(task, { queue }) {
      task.atomic.store(queue + head, 1);
      const isEmpty = task.atomic.load(queue + tail) === 1;
      if (isEmpty) task.receive();
      task.atomic.store(queue + head, 2);
    },
  },
});
