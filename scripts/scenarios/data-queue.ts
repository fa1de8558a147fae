/**
 * A notification that is lost (IOSharedDataQueue before xnu-4903): the producer wakes the consumer only when it finds the queue just
 * emptied, the consumer sleeps only when it finds it empty. Each stores first and looks then, so one of the two must see the other;
 * unless both stores still wait in store buffers. No interleaving of the steps alone shows it: under 'sc' this scenario is silent.
 */
import { defineScenario } from 'wiredown';

const head = 0;
const tail = 64;

export default defineScenario({
  name: 'lost notification of a data queue',
  machine: { physicalMemory: 1 << 20, memoryModel: 'tso' },

  setup(machine) {
    const queue = machine.share(4096);
    // One entry is in it.
    machine.kernel.store32(queue + tail, 1);
    return { queue };
  },

  tasks: {
    kernel(task, { queue }) {
      task.store32(queue + tail, 2);
      const wasEmpty = task.load32(queue + head) === 1;
      if (wasEmpty) task.send('client', 'data available');
    },

    client(task, { queue }) {
      task.store32(queue + head, 1);
      const isEmpty = task.load32(queue + tail) === 1;
      if (isEmpty) task.receive();
      task.store32(queue + head, 2);
    },
  },
});
