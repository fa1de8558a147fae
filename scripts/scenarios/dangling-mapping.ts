/**
 * A client unmaps by itself what its driver has mapped for it, and puts memory of its own there. The driver knows nothing of it: when
 * it lets its map go, the real kernel unmaps whatever is at those addresses.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionOutIn, kIOMapAnywhere } from 'wiredown';

export default defineScenario({
  name: 'dangling mapping',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const ring = machine.kernel.allocate(4096);
    const memory = IOMemoryDescriptor.withAddressRange(ring, 4096, kIODirectionOutIn, machine.kernel);
    return { memory, client: machine.task('client') };
  },

  tasks: {
    client(task) {
      const address = task.receive() as number;
      task.deallocate(address, 4096);
      task.allocate(4096, { address });
      task.store32(address, 1);
    },
    kernel(task, { memory, client }) {
      const map = memory.createMappingInTask(client, 0, kIOMapAnywhere);
      task.send('client', map.getVirtualAddress());
      map.release();
    },
  },
});
