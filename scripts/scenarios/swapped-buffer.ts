/**
 * A driver makes a descriptor of a client's buffer and prepares it when it has an answer. Until then it knows the buffer by its address
 * alone: a client that deallocates it and allocates other memory at the same place gets the answer there.
 */
import { defineScenario, IOMemoryDescriptor, kIODirectionIn, kIOReturnSuccess } from 'wiredown';

export default defineScenario({
  name: 'swapped buffer',
  machine: { physicalMemory: 1 << 20 },

  setup(machine) {
    const client = machine.task('client');
    return { client, buffer: client.allocate(4096) };
  },

  tasks: {
    client(task, { buffer }) {
      task.send('kernel', buffer);
      task.deallocate(buffer, 4096);
      task.allocate(4096, { address: buffer });
    },
    kernel(task, { client }) {
      const address = task.receive() as number;
      const answer = IOMemoryDescriptor.withAddressRange(address, 4096, kIODirectionIn, client);
      if (answer.prepare() === kIOReturnSuccess) {
        answer.writeBytes(0, new Uint8Array([1, 2, 3, 4]));
        answer.complete();
      }
      answer.release();
    },
  },
});
