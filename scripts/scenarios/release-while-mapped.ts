/**
 * Legal, though it looks otherwise (the analogue of race-catalogue B18): a driver releases its descriptor while a client still
 * uses a map of it. The map keeps the descriptor, and the descriptor its memory. The search must stay silent.
 */
import { defineScenario, IOMemoryDescriptor, type IOMemoryMap, kIODirectionOutIn, kIOMapAnywhere } from 'wiredown';

export default defineScenario({
  name: 'release while mapped',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const ring = machine.kernel.allocate(4096);
    machine.kernel.store32(ring, 7);
    return { ring, client: machine.task('client') };
  },

  tasks: {
    client(task) {
      const map = task.receive() as IOMemoryMap;
      const address = map.getVirtualAddress();
      task.store32(address, task.load32(address));
      map.release();
    },
    kernel(task, { ring, client }) {
      const memory = IOMemoryDescriptor.withAddressRange(ring, 4096, kIODirectionOutIn, task);
      const map = memory.createMappingInTask(client, 0, kIOMapAnywhere);
      task.send('client', map);
      map.release();
      memory.release();
      task.deallocate(ring, 4096);
    },
  },
});
