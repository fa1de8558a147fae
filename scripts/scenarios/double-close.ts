/**
 * Entry B15 of the race catalogue, its other half: two threads close one connection. Both see that it is open, and both give
 * back what it holds (xnu-3248.30.4 put a compare-and-swap in the place of the test).
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut, threads } from 'wiredown';

export default defineScenario({
  name: 'double close',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const { kernel } = machine;
    const closed = kernel.allocate(4096);
    const buffer = kernel.allocate(4096);
    return { closed, memory: IOMemoryDescriptor.withAddressRange(buffer, 4096, kIODirectionOut, kernel) };
  },

  tasks: {
    kernel: threads(2, (task, { closed, memory }) => {
      if (task.atomic.load(closed) === 0) {
        task.atomic.store(closed, 1);
        memory.release();
      }
    }),
  },
});
