/** The connection of double-close.ts, mended: whoever changes `closed` from 0 to 1 closes, and nobody else. */
import { defineScenario, IOMemoryDescriptor, kIODirectionOut, threads } from 'wiredown';

export default defineScenario({
  name: 'double close, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const { kernel } = machine;
    const closed = kernel.allocate(4096);
    const buffer = kernel.allocate(4096);
    return { closed, memory: IOMemoryDescriptor.withAddressRange(buffer, 4096, kIODirectionOut, kernel) };
  },

  tasks: {
    kernel: threads(2, (task, { closed, memory }) => {
      if (task.atomic.compareExchange(closed, 0, 1) === 0) memory.release();
    }),
  },
});
