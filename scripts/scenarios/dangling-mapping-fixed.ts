/** The two of dangling-mapping.ts, mended: who mapped it unmaps it, when the client says so, and then the addresses are the client's. */
import { defineScenario, IOMemoryDescriptor, kIODirectionOutIn, kIOMapAnywhere } from 'wiredown';

export default defineScenario({
  name: 'dangling mapping, fixed',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const ring = machine.kernel.allocate(4096);
    const memory = IOMemoryDescriptor.withAddressRange(ring, 4096, kIODirectionOutIn, machine.kernel);
    return { memory, client: machine.task('client') };
  },

  tasks: {
    client(task) {
      const address = task.receive() as number;
      task.send('kernel', 'done');
      task.receive();
      task.allocate(4096, { address });
      task.store32(address, 1);
    },
    kernel(task, { memory, client }) {
      const map = memory.createMappingInTask(client, 0, kIOMapAnywhere);
      task.send('client', map.getVirtualAddress());
      task.receive();
      map.release();
      task.send('client', 'unmapped');
    },
  },
});
